// Where the journal's files lie, and which of them may be read: the library leaves out what it cannot open without
// saying so.
#pragma once

#include <string>
#include <vector>

namespace ipguard::input {

struct JournalFiles {
  std::vector<std::string> wanted;      // folders that are looked into if they exist, machine-id(5) folders left out
  std::vector<std::string> folders;     // of these and below them, those that exist
  std::vector<std::string> readable;    // journal files, sorted
  std::vector<std::string> unreadable;  // files and folders that this process may not read
};

// `journal` as in the configuration: "system", or a folder.
[[nodiscard]] JournalFiles find_journal_files(const std::string& journal);

// Why nothing can be read there, for people; empty if something can.
[[nodiscard]] std::string why_no_journal(const JournalFiles& files);

}  // namespace ipguard::input
