// links: writer
// What a process that was taken over may send to the one that writes to nftables, and what that answers: never a crash,
// nothing out of its range, and what was read is written so that it reads the same.
#include <cstdint>
#include <memory>
#include <string_view>

#include "enforce/wire.h"
#include "require.h"
#include "writer/writer_service.h"

namespace {

using namespace ipguard;
using namespace ipguard::enforce;
using namespace ipguard::writer;

void check(const model::SetElement& element) {
  fuzz::require(element.prefix.length() > 0 && element.prefix.length() <= element.prefix.address().bits());
  fuzz::require(net::Prefix(element.prefix.address(), element.prefix.length()) == element.prefix);
  fuzz::require(static_cast<size_t>(element.scope) < model::scope_count);
}

WriterService& service() {
  static WriterService instance = [] {
    config::ProtectConfig protect;
    protect.own_addresses = protect.gateways = protect.resolvers = protect.ssh_sessions = false;
    const WriterSettings settings{.enforce = {}, .protect = protect, .allowlist = {}};
    WriterService made(
        {.load = [settings] { return settings; },
         .protection =
             [](const WriterSettings& its) { return std::make_unique<Protection>(its.protect, its.allowlist); },
         .enforcer = [](const config::EnforceConfig&, Protection& it) { return make_dry_run_enforcer(it); },
         .lock = [] { return Result<std::unique_ptr<TableLock>>(nullptr); }});
    const auto settings_told = wire::fingerprint(settings.enforce, settings.protect, settings.allowlist);
    fuzz::require(
        made.answer(wire::encode(wire::Question{.verb = wire::Verb::prepare, .settings = settings_told})).has_value());
    return made;
  }();
  return instance;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto request = wire::decode_request(bytes);
  if (request) {
    for (const auto* elements : {&request->batch.remove, &request->batch.add}) {
      for (const model::SetElement& element : *elements) {
        check(element);
      }
    }
    const auto again = wire::encode(wire::Question{.verb = request->verb,
                                                   .now = request->now,
                                                   .settings = request->settings,
                                                   .remove = request->batch.remove,
                                                   .add = request->batch.add,
                                                   .address = request->address,
                                                   .look_again = request->look_again});
    fuzz::require(again == bytes, "a request is written as it was read");
    const auto answer = service().answer(bytes);
    fuzz::require(answer.has_value() && wire::decode_reply(*answer).has_value());
  }
  if (const auto reply = wire::decode_reply(bytes)) {
    fuzz::require(wire::decode_reply(wire::encode(*reply)).has_value());
  }
  return 0;
}
