// Asks a whois server on the loopback as fast as it answers, and tells what that cost the server:
//   whois_load queries PORT PID SECONDS CLIENTS   one query a connection, so many at a time
//   whois_load bulk PORT PID ADDRESSES            all in one connection, bulk mode
//   whois_load idle PORT PID CONNECTIONS          opens so many, says nothing on them, then asks once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

uint16_t port = 0;
uint64_t state = 42;

std::string random_address() {  // Knuth's generator: the same addresses each time
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  const auto value = static_cast<uint32_t>(state >> 32U);
  return std::to_string(value >> 24U) + '.' + std::to_string(value >> 16U & 255U) + '.' +
         std::to_string(value >> 8U & 255U) + '.' + std::to_string(value & 255U);
}

// User and system time of the process, in seconds: fields 14 and 15 of proc_pid_stat(5).
double cpu_seconds(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  const std::vector<std::string> words{std::istream_iterator<std::string>(fields), {}};
  return (std::stod(words.at(11)) + std::stod(words.at(12))) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

int open_connection(int flags) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | flags, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && flags == 0)) {
    std::perror("whois_load: connect");
    std::exit(1);
  }
  return fd;
}

struct Client {
  int fd = -1;
  bool asked = false;
  Clock::time_point begun;
};

void begin(Client& client, size_t number, int poller) {
  client = {.fd = open_connection(SOCK_NONBLOCK), .asked = false, .begun = Clock::now()};
  epoll_event event{.events = EPOLLIN | EPOLLOUT, .data = {.u64 = number}};
  ::epoll_ctl(poller, EPOLL_CTL_ADD, client.fd, &event);
}

void queries(const std::string& pid, double seconds, size_t clients) {
  const int poller = ::epoll_create1(0);
  std::vector<Client> all(clients);
  for (size_t i = 0; i < clients; ++i) {
    begin(all[i], i, poller);
  }
  std::vector<double> latencies;
  const double before = cpu_seconds(pid);
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration<double>(seconds);
  while (Clock::now() < end) {
    epoll_event events[256];
    const int count = ::epoll_wait(poller, events, 256, 1000);
    for (int i = 0; i < count; ++i) {
      Client& client = all[events[i].data.u64];
      char buffer[4096];
      if (!client.asked && (events[i].events & EPOLLOUT) != 0) {
        const std::string query = random_address() + "\r\n";
        client.asked = ::send(client.fd, query.data(), query.size(), MSG_NOSIGNAL) > 0;
        epoll_event event{.events = EPOLLIN, .data = events[i].data};
        ::epoll_ctl(poller, EPOLL_CTL_MOD, client.fd, &event);
      } else if (const auto got = ::read(client.fd, buffer, sizeof buffer); got == 0) {
        latencies.push_back(std::chrono::duration<double, std::milli>(Clock::now() - client.begun).count());
        ::close(client.fd);
        begin(client, events[i].data.u64, poller);
      }
    }
  }
  const double cpu = cpu_seconds(pid) - before;
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  std::ranges::sort(latencies);
  const auto at = [&](double share) {
    return latencies[static_cast<size_t>(share * static_cast<double>(latencies.size() - 1))];
  };
  const auto total = static_cast<double>(latencies.size());
  std::printf("%8.0f queries/s of server CPU  %8.0f queries/s  p50 %6.2f ms  p99 %6.2f ms\n", total / cpu, total / wall,
              at(0.5), at(0.99));
}

void bulk(const std::string& pid, size_t count) {
  std::string text = "begin\nverbose\n";
  for (size_t i = 0; i < count; ++i) {
    text += random_address() + '\n';
  }
  text += "end\n";
  const int fd = open_connection(0);
  const double before = cpu_seconds(pid);
  std::thread writer([&] {
    for (size_t sent = 0; sent < text.size();) {
      const auto size = ::send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) {
        return;
      }
      sent += static_cast<size_t>(size);
    }
  });
  size_t lines = 0;
  std::vector<char> buffer(1U << 18U);
  for (ssize_t got = 0; (got = ::read(fd, buffer.data(), buffer.size())) > 0;) {
    lines += static_cast<size_t>(std::count(buffer.begin(), buffer.begin() + got, '\n'));
  }
  writer.join();
  std::printf("%8.0f addresses/s of server CPU (%zu lines came)\n",
              static_cast<double>(count) / (cpu_seconds(pid) - before), lines);
}

void idle(size_t count) {
  std::vector<int> connections;
  for (size_t i = 0; i < count; ++i) {
    connections.push_back(open_connection(0));
  }
  const auto start = Clock::now();
  const int fd = open_connection(0);
  const std::string query = "8.8.8.8\r\n";
  (void)!::write(fd, query.data(), query.size());
  char buffer[4096];
  size_t bytes = 0;
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof buffer)) > 0;) {
    bytes += static_cast<size_t>(got);
  }
  std::printf("%zu bytes after %.2f ms, with %zu idle connections opened before\n", bytes,
              std::chrono::duration<double, std::milli>(Clock::now() - start).count(), connections.size());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 4) {
    std::fprintf(stderr, "usage: whois_load queries|bulk|idle PORT PID …\n");
    return 2;
  }
  port = static_cast<uint16_t>(std::stoi(words[1]));
  if (words[0] == "queries" && words.size() == 5) {
    queries(words[2], std::stod(words[3]), std::stoul(words[4]));
  } else if (words[0] == "bulk") {
    bulk(words[2], std::stoul(words[3]));
  } else {
    idle(std::stoul(words[3]));
  }
  return 0;
}
