#include "input/source_choice.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "input/file_tail.h"
#include "input/glob_watch.h"
#include "input/journal_files.h"
#include "input/line_input.h"

namespace ipguard::input {
namespace {

bool is_there(const std::string& glob) { return !expand_glob(glob).empty(); }

bool has_choice(const config::SourceConfig& source) {
  return source.kind == config::SourceKind::journal && !source.fallback.empty();
}

void become_files(config::SourceConfig& source) {
  source.kind = config::SourceKind::files;
  source.paths = source.fallback;
  source.format = config::SourceConfig{}.format;
}

}  // namespace

void name_journal_formats(std::vector<config::SourceConfig>& sources) {
  for (auto& source : sources) {
    if (source.kind == config::SourceKind::journal) {
      source.format = "syslog";
    }
  }
}

std::vector<std::string> choose_inputs(std::vector<config::SourceConfig>& sources) {
  name_journal_formats(sources);
  std::vector<std::string> sentences;
  for (auto& source : sources) {
    const auto why_not = has_choice(source) ? why_no_journal(find_journal_files(source.journal)) : "";
    if (why_not.empty()) {
      continue;
    }
    const std::string sentence = "source " + printable(source.name) + ": " + printable(why_not);
    if (std::ranges::any_of(source.fallback, is_there)) {
      sentences.push_back(sentence + ": its fallback files are read instead");
      become_files(source);
    } else {
      sentences.push_back(sentence + ", nor any of its fallback files: what comes first is read");
    }
  }
  return sentences;
}

std::string journal_cursor_at(TimePoint time) {
  std::array<char, 16> digits{};
  const auto microseconds = static_cast<uint64_t>(std::max<int64_t>(time.time_since_epoch().count(), 0));
  const auto end = std::to_chars(digits.begin(), digits.end(), microseconds, 16).ptr;
  return "t=" + std::string(digits.begin(), end);
}

bool is_time_alone(const std::string& journal_cursor) { return journal_cursor.starts_with("t="); }

SourceChoices::Choice SourceChoices::make_choice(const config::SourceConfig& source) {
  return {.journal = source.journal,
          .fallback = source.fallback,
          .max_line = source.max_line,
          .files = !why_no_journal(find_journal_files(source.journal)).empty()};
}

void SourceChoices::begin(const std::vector<config::SourceConfig>& sources, const std::vector<model::Cursor>& saved) {
  for (const auto& source : sources) {
    if (!has_choice(source)) {
      continue;
    }
    auto& choice = choices_[source.name] = make_choice(source);
    const auto journal = std::ranges::find(saved, cursor_prefix(source.name) + source.journal, &model::Cursor::path);
    const bool read_files = journal != saved.end() && is_time_alone(journal->journal_cursor);
    choice.after_journal = journal != saved.end() && !journal->journal_cursor.empty() && !read_files;
    // What is left of the files is read first: it may not be in the journal.
    choice.files = choice.files || read_files;
    if (!choice.files) {
      std::ranges::copy_if(saved, std::back_inserter(choice.ends), [&](const model::Cursor& cursor) {
        return std::ranges::any_of(choice.fallback,
                                   [&](const std::string& glob) { return glob_matches(glob, cursor.path); });
      });
    }
  }
}

void SourceChoices::change(const std::vector<config::SourceConfig>& sources) {
  const auto before = std::exchange(choices_, {});
  for (const auto& source : sources) {
    if (!has_choice(source)) {
      continue;
    }
    auto& choice = choices_[source.name] = make_choice(source);
    if (const auto old = before.find(source.name); old != before.end() && old->second.journal == source.journal) {
      choice.files = old->second.files;
      choice.after_journal = old->second.after_journal;
      choice.read_until = old->second.read_until;
      choice.ends = old->second.ends;
    }
  }
}

std::vector<config::SourceConfig> SourceChoices::followed(const std::vector<config::SourceConfig>& sources) const {
  auto chosen = sources;
  for (auto& source : chosen) {
    if (reads_files(source.name)) {
      become_files(source);
      source.from = choices_.at(source.name).after_journal ? config::StartPosition::start : source.from;
    }
  }
  return chosen;
}

bool SourceChoices::reads_files(const std::string& source) const {
  const auto choice = choices_.find(source);
  return choice != choices_.end() && choice->second.files;
}

std::optional<TimePoint> SourceChoices::note_read(const std::string& source, int fd) {
  const auto choice = choices_.find(source);
  struct stat status{};
  if (choice == choices_.end() || fd < 0 || ::fstat(fd, &status) != 0) {
    return std::nullopt;
  }
  const TimePoint changed{std::chrono::seconds{status.st_mtim.tv_sec} +
                          std::chrono::microseconds{status.st_mtim.tv_nsec / 1000}};
  auto& until = choice->second.read_until;
  if (until && *until >= changed) {
    return std::nullopt;
  }
  until = changed;
  return until;
}

void SourceChoices::to_journal(const std::string& source) {
  if (const auto choice = choices_.find(source); choice != choices_.end()) {
    choice->second.files = false;
    choice->second.after_journal = true;
    choice->second.read_until.reset();
    choice->second.ends = ends_of_files(source);
  }
}

bool SourceChoices::to_files(const std::string& source, std::vector<model::Cursor>& ends) {
  const auto choice = choices_.find(source);
  if (choice == choices_.end() || choice->second.files) {
    return false;
  }
  choice->second.files = true;
  choice->second.after_journal = true;
  ends = std::exchange(choice->second.ends, {});
  return true;
}

std::vector<model::Cursor> SourceChoices::ends_of_files(const std::string& source) const {
  std::vector<model::Cursor> ends;
  const auto choice = choices_.find(source);
  if (choice == choices_.end() || choice->second.files) {
    return ends;
  }
  for (const auto& glob : choice->second.fallback) {
    for (const auto& path : expand_glob(glob)) {
      if (auto tail = FileTail::open(path, choice->second.max_line)) {
        (*tail)->start_at_end_of(UINT64_MAX);
        ends.push_back((*tail)->cursor(path));
        ends.back().tail_fingerprint += ends.back().is_empty() ? 1U : 0U;  // model::Cursor::alone()
      }
    }
  }
  return ends;
}

void SourceChoices::keep_ends(const std::string& source, std::vector<model::Cursor> ends) {
  choices_.at(source).ends = std::move(ends);
}

std::vector<model::Cursor> SourceChoices::kept_ends() const {
  std::vector<model::Cursor> all;
  for (const auto& [name, choice] : choices_) {
    all.insert(all.end(), choice.ends.begin(), choice.ends.end());
  }
  return all;
}

}  // namespace ipguard::input
