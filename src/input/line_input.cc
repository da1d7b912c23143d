#include "input/line_input.h"

#include <utility>

#include "input/journal_input.h"
#include "input/standard_input.h"
#include "input/syslog_listener.h"

namespace ipguard::input {

std::string cursor_prefix(std::string_view source_name) { return "source:" + std::string(source_name) + ':'; }

std::unique_ptr<LineInput> make_line_input(loop::EventLoop& loop, const config::SourceConfig& config,
                                           model::SourceId id, std::vector<Cursor> saved, uint64_t replay_bytes,
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
