#include "input/line_input.h"

#include <utility>

#include "input/journal_input.h"
#include "input/standard_input.h"
#include "input/syslog_listener.h"

namespace ipguard::input {

model::Losses losses_of(const model::SourceStatus& status) {
  return {.bytes = status.lost_bytes,
          .of_unknown_size = status.losses_of_unknown_size,
          .messages = status.lost_messages,
          .reread_bytes = status.reread_bytes};
}

std::string cursor_prefix(std::string_view source_name) { return "source:" + std::string(source_name) + ':'; }

model::Losses LineInput::losses() const {
  model::Losses all;
  for (const auto& each : status()) {
    all += losses_of(each);
  }
  return all;
}

std::unique_ptr<LineInput> make_line_input(loop::EventLoop& loop, const config::SourceConfig& config,
                                           model::SourceId id, std::vector<model::Cursor> saved, uint64_t replay_bytes,
                                           Follower::BlockCallback on_block, StandIn stand_in, TimePoint started) {
  switch (config.kind) {
    case config::SourceKind::standard_input:
      return make_standard_input(loop, config, id, std::move(on_block));
    case config::SourceKind::listener:
      return make_syslog_listener(loop, config, id, std::move(on_block));
    case config::SourceKind::journal:
      return make_journal_input(loop, config, id, std::move(saved), replay_bytes, std::move(on_block), {},
                                std::move(stand_in), started);
    case config::SourceKind::files:
      break;
  }
  return nullptr;
}

}  // namespace ipguard::input
