// Real journals, written by systemd-journal-remote(8) from the journal export format, and an input that reads them.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "followed_files.h"
#include "input/journal_input.h"

namespace ipguard::input {

inline const std::string journal_writer = "/lib/systemd/systemd-journal-remote";

// Fields of an entry. Those of a value that holds control bytes are exported in binary.
using Fields = std::vector<std::pair<std::string, std::string>>;

inline Fields said(const std::string& identifier, const std::string& message, Fields more = {}) {
  Fields fields = {{"MESSAGE", message}, {"SYSLOG_IDENTIFIER", identifier}, {"_HOSTNAME", "host"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}
inline Fields by_root(const std::string& identifier, const std::string& message) {
  return said(identifier, message, {{"_UID", "0"}, {"_PID", "12"}, {"_COMM", identifier}});
}

class JournalFixture : public ::testing::Test {
 protected:
  JournalFixture() { set_log_level(LogLevel::error); }

  void SetUp() override {
    if (::access(journal_writer.c_str(), X_OK) != 0) {
      GTEST_SKIP() << "systemd-journal-remote is not installed";
    }
    std::filesystem::create_directory(folder);
    config.name = "journal";
    config.kind = config::SourceKind::journal;
    config.journal = folder;
    config.from = config::StartPosition::start;
  }

  static void append_number(std::string& text, uint64_t number) {
    for (int i = 0; i < 8; ++i) {
      text += static_cast<char>(number >> (8 * i));
    }
  }

  // Each entry a second later than the last one.
  std::string exported(const std::vector<Fields>& entries) {
    std::string text;
    for (const auto& fields : entries) {
      time_ += 1'000'000;
      text += "__REALTIME_TIMESTAMP=" + std::to_string(1'767'225'600'000'000 + time_) +
              "\n__MONOTONIC_TIMESTAMP=" + std::to_string(time_) + "\n_BOOT_ID=11111111111111111111111111111111\n";
      for (const auto& [name, value] : fields) {
        text += name;
        if (value.find_first_of(std::string_view("\n\0", 2)) == std::string::npos) {
          text += '=' + value + '\n';
        } else {
          text += '\n';
          append_number(text, value.size());
          text += value + '\n';
        }
      }
      text += '\n';
    }
    return text;
  }

  // Appends to a journal file of the folder, or makes it.
  void write(const std::string& name, const std::vector<Fields>& entries) {
    overwrite(temp / "export", exported(entries));
    const std::string command =
        journal_writer + " --output=" + folder + '/' + name + ' ' + (temp / "export") + " 2> " + (temp / "errors");
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  void write_numbered(const std::string& name, int first, int last) {
    std::vector<Fields> entries;
    for (int i = first; i <= last; ++i) {
      entries.push_back(by_root("sshd", "line " + std::to_string(i)));
    }
    write(name, entries);
  }

  void start(std::vector<model::Cursor> saved = {}, uint64_t replay_bytes = 0) {
    input = make_journal_input(
        loop, config, 7, std::move(saved), replay_bytes, [this](const Block& block) { return take(block); }, timing);
    next_offset = 0;
    input->start();
    drain();
  }
  [[nodiscard]] std::vector<model::Cursor> stop() {
    auto cursors = input->cursors();
    input.reset();
    return cursors;
  }

  void drain() {
    for (int turn = 0; turn < 100'000; ++turn) {
      loop.poll();
      if (input->caught_up()) {
        return;
      }
    }
    FAIL() << "the input does not come to rest";
  }

  Follower::Consumed take(const Block& block) {
    EXPECT_EQ(block.source, 7U);
    EXPECT_FALSE(block.bytes.empty());
    if (block.truncated) {
      EXPECT_EQ(block.bytes.find('\n'), std::string_view::npos);
      cut.emplace_back(block.bytes);
      return {.lines = 1};
    }
    EXPECT_TRUE(block.bytes.ends_with('\n'));
    if (!block.replay) {
      EXPECT_GE(block.offset, next_offset);
      next_offset = block.offset + block.bytes.size();
    }
    uint64_t lines = 0;
    for (auto rest = block.bytes; !rest.empty(); ++lines) {
      const size_t end = rest.find('\n');
      (block.replay ? replayed : seen).emplace_back(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    return {.lines = lines};
  }

  // The messages seen since the last call, driven to rest.
  std::vector<std::string> next_messages() {
    drain();
    return messages(seen);
  }
  static std::vector<std::string> messages(std::vector<std::string>& lines) {
    std::vector<std::string> texts;
    for (const auto& line : lines) {
      texts.push_back(line.substr(line.find(": ") + 2));
    }
    lines.clear();
    return texts;
  }
  static std::vector<std::string> numbered(int first, int last) {
    std::vector<std::string> texts;
    for (int i = first; i <= last; ++i) {
      texts.push_back("line " + std::to_string(i));
    }
    return texts;
  }

  [[nodiscard]] model::SourceStatus status() const { return input->status().at(0); }
  using Texts = std::vector<std::string>;

  TempFolder temp;
  std::string folder = temp / "journal";
  loop::EventLoop loop;
  config::SourceConfig config;
  JournalTiming timing;
  std::unique_ptr<LineInput> input;
  std::vector<std::string> seen;
  std::vector<std::string> replayed;
  std::vector<std::string> cut;
  uint64_t next_offset = 0;

 private:
  uint64_t time_ = 1'000'000;
};

}  // namespace ipguard::input
