#include "daemon/writer_process.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "base/unix_socket.h"

namespace ipguard::daemon {
namespace {

// Beside this program, as a build leaves it, or where an installation puts what people do not call (hier(7)).
Result<std::string> find_writer() {
  std::error_code error;
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const std::filesystem::path& place : {own, own / "../libexec/ipguard"}) {
    std::string program = (place / enforce::writer_name).lexically_normal();
    if (::access(program.c_str(), X_OK) == 0) {
      return program;
    }
  }
  return fail(Errc::not_found, "there is no program " + std::string(enforce::writer_name) + " in " +
                                   printable(own.string()) + " or its ../libexec/ipguard: is the installation whole?");
}

// Between fork(2) and exec(3): system calls alone.
void become_writer(const char* program, int questions, const char* config_path) {
  if (::dup2(questions, STDIN_FILENO) < 0) {
    return;
  }
  // What a terminal sends to both is for the daemon to answer, from the first instant on (writer/writer.cc); and what
  // it holds back while it begins (loop::hold_signals) would be held back here for good.
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    (void)::signal(number, SIG_IGN);
  }
  sigset_t none{};
  (void)::sigemptyset(&none);
  (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
  (void)::close_range(STDERR_FILENO + 1, UINT32_MAX, CLOSE_RANGE_CLOEXEC);
  std::array<char*, 3> arguments = {const_cast<char*>(program), const_cast<char*>(config_path), nullptr};
  ::execv(program, arguments.data());
}

Result<pid_t> start_program(int questions, const std::string& config_path) {
  const auto program = find_writer();
  if (!program) {
    return std::unexpected(program.error());
  }
  const pid_t process = ::fork();
  if (process < 0) {
    return fail_errno("cannot start the process that writes to nftables", errno);
  }
  if (process == 0) {
    become_writer(program->c_str(), questions, config_path.c_str());
    constexpr std::string_view words = "ipguardd: cannot start ipguard-writer\n";
    (void)!::write(STDERR_FILENO, words.data(), words.size());
    ::_exit(1);
  }
  return process;
}

// Empty if there is none.
std::string socket_of_service_manager() {
  const char* const path = std::getenv(writer_socket);
  return path == nullptr ? std::string() : path;
}

// Where the service manager starts a writer for whoever connects.
Result<UniqueFd> call_service_manager(const std::string& path) {
  const auto address = unix_address(path, writer_socket);
  if (!address) {
    return std::unexpected(address.error());
  }
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return fail_errno("cannot open a socket", errno);
  }
  if (const int error = connect_to(fd.get(), *address); error != 0) {
    return fail_errno(printable(path) + " (" + writer_socket + ")", error);
  }
  return fd;
}

}  // namespace

Result<WriterProcess> WriterProcess::start(const std::string& config_path) {
  WriterProcess writer;
  if (!socket_of_service_manager().empty()) {
    return writer;
  }
  auto ends = enforce::Channel::pair();
  if (!ends) {
    return std::unexpected(std::move(ends.error()));
  }
  auto process = start_program(ends->second.get(), config_path);
  if (!process) {
    return std::unexpected(std::move(process.error()));
  }
  writer.process_ = *process;
  if (auto opened = writer.open_client(std::move(ends->first)); !opened) {
    return std::unexpected(std::move(opened.error()));
  }
  return writer;
}

Result<> WriterProcess::settle(bool dry_run) {
  if (dry_run) {
    dismiss();
    return {};
  }
  if (client_ != nullptr) {
    return {};
  }
  auto called = call_service_manager(socket_of_service_manager());
  return called ? open_client(std::move(*called)) : std::unexpected(std::move(called.error()));
}

Result<> WriterProcess::open_client(UniqueFd questions) {
  auto client = enforce::WriterClient::open(std::move(questions));
  if (!client) {
    return std::unexpected(std::move(client.error()));
  }
  client_ = std::move(*client);
  return {};
}

WriterProcess::WriterProcess(WriterProcess&& other) noexcept
    : process_(std::exchange(other.process_, -1)), client_(std::move(other.client_)) {}

WriterProcess::~WriterProcess() { dismiss(); }

void WriterProcess::dismiss() {
  client_.reset();  // it ends for want of questions
  if (process_ > 0) {
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
  }
}

}  // namespace ipguard::daemon
