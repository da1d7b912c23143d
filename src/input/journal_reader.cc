// A cursor is "s=SEQNUM-ID;i=SEQNUM;b=BOOT;m=MONOTONIC;t=REALTIME;x=HASH", numbers in hexadecimal. It is called opaque,
// sd_journal_get_cursor(3), and what is read out of it here is used only to say more exactly what was lost: of a
// cursor of another form we would say "perhaps" where now we know.
#include "input/journal_reader.h"

#include <charconv>

namespace ipguard::input {
namespace {

// The value of "KEY=…".
std::optional<std::string_view> part_of(std::string_view cursor, std::string_view key) {
  while (!cursor.empty()) {
    const size_t end = cursor.find(';');
    const auto part = cursor.substr(0, end);
    if (part.starts_with(key) && part.substr(key.size()).starts_with('=')) {
      return part.substr(key.size() + 1);
    }
    cursor = end == std::string_view::npos ? std::string_view{} : cursor.substr(end + 1);
  }
  return std::nullopt;
}

std::optional<uint64_t> number_of(std::string_view cursor, std::string_view key) {
  const auto text = part_of(cursor, key);
  uint64_t number = 0;
  if (!text) {
    return std::nullopt;
  }
  const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), number, 16);
  if (error != std::errc{} || stop != text->data() + text->size()) {
    return std::nullopt;
  }
  return number;
}

// The same entry, whatever file it is in: `journalctl --flush` copies entries into other files under other numbers.
bool is_same_entry(std::string_view left, std::string_view right) {
  const size_t from = left.find(";b=");
  const size_t other = right.find(";b=");
  return left == right || (from != std::string_view::npos && other != std::string_view::npos &&
                           left.substr(from) == right.substr(other));
}

// How many entries were written after the first one, up to the second; nullopt if they were not numbered together.
std::optional<uint64_t> entries_between(std::string_view before, std::string_view after) {
  const auto id = part_of(before, "s");
  const auto number = number_of(before, "i");
  const auto next = number_of(after, "i");
  if (!id || !number || !next || id != part_of(after, "s") || *next < *number) {
    return std::nullopt;
  }
  return *next - *number;
}

}  // namespace

std::optional<uint64_t> time_of_cursor(std::string_view cursor) { return number_of(cursor, "t"); }

Result<> JournalReader::begin_at_end() {
  if (auto done = journal_.seek_end(); !done) {
    return done;
  }
  cursor_ = journal_.cursor().value_or("");  // none in an empty journal
  return {};
}

Result<> JournalReader::begin_behind(const std::string& cursor, uint64_t replay_entries) {
  if (auto found = go_to(cursor); !found) {
    return found;
  }
  cursor_ = cursor;
  if (cursor_is_gone_ || replay_entries == 0 || !number_of(cursor, "i")) {
    return {};
  }
  const auto back = journal_.go_back(replay_entries);
  if (!back) {
    return std::unexpected(back.error());
  }
  replay_left_ = *back + 1;
  at_unread_ = true;
  return {};
}

Result<> JournalReader::files_changed() {
  commit();
  if (cursor_.empty()) {
    return {};
  }
  replay_left_ = 0;
  return go_to(cursor_);
}

// The current entry is then the cursor's, or the next one after it that has not been given out.
Result<> JournalReader::go_to(const std::string& cursor) {
  if (auto found = journal_.seek(cursor); !found) {
    return found;
  }
  const auto moved = journal_.next();
  if (!moved) {
    return std::unexpected(moved.error());
  }
  const bool found = *moved && is_same_entry(journal_.cursor().value_or(""), cursor);
  at_unread_ = *moved && !found;
  cursor_is_gone_ = !found && number_of(cursor, "i").has_value();  // else it is no entry's, but a time
  return {};
}

Result<JournalReader::Step> JournalReader::next(JournalEntry& entry) {
  if (!at_unread_) {
    const auto moved = journal_.next();
    if (!moved || !*moved) {
      return moved ? Result<Step>(Step::end) : std::unexpected(moved.error());
    }
  }
  at_unread_ = false;
  const auto read = journal_.read(entry);
  if (!read && read.error().code != Errc::corrupt) {
    return std::unexpected(read.error());
  }
  if (replay_left_ == 0) {
    if (cursor_.empty()) {
      cursor_ = journal_.cursor().value_or("");  // the first of all: from here on they are counted
    } else {
      ++given_;
    }
    losses_ += read ? 0U : 1U;
    return read ? Step::entry : Step::corrupt;
  }
  --replay_left_;
  if (is_same_entry(journal_.cursor().value_or(""), cursor_)) {
    replay_left_ = 0;
  } else if (replay_left_ == 0) {
    // Entries came in between, or went: the count does not lead to the cursor.
    if (auto found = go_to(cursor_); !found) {
      return std::unexpected(found.error());
    }
  }
  return Step::replay;
}

void JournalReader::commit() {
  auto now = given_ > 0 ? journal_.cursor() : Result<std::string>("");
  if (!now || now->empty()) {
    return;
  }
  // Entries are numbered: the library steps over those that it cannot read without saying so.
  if (const auto written = entries_between(cursor_, *now)) {
    if (*written > given_) {
      ++losses_;
      lost_entries_ += *written - given_;
    }
  } else if (cursor_is_gone_) {
    ++losses_;
  }
  cursor_is_gone_ = false;
  given_ = 0;
  cursor_ = std::move(*now);
}

}  // namespace ipguard::input
