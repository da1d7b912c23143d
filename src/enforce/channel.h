// Channel: whole messages over a stream socket between two processes of ours.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ipguard::enforce {

// A message is its length (32 bits, little-endian) and its bytes. Blocks until a message is through: one side asks, the
// other answers. Each end is owned by one thread.
class Channel {
 public:
  // `fd`: a connected, blocking stream socket. Longer messages than `longest` bytes are neither sent nor taken.
  Channel(UniqueFd fd, size_t longest) : fd_(std::move(fd)), longest_(longest) {}

  // From now on an error when nothing moves for so long, instead of waiting for ever. What is under way then is lost.
  void give_up_after(std::chrono::milliseconds patience);

  // Both ends; closed on exec(3).
  [[nodiscard]] static Result<std::pair<UniqueFd, UniqueFd>> pair();

  [[nodiscard]] Result<> send(std::string_view message);
  // nullopt when the other end has closed between two messages. Errc::corrupt for a length over the bound. Memory is
  // taken as the bytes come, not as the length promises.
  [[nodiscard]] Result<std::optional<std::string>> receive();

  // A descriptor ahead of the first message (SCM_RIGHTS, unix(7)). Errc::corrupt if something else comes.
  [[nodiscard]] Result<> send_descriptor(int fd);
  [[nodiscard]] Result<UniqueFd> receive_descriptor();

  // Readable when a message comes, or when the other end has gone.
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  // What errno says of a call that failed.
  [[nodiscard]] std::unexpected<Error> failure(std::string_view what) const;
  // How many of `size` bytes came before the end of the stream.
  [[nodiscard]] Result<size_t> read_whole(char* room, size_t size);

  UniqueFd fd_;
  size_t longest_;
  std::chrono::milliseconds patience_{};
};

}  // namespace ipguard::enforce
