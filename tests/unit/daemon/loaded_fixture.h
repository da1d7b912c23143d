// What a guard of the tests starts from.
#pragma once

#include <string>
#include <utility>

#include "daemon/load.h"

namespace ipguard::daemon {

// The documentation database, no rules; what `config` protects, but nothing that this machine has.
inline Loaded test_loaded(config::Config config = {}, const std::string& database = "doc-ranges.mmdb") {
  config::Diagnostics diagnostics;
  Loaded loaded;
  loaded.config = std::move(config);
  loaded.config.protect.own_addresses = false;
  loaded.config.protect.gateways = false;
  loaded.config.protect.resolvers = false;
  loaded.rules = match::RuleSet::compile({}, diagnostics);
  loaded.routes = enrich::RouteTable::open({IPGUARD_SOURCE_DIR "/tests/data/" + database}).value();
  return loaded;
}

}  // namespace ipguard::daemon
