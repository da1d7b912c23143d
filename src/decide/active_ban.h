// ActiveBan: what is kept in memory of an active decision, in 88 bytes: there may be a million of them. Its reason and
// its evidence are not: they are reported with its beginning, and whoever kept them is asked (Lookups::texts).
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "decide/scope_plan.h"
#include "model/decision.h"
#include "model/until.h"
#include "net/prefix.h"

namespace ipguard::decide {

// Where a ban is kept; its number as an Owner, too. Given again once the ban is over.
using Slot = Owner;
inline constexpr Slot no_slot = std::numeric_limits<Slot>::max();

struct ActiveBan {
  // What hardly any ban of an address has, and every AS and country.
  struct Particulars {
    std::vector<net::Prefix> prefixes;
    net::Prefix route;  // where it does not hold the target
    std::optional<TimePoint> confirm_by;
    model::GoodCounts good_clients;
    std::vector<net::Prefix> left_out;
  };
  static constexpr uint8_t route_elsewhere = 255;

  net::Prefix prefix;  // of targets that are networks
  model::Scope scope = model::Scope::address;
  uint8_t route_length = route_elsewhere;  // of the database's network that holds the target
  uint32_t number = 0;                     // of targets that are none: of the AS or the country
  uint32_t origin = 0;                     // rule and issuer, interned
  uint32_t owner = 0;                      // what the database said of the offender, interned
  uint32_t repeat = 0;
  uint32_t change = 0;     // of its beginning, as long as that is not taken
  Slot slot = 0;           // its own
  Slot before = no_slot;   // begun before it …
  Slot behind = no_slot;   // … and after it; of a free place: the next free one
  uint32_t end_place = 0;  // in the queue of ends
  uint64_t id = 0;         // order of beginning; 0 = a free place
  TimePoint since;
  model::Until until;
  std::unique_ptr<Particulars> more;

  [[nodiscard]] model::Target target() const {
    model::Target target{.scope = scope, .prefix = prefix, .asn = {}};
    if (scope == model::Scope::asn) {
      target.asn.number = number;
    } else if (scope == model::Scope::country) {
      target.country.letters = {static_cast<char>(number >> 8U), static_cast<char>(number & 0xffU)};
    }
    return target;
  }
  // What it covers; valid as long as it stays as it is.
  [[nodiscard]] std::span<const net::Prefix> prefixes() const {
    return more ? std::span<const net::Prefix>(more->prefixes) : std::span(&prefix, 1);
  }
  [[nodiscard]] std::optional<TimePoint> confirm_by() const { return more ? more->confirm_by : std::nullopt; }
  // As of model::Decision.
  [[nodiscard]] model::Until end() const { return std::min(until, model::Until(confirm_by())); }
  [[nodiscard]] bool active_at(TimePoint now) const { return end().time() > now; }
};

// Bans by slot, in blocks: none ever moves. What a free place holds is not to be looked at.
class BanPool {
 public:
  [[nodiscard]] ActiveBan& operator[](Slot slot) { return blocks_[slot / block][slot % block]; }
  [[nodiscard]] const ActiveBan& operator[](Slot slot) const { return blocks_[slot / block][slot % block]; }
  // One past the highest slot that ever was in use.
  [[nodiscard]] Slot limit() const { return limit_; }

  ActiveBan& add() {
    Slot slot = free_;
    if (slot != no_slot) {
      free_ = (*this)[slot].behind;
    } else {
      slot = limit_++;
      if (slot % block == 0) {
        blocks_.push_back(std::make_unique<ActiveBan[]>(block));  // NOLINT(modernize-avoid-c-arrays)
      }
    }
    ActiveBan& ban = (*this)[slot];
    ban = ActiveBan{};
    ban.slot = slot;
    return ban;
  }
  void remove(ActiveBan& ban) {
    const Slot slot = ban.slot;
    ban = ActiveBan{};
    ban.behind = free_;
    free_ = slot;
  }

 private:
  static constexpr Slot block = 256;
  std::vector<std::unique_ptr<ActiveBan[]>> blocks_;  // NOLINT(modernize-avoid-c-arrays)
  Slot limit_ = 0;
  Slot free_ = no_slot;
};

}  // namespace ipguard::decide
