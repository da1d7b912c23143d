#include "input/source_choice.h"

#include <algorithm>

#include "base/file.h"
#include "base/text.h"
#include "input/glob_watch.h"
#include "input/journal_files.h"

namespace ipguard::input {
namespace {

bool is_there(const std::string& glob) { return !expand_glob(glob).empty(); }

// sd_booted(3)
bool systemd_runs() { return is_folder("/run/systemd/system"); }

}  // namespace

std::vector<std::string> choose_inputs(std::vector<config::SourceConfig>& sources) {
  std::vector<std::string> sentences;
  for (auto& source : sources) {
    if (source.kind != config::SourceKind::journal) {
      continue;
    }
    source.format = "syslog";
    const auto why_not = why_no_journal(find_journal_files(source.journal));
    if (why_not.empty() || source.fallback.empty() ||
        (std::ranges::none_of(source.fallback, is_there) && systemd_runs())) {
      continue;
    }
    sentences.push_back("source " + printable(source.name) + ": " + printable(why_not) +
                        ": its fallback files are read instead");
    source.kind = config::SourceKind::files;
    source.paths = source.fallback;
    source.format = config::SourceConfig{}.format;
  }
  return sentences;
}

}  // namespace ipguard::input
