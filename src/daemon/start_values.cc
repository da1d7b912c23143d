#include "daemon/start_values.h"

#include <string_view>

#include "base/text.h"

namespace ipguard::daemon {
namespace {

std::string pending(std::string_view key, std::string_view written, std::string_view running) {
  return std::string(key) + " = \"" + printable(written) + "\" takes effect at the next start; until then it is \"" +
         printable(running) + '"';
}

}  // namespace

std::vector<std::string> StartValues::keep_in(config::Config& fresh) const {
  std::vector<std::string> sentences;
  if (fresh.state_path != state_path_) {
    sentences.push_back(pending("[state] path", fresh.state_path, state_path_));
    fresh.state_path = state_path_;
  }
  if (fresh.control_socket != control_socket_) {
    sentences.push_back(pending("[control] socket", fresh.control_socket, control_socket_));
    fresh.control_socket = control_socket_;
  }
  if (fresh.enforce.mode != mode_) {
    sentences.push_back(pending("[enforce] mode", config::to_string(fresh.enforce.mode), config::to_string(mode_)));
    fresh.enforce.mode = mode_;
  }
  if (fresh.runs_programs() && !runs_programs_) {
    sentences.emplace_back(
        "[[notify]] of type \"exec\" takes effect at the next start: programs are not run until then");
    std::erase_if(fresh.notifies, [](const auto& notify) { return notify.type == config::NotifyType::exec; });
  }
  return sentences;
}

}  // namespace ipguard::daemon
