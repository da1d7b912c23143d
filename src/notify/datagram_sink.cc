#include "notify/datagram_sink.h"

#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "base/text.h"
#include "base/unix_socket.h"

namespace ipguard::notify {
namespace {

constexpr int datagrams_a_turn = 200;
constexpr std::chrono::milliseconds datagram_retry_pause{1000};
// Whom it is waited for takes so many in such a time.
constexpr std::chrono::milliseconds listener_patience{1000};
constexpr uint64_t least_taken = 2000;

// A value that holds a line end goes behind its length, 64 bits little endian; others behind "=".
void append_field(std::string& datagram, std::string_view name, std::string_view value) {
  datagram += name;
  if (value.find('\n') == std::string_view::npos) {
    datagram.append(1, '=').append(value);
  } else {
    datagram += '\n';
    for (unsigned shift = 0; shift < 64; shift += 8) {
      datagram += static_cast<char>((static_cast<uint64_t>(value.size()) >> shift) & 0xffU);
    }
    datagram += value;
  }
  datagram += '\n';
}

}  // namespace

std::string journal_datagram(const Event& event) {
  std::string datagram;
  append_field(datagram, "MESSAGE", event.message);
  append_field(datagram, "PRIORITY", std::to_string(priority_of(event.kind)));
  append_field(datagram, "SYSLOG_IDENTIFIER", "ipguardd");
  for (const auto& [name, value] : event.fields) {
    append_field(datagram, name, value);
  }
  append_field(datagram, "IPGUARD_JSON", event.json);
  return datagram;
}

std::string syslog_datagram(const Event& event) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(event.time);
  std::tm local{};
  (void)::localtime_r(&seconds, &local);
  std::array<char, 32> stamp{};
  constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  (void)std::strftime(stamp.data(), stamp.size(), "%e %H:%M:%S", &local);
  return '<' + std::to_string(LOG_DAEMON | priority_of(event.kind)) + '>' +
         months.at(static_cast<size_t>(local.tm_mon)) + ' ' + stamp.data() + " ipguardd[" + std::to_string(::getpid()) +
         "]: @cee: " + event.json;
}

DatagramSink::DatagramSink(loop::EventLoop& loop, std::string path, Format format, size_t most)
    : Sink(most),
      path_(std::move(path)),
      format_(std::move(format)),
      timer_(loop, [this] { drain(); }),
      room_(loop, [this](unsigned) { drain(); }) {}

void DatagramSink::take(std::shared_ptr<const Event> event) {
  if (queue_.full() && counters_.problem.empty()) {
    drain();
  }
  queue_.push(std::move(event));
  if (!timer_.running() && counters_.problem.empty()) {
    timer_.start(std::chrono::milliseconds{0});
  }
}

Result<> DatagramSink::send_front() {
  if (!fd_.valid()) {
    const auto address = unix_address(path_, "socket");
    auto fd = open_unix_socket(SOCK_DGRAM);
    if (!address || !fd) {
      return std::unexpected(address ? fd.error() : address.error());
    }
    if (const int error = connect_to(fd->get(), *address); error != 0) {
      return fail_errno("cannot write to " + printable(path_), error);
    }
    fd_ = std::move(*fd);
  }
  const auto datagram = format_(*queue_.front());
  if (::send(fd_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL) >= 0) {
    return {};
  }
  const int error = errno;
  if (error != EAGAIN) {
    close();
  }
  return fail_errno("cannot write to " + printable(path_), error);
}

Result<> DatagramSink::reopen() {
  close();
  if (!queue_.empty()) {
    timer_.start(std::chrono::milliseconds{0});
  }
  return {};
}

bool DatagramSink::behind() {
  if (!queue_.half_full()) {
    waited_since_.reset();
    too_slow_ = false;
    return false;
  }
  if (!fd_.valid() && !counters_.problem.empty()) {
    return false;  // nobody is there
  }
  const auto now = std::chrono::steady_clock::now();
  if (!waited_since_ || counters_.delivered - delivered_then_ >= least_taken) {
    waited_since_ = now;
    delivered_then_ = counters_.delivered;
  } else if (now - *waited_since_ >= listener_patience) {
    too_slow_ = true;
  }
  return !too_slow_;
}

void DatagramSink::close() {
  room_.stop();
  fd_.reset();
  full_since_.reset();
}

// Who is behind for a moment, because much comes at once, is in no trouble yet.
void DatagramSink::wait_for_listener(const std::string& problem) {
  const auto now = std::chrono::steady_clock::now();
  if (fd_.valid()) {
    full_since_ = full_since_.value_or(now);
    room_.start(fd_.get(), loop::IoWatcher::writable);
  }
  if (!fd_.valid() || now - *full_since_ >= datagram_retry_pause) {
    begin_problem(problem, problem);
  }
  if (!fd_.valid() || counters_.problem.empty()) {
    timer_.start(datagram_retry_pause);
  }
}

void DatagramSink::drain() {
  room_.stop();
  for (int i = 0; i < datagrams_a_turn && !queue_.empty(); ++i) {
    if (auto sent = send_front(); !sent) {
      wait_for_listener(sent.error().message);
      return;
    }
    end_problem(path_, "it takes events again");
    full_since_.reset();
    queue_.pop();
    ++counters_.delivered;
  }
  if (!queue_.empty()) {
    timer_.start(std::chrono::milliseconds{0});
  }
}

}  // namespace ipguard::notify
