// Course: what the daemon would have decided, had it read these logs when they were written.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "config/config.h"
#include "decide/engine.h"
#include "enforce/enforcer.h"
#include "enforce/protection.h"
#include "enrich/route_table.h"
#include "model/hit.h"
#include "net/address.h"
#include "net/prefix_set.h"
#include "report/balance.h"

namespace ipguard::cli {

// The chain of daemon/guard.cc behind the matcher, in a dry run and in log time. Protected are loopback, the allowlist
// and the proxies that the configuration names, nothing of the host that runs it: the log may be another's.
// Used by one thread.
class Course {
 public:
  // `fits`: the decisions that are asked for; all without it.
  Course(const config::Config& config, std::shared_ptr<const enrich::RouteTable> routes,
         report::Balance::Fits fits = {});
  ~Course();
  Course(const Course&) = delete;
  Course& operator=(const Course&) = delete;

  // In log time: `now` never goes back. `path` names the source for evidence, the same text for all of its hits.
  void take_hit(const model::Hit& hit, std::string_view path, TimePoint now);  // its rule outlives the course
  void take_login(const net::Address& address, TimePoint time, TimePoint now);
  void take_visit(const net::Address& address, bool good, bool user_known, TimePoint time, TimePoint now);

  [[nodiscard]] const report::Balance& balance() const { return balance_; }
  [[nodiscard]] const decide::Engine& engine() const { return engine_; }

 private:
  void take_changes(TimePoint now);
  void expire(TimePoint now);

  std::shared_ptr<const enrich::RouteTable> routes_;
  enforce::Protection protection_;
  std::unique_ptr<enforce::Enforcer> enforcer_;
  decide::Engine engine_;
  // A line's hits come one after the other.
  struct LinePlace {
    const char* path = nullptr;
    uint64_t offset = 0;
  };

  net::PrefixSet spared_;             // what no ban blocks, whatever it covers
  std::optional<net::Address> last_;  // of the last hit
  bool last_spared_ = false;
  LinePlace last_line_;
  report::Balance balance_;
  std::unordered_map<const model::Rule*, uint32_t> rule_numbers_;  // in balance_
};

}  // namespace ipguard::cli
