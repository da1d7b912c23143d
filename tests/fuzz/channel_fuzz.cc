// links: writer
// What a process that was taken over may send into the writer's socket, message by message: the writer answers each as
// it would by itself, stops at the first that our daemon does not send, and takes no descriptor where there is none.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "enforce/channel.h"
#include "enforce/wire.h"
#include "require.h"
#include "writer/writer_service.h"

namespace {

using namespace ipguard;
using namespace ipguard::enforce;
using namespace ipguard::writer;
using fuzz::require;

constexpr size_t longest = 4096;     // of a message
constexpr size_t most_bytes = 1024;  // of all of them: what is answered fits into the socket, where nobody reads it yet

WriterService new_service() {
  config::ProtectConfig protect;
  protect.own_addresses = protect.gateways = protect.resolvers = protect.ssh_sessions = false;
  const WriterSettings settings{.enforce = {}, .protect = protect, .allowlist = {}};
  WriterService made(
      {.load = [settings] { return settings; },
       .protection = [](const WriterSettings& its) { return std::make_unique<Protection>(its.protect, its.allowlist); },
       .enforcer = [](const config::EnforceConfig&, Protection& it) { return make_dry_run_enforcer(it); },
       .lock = [] { return Result<std::unique_ptr<TableLock>>(nullptr); }});
  const auto told = wire::fingerprint(settings.enforce, settings.protect, settings.allowlist);
  require(made.answer(wire::encode(wire::Question{.verb = wire::Verb::prepare, .settings = told})).has_value());
  return made;
}

struct Outcome {
  std::string answered;  // as it stands in the socket
  bool ended_well = false;
  bool operator==(const Outcome&) const = default;
};

std::string framed(std::string_view message) {
  std::string bytes;
  for (unsigned i = 0; i < 4; ++i) {
    bytes += static_cast<char>(message.size() >> (8 * i) & 0xff);
  }
  return bytes.append(message);
}

// What is to come of it.
Outcome expected(std::string_view bytes) {
  auto service = new_service();
  Outcome outcome;
  while (true) {
    if (bytes.empty()) {
      outcome.ended_well = true;
      return outcome;
    }
    size_t size = 0;
    for (size_t i = 0; i < std::min<size_t>(bytes.size(), 4); ++i) {
      size |= static_cast<size_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
    }
    if (bytes.size() < 4 || size > longest || bytes.size() - 4 < size) {
      return outcome;
    }
    const auto answer = service.answer(bytes.substr(4, size));
    if (!answer || answer->size() > longest) {
      return outcome;
    }
    outcome.answered += framed(*answer);
    bytes.remove_prefix(4 + size);
  }
}

// Sends it, and nothing behind it.
std::pair<Channel, UniqueFd> channel_with(std::string_view bytes) {
  auto ends = Channel::pair();
  require(ends.has_value());
  require(::send(ends->second.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  require(::shutdown(ends->second.get(), SHUT_WR) == 0);
  return {Channel(std::move(ends->first), longest), std::move(ends->second)};
}

Outcome served(std::string_view bytes) {
  auto service = new_service();
  Outcome outcome;
  auto [channel, other] = channel_with(bytes);
  const auto done = serve(channel, -1, service);
  outcome.ended_well = done.has_value();
  require(done || !done.error().message.empty());
  std::string room(1U << 16, '\0');
  for (ssize_t count = 0; (count = ::recv(other.get(), room.data(), room.size(), MSG_DONTWAIT)) > 0;) {
    outcome.answered.append(room, 0, static_cast<size_t>(count));
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  set_log_level(LogLevel::error);
  const std::string_view bytes(reinterpret_cast<const char*>(data), std::min(size, most_bytes));
  require(served(bytes) == expected(bytes));
  auto [channel, other] = channel_with(bytes);
  require(!channel.receive_descriptor(), "a descriptor out of nothing");
  return 0;
}
