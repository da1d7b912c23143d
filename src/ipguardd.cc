// ipguardd: arguments, one call, exit status.
#include <CLI/CLI.hpp>
#include <fcntl.h>

#include <csignal>
#include <string>
#include <string_view>

#include "base/program_end.h"
#include "base/version.h"
#include "daemon/daemon.h"

namespace {

constexpr std::string_view name = "ipguardd";

// A file that is opened later must not become standard input, which may be a source, or standard error.
void open_closed_descriptors() {
  for (const int fd : {0, 1, 2}) {
    if (::fcntl(fd, F_GETFD) < 0) {
      static_cast<void>(::open("/dev/null", O_RDWR));  // the lowest number that is free
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  open_closed_descriptors();
  ipguard::StandardOutput output;
  CLI::App app{"Follows logs, recognises attacks and has the kernel drop the attackers' packets.", "ipguardd"};
  ipguard::daemon::Options options;
  bool check = false;
  app.add_option("-c,--config", options.config_path, "configuration file")->type_name("FILE")->required();
  app.add_flag("--dry-run", options.dry_run,
               "change nothing in the kernel, need no privilege,\nreport what would be done");
  app.add_flag("--check", check, "load configuration, rules and database,\nprint every problem, exit 0 or 78");
  app.set_version_flag("-V,--version", "ipguardd " + std::string(ipguard::version()), "print the version and exit");
  app.footer(
      "Signals: TERM and INT stop (bans stay in the kernel unless [enforce]\n"
      "keep_on_stop = false); HUP reloads, and makes deleted sockets again.\n"
      "See also: ipguardctl --help");
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return "ipguardd: " + std::string(error.what()) + "\nTry 'ipguardd --help'.\n";
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return ipguard::end_program(name, output, app.exit(error) == 0 ? 0 : 2);
  }
  if (!check) {
    (void)std::signal(SIGPIPE, SIG_IGN);  // whoever reads standard error may go: protection goes on without
  }
  const auto result = check ? ipguard::daemon::check(options) : ipguard::daemon::run(options);
  return ipguard::end_program(name, output, ipguard::end_program(name, result));
}
