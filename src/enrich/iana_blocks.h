// IanaBlocks: what IANA's registries say of an address: special purposes, and the regional registry that was given it.
// The data is enrich/iana_blocks.csv, with its source and date.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "enrich/number.h"
#include "net/address.h"
#include "net/prefix.h"

namespace ipguard::enrich {

struct IanaBlock {
  enum class Kind : uint8_t { special, allocated, legacy };
  net::Prefix prefix;
  Kind kind = Kind::special;
  std::string name;  // the purpose, or the registry: "APNIC"
  std::string reference;
};

[[nodiscard]] std::string_view to_string(IanaBlock::Kind kind);

// Immutable; may be asked from several threads.
class IanaBlocks {
 public:
  IanaBlocks(const IanaBlocks&) = delete;
  IanaBlocks& operator=(const IanaBlocks&) = delete;
  IanaBlocks(IanaBlocks&&) = default;
  IanaBlocks& operator=(IanaBlocks&&) = default;
  // Those that come with the program.
  [[nodiscard]] static const IanaBlocks& get();
  // Errc::invalid with the line where the text is not in order.
  [[nodiscard]] static Result<IanaBlocks> parse(std::string_view text);

  // All blocks around the address, narrowest first. Valid as long as this.
  [[nodiscard]] std::span<const IanaBlock* const> around(const net::Address& address) const;
  [[nodiscard]] const std::vector<IanaBlock>& all() const { return blocks_; }
  [[nodiscard]] const std::string& source() const { return source_; }
  [[nodiscard]] const std::string& as_of() const { return as_of_; }  // a date (tests)

 private:
  IanaBlocks() = default;
  void index();

  std::vector<IanaBlock> blocks_;
  std::string source_;
  std::string as_of_;
  [[nodiscard]] size_t interval_of(const net::Address& address) const;

  // Where the blocks around an address change; and those from there on.
  std::vector<Uint128> starts_;
  // The interval of an IPv4 address by its first octet, where all of the octet's are in one.
  static constexpr uint16_t several = UINT16_MAX;
  std::array<uint16_t, 256> by_octet_{};
  std::vector<std::vector<const IanaBlock*>> around_;
};

// The registry's name as Team Cymru's whois service writes it ("arin", "ripencc", …); empty where no block
// names one. Of space that was given out before there were registries it is the one that administers the /8: parts of
// it may have moved to others since.
[[nodiscard]] std::string_view registry_label(std::span<const IanaBlock* const> blocks);

// The content of iana_blocks.csv.
[[nodiscard]] std::string_view iana_blocks_text();

}  // namespace ipguard::enrich
