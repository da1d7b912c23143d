// Asks whois servers on the loopback, and tells what that cost each server (CPU time of its process):
//   whois_load compare ROUNDS CLIENTS NAME:PORT:PID…         as fast as they answer, one query a connection, in turns
//   of
//                                                            half a second each; ratios are to the first one
//   whois_load paced SECONDS CLIENTS RATE NAME:PORT:PID…     RATE queries a second in all, at random times
//   whois_load bulk ADDRESSES NAME:PORT:PID                  all in one connection, bulk mode
//   whois_load idle CONNECTIONS NAME:PORT:PID                opens so many, says nothing on them, then asks once
// A latency counts from the moment when the query was due: what waits behind others waits in the figure, too. As fast
// as they answer, that is the number of clients by the queries a second, whoever answers.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <queue>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

std::mt19937_64 numbers(42);  // the same addresses each time

std::string random_address() {
  const auto value = static_cast<uint32_t>(numbers());
  return std::to_string(value >> 24U) + '.' + std::to_string(value >> 16U & 255U) + '.' +
         std::to_string(value >> 8U & 255U) + '.' + std::to_string(value & 255U);
}

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

struct Target {
  std::string name;
  uint16_t port = 0;
  pid_t pid = 0;
  // What was measured.
  double cpu = 0;
  double wall = 0;
  std::vector<double> latencies;  // milliseconds

  explicit Target(const std::string& text) {
    const auto first = text.find(':');
    const auto second = text.find(':', first + 1);
    name = text.substr(0, first);
    port = static_cast<uint16_t>(std::stoi(text.substr(first + 1, second - first - 1)));
    pid = std::stoi(text.substr(second + 1));
  }

  // User and system time of all its threads, in seconds.
  [[nodiscard]] double cpu_seconds() const {
    clockid_t clock = 0;
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
      give_up("whois_load: CPU time of the server");
    }
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }

  [[nodiscard]] int connect(int flags) const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | flags, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && flags == 0)) {
      give_up("whois_load: connect");
    }
    return fd;
  }
};

// Many clients of one server, one query a connection each.
class Clients {
 public:
  Clients(Target& target, size_t count) : target_(target), clients_(count), poller_(::epoll_create1(0)) {}
  ~Clients() {
    for (const auto& client : clients_) {
      if (client.fd >= 0) {
        ::close(client.fd);
      }
    }
    ::close(poller_);
  }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  // Connects and asks at once, as whois clients do.
  void ask(size_t number, Clock::time_point due) {
    Client& client = clients_[number];
    client = {.fd = target_.connect(SOCK_NONBLOCK), .query = random_address() + "\r\n", .due = due};
    epoll_event event{.events = EPOLLIN, .data = {.u64 = number}};
    if (!send(client)) {
      event.events = EPOLLIN | EPOLLOUT;
    }
    ::epoll_ctl(poller_, EPOLL_CTL_ADD, client.fd, &event);
  }

  // Waits at most so long; calls `done` for each client whose answer came and whose connection was closed.
  template <typename Done>
  void wait(int milliseconds, const Done& done) {
    epoll_event events[256];
    const int count = ::epoll_wait(poller_, events, 256, milliseconds);
    for (int i = 0; i < count; ++i) {
      Client& client = clients_[events[i].data.u64];
      if (!client.query.empty()) {
        epoll_event event{.events = EPOLLIN, .data = events[i].data};
        if (send(client)) {
          ::epoll_ctl(poller_, EPOLL_CTL_MOD, client.fd, &event);
        }
        continue;
      }
      char buffer[4096];
      ssize_t got = 0;
      while ((got = ::read(client.fd, buffer, sizeof buffer)) > 0) {
        client.answered = true;
      }
      if (got < 0 && errno == EAGAIN) {
        continue;
      }
      ::close(client.fd);
      client.fd = -1;
      if (!client.answered) {
        std::fprintf(stderr, "whois_load: %s closed without an answer\n", target_.name.c_str());
        std::exit(1);
      }
      target_.latencies.push_back(std::chrono::duration<double, std::milli>(Clock::now() - client.due).count());
      done(events[i].data.u64);
    }
  }

 private:
  struct Client {
    int fd = -1;
    std::string query;  // still to be sent
    bool answered = false;
    Clock::time_point due;
  };
  static bool send(Client& client) {
    if (::send(client.fd, client.query.data(), client.query.size(), MSG_NOSIGNAL) < 0) {
      return false;
    }
    client.query.clear();
    return true;
  }

  Target& target_;
  std::vector<Client> clients_;
  int poller_;
};

