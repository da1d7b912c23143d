#include "input/sd_journal.h"

#include <systemd/sd-journal.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace ipguard::input {
namespace {

// libsystemd's calls return -errno.
std::unexpected<Error> fail_sd(std::string_view what, int result) {
  auto error = fail_errno(what, -result);
  if (result == -EBADMSG || result == -ENODATA || result == -EPROTONOSUPPORT) {
    error.error().code = Errc::corrupt;
  }
  return error;
}

std::string_view as_text(const void* data, size_t length) { return {static_cast<const char*>(data), length}; }

}  // namespace

void SdJournal::Close::operator()(sd_journal* journal) const { ::sd_journal_close(journal); }

Result<SdJournal> SdJournal::open(const std::string& journal, size_t most_of_a_field) {
  sd_journal* handle = nullptr;
  const int result = journal == "system" ? ::sd_journal_open(&handle, SD_JOURNAL_LOCAL_ONLY)
                                         : ::sd_journal_open_directory(&handle, journal.c_str(), 0);
  if (result < 0) {
    return fail_sd("cannot open the journal", result);
  }
  SdJournal opened(handle);
  // The library may give more or less; a field's name and '=' count.
  static_cast<void>(::sd_journal_set_data_threshold(handle, most_of_a_field));
  return opened;
}

bool SdJournal::is_sound(const std::string& path) {
  std::array<const char*, 2> paths = {path.c_str(), nullptr};
  sd_journal* handle = nullptr;
  const int result = ::sd_journal_open_files(&handle, paths.data(), 0);
  const std::unique_ptr<sd_journal, Close> closing(result < 0 ? nullptr : handle);
  return result >= 0;
}

Result<int> SdJournal::fd() {
  const int fd = ::sd_journal_get_fd(journal_.get());
  if (fd < 0) {
    return fail_sd("cannot watch the journal", fd);
  }
  return fd;
}

bool SdJournal::is_notified() const { return ::sd_journal_reliable_fd(journal_.get()) > 0; }

Result<SdJournal::Change> SdJournal::process() {
  const int result = ::sd_journal_process(journal_.get());
  if (result < 0) {
    return fail_sd("cannot watch the journal", result);
  }
  if (result == SD_JOURNAL_NOP) {
    return Change::none;
  }
  return result == SD_JOURNAL_APPEND ? Change::appended : Change::files_changed;
}

Result<bool> SdJournal::next() {
  const int result = ::sd_journal_next(journal_.get());
  if (result < 0) {
    return fail_sd("cannot read the journal", result);
  }
  return result > 0;
}

Result<uint64_t> SdJournal::go_back(uint64_t entries) {
  const int result = ::sd_journal_previous_skip(journal_.get(), entries);
  if (result < 0) {
    return fail_sd("cannot read the journal", result);
  }
  return static_cast<uint64_t>(result);
}

void SdJournal::seek_head() { static_cast<void>(::sd_journal_seek_head(journal_.get())); }

Result<> SdJournal::seek_end() {
  static_cast<void>(::sd_journal_seek_tail(journal_.get()));
  // The end is a position only relative to an entry: without this step, next() would not know what is new.
  const int result = ::sd_journal_previous(journal_.get());
  if (result < 0) {
    return fail_sd("cannot read the journal", result);
  }
  if (result == 0) {
    seek_head();  // nothing there: all that comes is new
  }
  return {};
}

Result<> SdJournal::seek(const std::string& cursor) {
  const int result = ::sd_journal_seek_cursor(journal_.get(), cursor.c_str());
  if (result < 0) {
    return result == -EINVAL ? fail(Errc::invalid, "no cursor of a journal")
                             : fail_sd("cannot read the journal", result);
  }
  return {};
}

Result<std::string> SdJournal::cursor() const {
  char* text = nullptr;
  const int result = ::sd_journal_get_cursor(journal_.get(), &text);
  if (result < 0) {
    return fail_sd("cannot read the journal", result);
  }
  const std::unique_ptr<char, decltype(&std::free)> owned(text, &std::free);
  return std::string(text);
}

TimePoint SdJournal::received() const {
  uint64_t microseconds = 0;
  static_cast<void>(::sd_journal_get_realtime_usec(journal_.get(), &microseconds));
  return TimePoint(std::chrono::microseconds(microseconds));
}

Result<> SdJournal::read(JournalEntry& entry) {
  entry.clear();
  const void* data = nullptr;
  size_t length = 0;
  ::sd_journal_restart_data(journal_.get());
  for (;;) {
    const int result = ::sd_journal_enumerate_available_data(journal_.get(), &data, &length);
    if (result < 0) {
      return fail_sd("cannot read an entry of the journal", result);
    }
    if (result == 0) {
      return {};
    }
    const auto text = as_text(data, length);
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) {
      continue;
    }
    if (const auto field = journal_field(text.substr(0, equals))) {
      entry.take(*field, text.substr(equals + 1));
    }
  }
}

uint64_t SdJournal::size() const {
  uint64_t bytes = 0;
  static_cast<void>(::sd_journal_get_usage(journal_.get(), &bytes));
  return bytes;
}

std::vector<std::string> SdJournal::values_of(const char* field, size_t most) {
  std::vector<std::string> values;
  if (::sd_journal_query_unique(journal_.get(), field) < 0) {
    return values;
  }
  const void* data = nullptr;
  size_t length = 0;
  while (values.size() < most && ::sd_journal_enumerate_available_unique(journal_.get(), &data, &length) > 0) {
    const auto text = as_text(data, length);
    values.emplace_back(text.substr(text.find('=') + 1));
  }
  return values;
}

}  // namespace ipguard::input
