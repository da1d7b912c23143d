#include "input/journal_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/ascii.h"
#include "base/file.h"
#include "base/text.h"

namespace ipguard::input {
namespace {

namespace fs = std::filesystem;

bool may_read(const std::string& path, int how) { return ::faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) == 0; }

// "NAME.journal", and "NAME.journal~" for one that was not closed well.
bool is_journal_file(std::string_view name) { return name.ends_with(".journal") || name.ends_with(".journal~"); }

// Folders are named after machine-id(5).
bool is_machine_id(std::string_view name) {
  constexpr size_t digits = 32;
  return name.size() == digits && std::ranges::all_of(name, [](char c) { return is_hex_digit(c) && !is_upper(c); });
}

std::string own_machine_id() {
  constexpr uint64_t most = 4096;
  const auto text = read_file("/etc/machine-id", most);
  return text ? std::string(trim(*text)) : "";
}

void look_into(const std::string& folder, const std::string& machine, bool below, JournalFiles& files) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return;
  }
  files.folders.push_back(folder);
  if (!may_read(folder, R_OK | X_OK)) {
    files.unreadable.push_back(folder);
    return;
  }
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename();
    const std::string path = entry->path();
    if (below && is_machine_id(name) && (machine.empty() || name == machine)) {
      look_into(path, {}, false, files);
    } else if (is_journal_file(name)) {
      (may_read(path, R_OK) ? files.readable : files.unreadable).push_back(path);
    }
  }
}

}  // namespace

JournalFiles find_journal_files(const std::string& journal) {
  JournalFiles files;
  if (journal == "system") {
    files.wanted = {"/var/log/journal", "/run/log/journal"};
  } else {
    files.wanted = {journal};
  }
  const std::string machine = journal == "system" ? own_machine_id() : "";
  for (const auto& folder : files.wanted) {
    look_into(folder, machine, true, files);
  }
  std::ranges::sort(files.readable);
  return files;
}

std::string why_no_journal(const JournalFiles& files) {
  if (!files.readable.empty()) {
    return {};
  }
  if (!files.unreadable.empty()) {
    return "the journal may not be read: " + files.unreadable.front() +
           " (root may, and members of the group systemd-journal)";
  }
  std::string places;
  for (const auto& folder : files.wanted) {
    places += (places.empty() ? "" : " and ") + folder;
  }
  return "no journal in " + places;
}

}  // namespace ipguard::input
