// ipguard-writer: what changes nftables for ipguardd. One argument (the configuration), one call, exit status.
#include <iostream>

#include "writer/writer.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: ipguard-writer CONFIG, with a socket to ipguardd as standard input\n";
    return 2;
  }
  const auto done = ipguard::writer::run(argv[1]);
  if (!done) {
    std::cerr << "ipguard-writer: " << done.error().message << '\n';
  }
  return done ? 0 : ipguard::exit_status(done.error().code);
}
