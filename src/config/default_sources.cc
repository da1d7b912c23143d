// Where servers that are set up as their distribution does it have their logs. etc/ipguard.toml has the same (a test
// compares them).
#include "config/source.h"

namespace ipguard::config {
namespace {

SourceConfig of_files(const char* name, std::vector<std::string> paths) {
  SourceConfig source;
  source.name = name;
  source.paths = std::move(paths);
  return source;
}

}  // namespace

std::vector<SourceConfig> default_sources() {
  std::vector<SourceConfig> sources = {
      of_files("web", {"/var/log/nginx/*access.log", "/var/log/apache2/*access.log", "/var/log/httpd/*access_log"}),
      of_files("web-error", {"/var/log/apache2/*error.log", "/var/log/httpd/*error_log"}),
  };
  // What daemons say is in the journal, and where a syslog daemon runs besides, once more in its files: reading both
  // would count each line twice.
  SourceConfig system;
  system.name = "system";
  system.kind = SourceKind::journal;
  system.journal = "system";
  system.fallback = {"/var/log/auth.log", "/var/log/secure", "/var/log/mail.log", "/var/log/maillog"};
  sources.push_back(std::move(system));
  return sources;
}

}  // namespace ipguard::config
