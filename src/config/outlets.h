// What the daemon tells others: [http], and the [[notify]] tables.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/rule.h"
#include "model/scope.h"

namespace ipguard::config {

// What the token is needed for: what changes something, all of /v1, or every request.
enum class TokenFor : uint8_t { changes, api, everything };

// [http]: metrics and the API.
struct HttpConfig {
  std::string listen = {};      // ADDRESS:PORT of this host alone, or "unix:PATH"; "" = off
  std::string token_file = {};  // "" = none: nothing can be changed
  TokenFor token_for = TokenFor::changes;
  std::vector<std::string> hosts = {};  // further names that requests may be for, in lower case, without a port
  uint32_t socket_mode = 0660;          // of a Unix socket's file
  model::Location token_location = {};  // of token_file as it was written
  model::Location listen_location = {};
};

inline constexpr std::string_view unix_prefix = "unix:";

enum class NotifyType : uint8_t { file, journal, syslog, webhook, exec };
// As in the configuration, in the enumeration's order.
inline constexpr std::array<std::string_view, 5> notify_types = {"file", "journal", "syslog", "webhook", "exec"};

// A ban began or was renewed; it ended (expired, lifted); it was refused; something is wrong with ipguard itself.
enum class EventKind : uint8_t { ban, lift, refusal, problem };
inline constexpr std::array<std::string_view, 4> event_kinds = {"ban", "lift", "refusal", "problem"};

// A word of `rules`, with its place: a rule's id, or "web/" for all whose ids begin so.
struct RuleWord {
  std::string word = {};
  model::Location location;
};

// One [[notify]]: where events go, and which. An empty filter lets everything through.
struct NotifyConfig {
  std::string name = {};
  NotifyType type = NotifyType::file;
  std::string path = {};                  // file: where JSON lines are appended
  std::string url = {};                   // webhook: http or https
  std::string token_file = {};            // webhook: "" = none
  std::vector<std::string> command = {};  // exec: a whole path and its arguments
  Seconds timeout{10};                    // webhook, exec: for one event
  std::vector<EventKind> kinds = {};
  std::vector<RuleWord> rules = {};       // of bans, lifts and refusals: the rule that led there
  std::vector<model::Scope> scopes = {};  // … and what they block
  std::vector<std::string> issuers = {};  // … and who issued them
  model::Location token_location = {};    // of token_file as it was written
  model::Location place_location = {};    // of path, url or command
};

}  // namespace ipguard::config
