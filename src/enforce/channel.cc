#include "enforce/channel.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace ipguard::enforce {

Result<std::pair<UniqueFd, UniqueFd>> Channel::pair() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail_errno("cannot make a pair of sockets", errno);
  }
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

// By the socket's own timeouts, socket(7).
void Channel::give_up_after(std::chrono::milliseconds patience) {
  patience_ = patience;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timeval limit{.tv_sec = seconds.count(), .tv_usec = std::chrono::microseconds(patience - seconds).count()};
  for (const int side : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    (void)setsockopt(fd_.get(), SOL_SOCKET, side, &limit, sizeof limit);
  }
}

std::unexpected<Error> Channel::failure(std::string_view what) const {
  if (errno == EAGAIN) {
    return fail("no answer for " + std::to_string(patience_.count()) + " ms");
  }
  return fail_errno(std::string(what), errno);
}

Result<> Channel::send(std::string_view message) {
  if (message.size() > longest_) {
    return fail(Errc::invalid, "a message of " + std::to_string(message.size()) + " bytes is too long");
  }
  std::array<char, 4> head{};
  for (size_t i = 0; i < head.size(); ++i) {
    head.at(i) = static_cast<char>(message.size() >> (8 * i) & 0xff);
  }
  for (size_t sent = 0; sent < head.size() + message.size();) {
    const size_t of_head = std::min(sent, head.size());
    const std::string_view rest = message.substr(sent - of_head);
    std::array<iovec, 2> parts = {
        {{head.data() + of_head, head.size() - of_head}, {const_cast<char*>(rest.data()), rest.size()}}};  // only read
    msghdr header{};
    header.msg_iov = parts.data();
    header.msg_iovlen = parts.size();
    const ssize_t count = sendmsg(fd_.get(), &header, MSG_NOSIGNAL);
    if (count >= 0) {
      sent += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      return failure("cannot send");
    }
  }
  return {};
}

Result<size_t> Channel::read_whole(char* room, size_t size) {
  size_t got = 0;
  while (got < size) {
    const ssize_t count = recv(fd_.get(), room + got, size - got, 0);
    if (count > 0) {
      got += static_cast<size_t>(count);
    } else if (count == 0) {
      break;
    } else if (errno != EINTR) {
      return failure("cannot receive");
    }
  }
  return got;
}

Result<std::optional<std::string>> Channel::receive() {
  constexpr size_t step = 1U << 20;
  std::array<char, 4> head{};
  const auto begun = read_whole(head.data(), head.size());
  if (!begun) {
    return std::unexpected(begun.error());
  }
  if (*begun == 0) {
    return std::nullopt;
  }
  size_t size = 0;
  for (size_t i = 0; i < head.size(); ++i) {
    size |= static_cast<size_t>(static_cast<uint8_t>(head.at(i))) << (8 * i);
  }
  if (*begun == head.size() && size > longest_) {
    return fail(Errc::corrupt, "a message of " + std::to_string(size) + " bytes is too long");
  }
  bool whole = *begun == head.size();
  std::string message;
  while (whole && message.size() < size) {
    const size_t before = message.size();
    const size_t wanted = std::min(step, size - before);
    message.resize(before + wanted);
    const auto got = read_whole(message.data() + before, wanted);
    if (!got) {
      return std::unexpected(got.error());
    }
    whole = *got == wanted;
  }
  if (!whole) {
    return fail(Errc::corrupt, "the other end has gone in the middle of a message");
  }
  return message;
}

namespace {

// A byte has to go with it.
struct DescriptorMessage {
  DescriptorMessage() {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
  }
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
};

}  // namespace

Result<> Channel::send_descriptor(int fd) {
  DescriptorMessage message;
  cmsghdr* rights = CMSG_FIRSTHDR(&message.header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  while (sendmsg(fd_.get(), &message.header, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) {
      return failure("cannot pass a descriptor on");
    }
  }
  return {};
}

Result<UniqueFd> Channel::receive_descriptor() {
  DescriptorMessage message;
  ssize_t count = 0;
  while ((count = recvmsg(fd_.get(), &message.header, MSG_CMSG_CLOEXEC)) < 0) {
    if (errno != EINTR) {
      return failure("cannot take a descriptor over");
    }
  }
  const cmsghdr* rights = count == 0 ? nullptr : CMSG_FIRSTHDR(&message.header);
  int fd = -1;
  if (rights == nullptr || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS ||
      rights->cmsg_len != CMSG_LEN(sizeof fd)) {
    return count == 0 ? fail("the other process has gone") : fail(Errc::corrupt, "there is no descriptor");
  }
  std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
  return UniqueFd(fd);
}

}  // namespace ipguard::enforce
