// ipguard-writer: what changes nftables for ipguardd. One argument (the configuration), one call, exit status.
#include <iostream>
#include <string_view>

#include "base/program_end.h"
#include "base/version.h"
#include "writer/writer.h"

namespace {

constexpr std::string_view usage =
    "Usage: ipguard-writer CONFIG\n"
    "\n"
    "Changes nftables for ipguardd, which starts it, or has a service manager start it, with a socket to itself as\n"
    "standard input. It is of no use without that: see PRIVILEGE in ipguardd(8).\n"
    "\n"
    "Options:\n"
    "  -h, --help     print this and exit\n"
    "  -V, --version  print the version and exit\n";

constexpr std::string_view name = "ipguard-writer";

}  // namespace

int main(int argc, char** argv) {
  const std::string_view argument = argc == 2 ? argv[1] : "";
  const bool wants_version = argument == "--version" || argument == "-V";
  if (wants_version || argument == "--help" || argument == "-h") {
    ipguard::StandardOutput output;
    if (wants_version) {
      std::cout << "ipguard-writer " << ipguard::version() << '\n';
    } else {
      std::cout << usage;
    }
    return ipguard::end_program(name, output, 0);
  }
  if (argument.empty() || argument.starts_with('-')) {
    std::cerr << "ipguard-writer: one configuration is wanted as its argument\nTry 'ipguard-writer --help'.\n";
    return 2;
  }
  return ipguard::end_program(name, ipguard::writer::run(argv[1]));
}
