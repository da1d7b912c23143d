// What `ipguardctl doctor` looks at, and what it finds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "cli/options.h"
#include "config/config.h"
#include "match/rule_set.h"

namespace ipguard::cli {

struct Finding {
  enum class Verdict : uint8_t { good, note, problem };
  Verdict verdict = Verdict::good;
  std::string subject;      // "database", "source web"
  std::string text;         // one sentence, printable
  std::string remedy = {};  // of a problem: what to do, in one line
  Json details = Json::object();
};
using Findings = std::vector<Finding>;

// Files and journals of all sources: there, readable for this user, recognised. `rules` may be null (they are broken).
void examine_sources(const config::Config& config, const std::shared_ptr<const match::RuleSet>& rules, TimePoint now,
                     Findings& findings);  // doctor_sources.cc
void examine_database(const config::Config& config, TimePoint now, Findings& findings);
// Whether this process may change nftables, and the kernel has them.
void examine_nftables(const config::Config& config, Findings& findings);
void examine_daemon(const std::string& socket, Findings& findings);

[[nodiscard]] std::string findings_text(const Findings& findings, size_t width);
[[nodiscard]] Json findings_json(const Findings& findings);

}  // namespace ipguard::cli
