// ipguardd: arguments, one call, exit status.
#include <CLI/CLI.hpp>
#include <fcntl.h>

#include <csignal>
#include <iostream>

#include "base/log.h"
#include "base/standard_output.h"
#include "base/text.h"
#include "base/version.h"
#include "daemon/daemon.h"

namespace {

int report(const ipguard::Result<>& result) {
  if (result) {
    return 0;
  }
  const auto& message = result.error().message;
  if (!message.empty() && ipguard::log_is_set_up()) {
    ipguard::log_error(ipguard::printable(message));  // its last words, with time and level as all before
  } else if (!message.empty()) {
    std::cerr << "ipguardd: " << message << '\n';
  }
  return ipguard::exit_status(result.error().code);
}

// What was printed must have arrived: a full disk is a failure.
int finish(ipguard::StandardOutput& output, int status) {
  const int written = report(output.finish());
  return status == 0 ? written : status;
}

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
    return finish(output, app.exit(error) == 0 ? 0 : 2);
  }
  if (check) {
    return finish(output, report(ipguard::daemon::check(options)));
  }
  (void)std::signal(SIGPIPE, SIG_IGN);  // whoever reads standard error may go: protection goes on without
  return finish(output, report(ipguard::daemon::run(options)));
}
