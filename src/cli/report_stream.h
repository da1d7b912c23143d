// InputStream: the content of a file, a pipe or standard input from its beginning, unpacked on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "base/unique_fd.h"
#include "base/unpacker.h"

namespace ipguard::cli {

// Used by one thread at a time.
class InputStream {
 public:
  // "-" is standard input. Errors name the file as a person wrote it, safe for a terminal.
  [[nodiscard]] static Result<InputStream> open(const std::string& path);

  // Fills `room` as far as there is content: less than all of it only at the end. What was unpacked before an error is
  // there: the error comes with the next call.
  [[nodiscard]] Result<size_t> read(std::span<char> room);

  // Why a read() ended before the content did.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  // Bytes of the file as it lies on the disk that were read so far, and its size (0 = not known).
  [[nodiscard]] uint64_t raw_position() const { return raw_position_; }
  [[nodiscard]] uint64_t raw_size() const { return raw_size_; }
  // Known after the first read().
  [[nodiscard]] bool packed() const { return packing_ != Packing::none; }
  // Whether it can be opened again and says the same: a regular file.
  [[nodiscard]] bool repeatable() const { return repeatable_; }
  // Which file it is, device and inode: a regular file, a pipe, a socket or a terminal; nullopt of other devices.
  [[nodiscard]] const std::optional<std::pair<uint64_t, uint64_t>>& identity() const { return identity_; }
  // When it was written last; nullopt of what is no regular file.
  [[nodiscard]] std::optional<TimePoint> modified() const { return modified_; }

 private:
  InputStream(UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}
  [[nodiscard]] Result<size_t> read_raw(std::span<char> room);
  [[nodiscard]] Result<> detect();
  [[nodiscard]] Result<size_t> unpack_some(std::span<char> room);

  UniqueFd fd_;
  std::string name_;
  std::string buffer_;        // packed bytes …
  std::string_view pending_;  // … that are still to be unpacked
  std::unique_ptr<Unpacker> unpacker_;
  Packing packing_ = Packing::none;
  bool ended_ = false;
  std::optional<Error> error_;
  uint64_t raw_position_ = 0;
  uint64_t raw_size_ = 0;
  bool repeatable_ = false;
  std::optional<TimePoint> modified_;
  std::optional<std::pair<uint64_t, uint64_t>> identity_;
};

}  // namespace ipguard::cli