void print(const Target& target, const Target& first) {
  auto sorted = target.latencies;
  std::ranges::sort(sorted);
  const auto total = static_cast<double>(sorted.size());
  const auto at = [&](double share) { return sorted.empty() ? 0.0 : sorted[static_cast<size_t>(share * (total - 1))]; };
  const double rate = total / target.cpu;
  const double share = 100 * rate / (static_cast<double>(first.latencies.size()) / first.cpu);
  std::printf("  %-8s %7.0f queries/s of server CPU (%4.0f %%)  %7.0f queries/s  p50 %6.2f  p99 %6.2f ms\n",
              target.name.c_str(), rate, share, total / target.wall, at(0.5), at(0.99));
}

void compare(int rounds, size_t count, std::vector<Target>& targets) {
  for (int round = 0; round < rounds; ++round) {
    for (auto& target : targets) {
      Clients clients(target, count);
      const double before = target.cpu_seconds();
      const auto start = Clock::now();
      const auto end = start + std::chrono::milliseconds(500);
      for (size_t i = 0; i < count; ++i) {
        clients.ask(i, Clock::now());
      }
      size_t busy = count;
      while (busy > 0) {
        clients.wait(1000, [&](size_t number) {
          const auto now = Clock::now();
          if (now < end) {
            clients.ask(number, now);
          } else {
            --busy;
          }
        });
      }
      target.wall += std::chrono::duration<double>(Clock::now() - start).count();
      target.cpu += target.cpu_seconds() - before;
    }
  }
}

// Each client asks at random times, on average `rate` by the number of clients a second; one that is still waiting when
// its next query is due asks as soon as it may.
void paced(double seconds, size_t count, double rate, Target& target) {
  using Due = std::pair<Clock::time_point, size_t>;
  std::exponential_distribution<double> pause(rate / static_cast<double>(count));
  const auto after = [&](Clock::time_point time) {
    return time + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(pause(numbers)));
  };
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due;  // of idle clients
  std::vector<Clock::time_point> asked(count);
  for (size_t i = 0; i < count; ++i) {
    due.emplace(after(start), i);
  }
  Clients clients(target, count);
  const double before = target.cpu_seconds();
  size_t busy = 0;
  while (busy > 0 || (!due.empty() && due.top().first < end)) {
    while (!due.empty() && due.top().first < end && due.top().first <= Clock::now()) {
      const auto [time, number] = due.top();
      due.pop();
      asked[number] = time;
      clients.ask(number, time);
      ++busy;
    }
    clients.wait(due.empty() || due.top().first > Clock::now() + std::chrono::milliseconds(1) ? 1 : 0,
                 [&](size_t number) {
                   --busy;
                   due.emplace(after(asked[number]), number);
                 });
  }
  target.wall = std::chrono::duration<double>(Clock::now() - start).count();
  target.cpu = target.cpu_seconds() - before;
}

void bulk(size_t count, const Target& target) {
  std::string text = "begin\nverbose\n";
  for (size_t i = 0; i < count; ++i) {
    text += random_address() + '\n';
  }
  text += "end\n";
  const int fd = target.connect(0);
  const double before = target.cpu_seconds();
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
  std::printf("  %-8s %7.0f addresses/s of server CPU (%zu lines came)\n", target.name.c_str(),
              static_cast<double>(count) / (target.cpu_seconds() - before), lines);
}

void idle(size_t count, const Target& target) {
  std::vector<int> connections;
  for (size_t i = 0; i < count; ++i) {
    connections.push_back(target.connect(0));
  }
  const auto start = Clock::now();
  const int fd = target.connect(0);
  const std::string query = "8.8.8.8\r\n";
  (void)!::write(fd, query.data(), query.size());
  char buffer[4096];
  size_t bytes = 0;
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof buffer)) > 0;) {
    bytes += static_cast<size_t>(got);
  }
  std::printf("  %-8s %zu bytes after %.2f ms, with %zu idle connections opened before\n", target.name.c_str(), bytes,
              std::chrono::duration<double, std::milli>(Clock::now() - start).count(), connections.size());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string mode = words.empty() ? "" : words[0];
  const size_t before_targets = mode == "compare" ? 3 : mode == "paced" ? 4 : 2;
  if (words.size() <= before_targets) {
    std::fprintf(stderr, "usage: whois_load compare|paced|bulk|idle NUMBER… NAME:PORT:PID…\n");
    return 2;
  }
  std::vector<Target> targets(words.begin() + static_cast<ptrdiff_t>(before_targets), words.end());
  if (mode == "compare") {
    compare(std::stoi(words[1]), std::stoul(words[2]), targets);
  } else if (mode == "paced") {
    for (auto& target : targets) {
      paced(std::stod(words[1]), std::stoul(words[2]), std::stod(words[3]), target);
    }
  } else if (mode == "bulk") {
    bulk(std::stoul(words[1]), targets.front());
  } else {
    idle(std::stoul(words[1]), targets.front());
  }
  if (mode == "compare" || mode == "paced") {
    for (const auto& target : targets) {
      print(target, targets.front());
    }
  }
  return 0;
}
