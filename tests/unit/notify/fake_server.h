// A server that takes requests in the loop and answers as it is told to, or not at all.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <list>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "loop/event_loop.h"
#include "net/listen.h"

namespace ipguard::notify {

class FakeServer {
 public:
  explicit FakeServer(loop::EventLoop& event_loop)
      : loop(event_loop),
        listener(net::listen_tcp(*net::Endpoint::parse("127.0.0.1:0")).value()),
        watcher(loop, [this](unsigned) { accept(); }) {
    watcher.start(listener.get(), loop::IoWatcher::readable);
  }
  std::string url() const {
    net::SocketAddress own;
    ::getsockname(listener.get(), own.get(), &own.length);
    return "http://user:secret@127.0.0.1:" + std::to_string(own.endpoint()->port) + "/hook?key=secret";
  }

  std::vector<std::string> answers;  // status lines and headers, one a request; the last one goes on
  bool silent = false;               // takes requests and says nothing
  std::vector<std::string> requests;

 private:
  struct Client {
    Client(loop::EventLoop& loop, FakeServer& owner, UniqueFd descriptor)
        : fd(std::move(descriptor)), watcher(loop, [this, &owner](unsigned) { owner.read(*this); }) {
      watcher.start(fd.get(), loop::IoWatcher::readable);
    }
    UniqueFd fd;
    std::string input;
    loop::IoWatcher watcher;
  };
  void accept() {
    UniqueFd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.valid()) {
      clients.emplace_back(loop, *this, std::move(fd));
    }
  }
  void read(Client& client) {
    std::array<char, 65536> buffer;
    const ssize_t count = ::recv(client.fd.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) {
      client.watcher.stop();
      return;
    }
    client.input.append(buffer.data(), static_cast<size_t>(count));
    const auto head = client.input.find("\r\n\r\n");
    const auto length = client.input.find("Content-Length: ");
    if (head == std::string::npos || length == std::string::npos ||
        client.input.size() < head + 4 + std::stoul(client.input.substr(length + 16))) {
      return;
    }
    requests.push_back(std::exchange(client.input, {}));
    if (silent) {
      return;
    }
    const auto answer = "HTTP/1.1 " + answers.front() + "\r\nContent-Length: 0\r\n\r\n";
    if (answers.size() > 1) {
      answers.erase(answers.begin());
    }
    static_cast<void>(::send(client.fd.get(), answer.data(), answer.size(), MSG_NOSIGNAL));
  }

  loop::EventLoop& loop;
  UniqueFd listener;
  loop::IoWatcher watcher;
  std::list<Client> clients;
};

}  // namespace ipguard::notify
