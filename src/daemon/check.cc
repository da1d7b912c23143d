// What `ipguardd --check` does.
#include "daemon/daemon.h"
#include "daemon/load.h"

namespace ipguard::daemon {

Result<> check(const Options& options) {
  return load_or_tell(options.config_path) ? Result<>{} : fail(Errc::configuration, "");
}

}  // namespace ipguard::daemon
