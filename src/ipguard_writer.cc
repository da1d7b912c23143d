// ipguard-writer: the process that ipguardd starts to change nftables. One argument, one call, exit status.
#include <iostream>

#include "writer/writer.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "ipguard-writer: is started by ipguardd, and of no use without it\n";
    return 2;
  }
  const auto done = ipguard::writer::run(argv[1]);
  if (!done) {
    std::cerr << "ipguard-writer: " << done.error().message << '\n';
  }
  return done ? 0 : ipguard::exit_status(done.error().code);
}
