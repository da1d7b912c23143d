// What the daemon asks its writer (writer/writer_service.h) and what that answers, as bytes. The daemon reads what
// attackers write, so the writer takes nothing here for granted: every number has its range, a list no more items than
// bytes came for, and a prefix no host bits.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "enforce/enforcer.h"
#include "enforce/protection.h"
#include "model/set_batch.h"
#include "net/address.h"

namespace ipguard::enforce::wire {

// No message is longer; elements take 26 bytes each (a failure 31), so a message has room for that many of them.
inline constexpr size_t longest_message = 128U << 20;
inline constexpr size_t most_elements = 4'000'000;
inline constexpr size_t longest_text = 4096;  // reasons and names; longer ones are cut

// All that can be asked. There is nothing else: no rule, no chain, no other table, no file, no command.
enum class Verb : uint8_t {
  prepare = 1,
  reconfigure,
  list,
  apply,
  refusals,
  distrust,
  verify,
  holds,
  counters,
  element_counters,
  ssh_peers,
  remove_all,
};

// To be sent; refers to what it asks about. A verb takes what it needs and leaves the rest as it is here.
struct Question {
  Verb verb = Verb::prepare;
  TimePoint now{};
  uint64_t settings = 0;  // prepare, reconfigure: fingerprint() of what the daemon has read
  std::span<const model::SetElement> remove = {};
  std::span<const model::SetElement> add = {};  // apply; refusals and element_counters: what they are about
  net::Address address = {};                    // holds
  bool look_again = false;                      // ssh_peers: whether somebody has left, too
};

// The same as it was received.
struct Request {
  Verb verb = Verb::prepare;
  TimePoint now{};
  uint64_t settings = 0;
  model::SetBatch batch;
  net::Address address;
  bool look_again = false;
};

// What every answer tells besides, so that the daemon need not ask for it.
struct Standing {
  uint64_t enforced = 0;
  RepairCounters repairs;
  ConnectionCounters connections;
  bool watched = false;  // the writer rings when somebody else changes nftables
};

// By verb: nothing, list, apply, refusals, verify, holds, counters, element_counters, ssh_peers.
using Body =
    std::variant<std::monostate, std::vector<model::SetElement>, model::ApplyReport, std::vector<model::ElementFailure>,
                 Repair, bool, SetCounters, std::vector<std::optional<DropCounters>>, std::vector<ProtectedPrefix>>;

struct Reply {
  Standing standing;
  Result<Body> body;
};

[[nodiscard]] std::string encode(const Question& question);
// Errc::corrupt, with what is wrong, for anything that encode() does not write.
[[nodiscard]] Result<Request> decode_request(std::string_view bytes);

[[nodiscard]] std::string encode(const Reply& reply);
[[nodiscard]] Result<Reply> decode_reply(std::string_view bytes);

// Of what decides about chains and protection. Two processes that have read the same file have the same; not for
// telling apart what somebody made to look alike.
[[nodiscard]] uint64_t fingerprint(const config::EnforceConfig& enforce, const config::ProtectConfig& protect,
                                   std::span<const net::Prefix> allowlist);

}  // namespace ipguard::enforce::wire
