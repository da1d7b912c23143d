// The writer: the process beside the daemon that alone may change nftables (writer_service.h).
#pragma once

#include <string>

#include "base/result.h"

namespace ipguard::writer {

// Gives up all privileges but CAP_NET_ADMIN (nftables), CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH (whose SSH session a
// connection is), and answers until the daemon has gone. Standard input is a socket to it (as
// enforce::WriterClient has it), whose other end is this user's or root's. Reads `config_path` by itself. Errc::usage
// for any other standard input.
[[nodiscard]] Result<> run(const std::string& config_path);

}  // namespace ipguard::writer
