// Logs and plans for tests of `report`.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "cli/report_run.h"
#include "config/rule_file.h"
#include "support/temp_folder.h"

namespace ipguard::cli {

// A line and when it was written.
struct TimedLine {
  TimePoint time;
  std::string text;
};

inline constexpr int64_t log_begin = 1'777'600'000;  // 2026-05-01T01:46:40Z

inline std::string clf_stamp(TimePoint time) {
  const auto text = format_rfc3339(time);  // 2026-05-01T01:46:40Z
  return text.substr(8, 2) + "/May/" + text.substr(0, 4) + ":" + text.substr(11, 8) + " +0000";
}

inline std::string access_line(TimePoint time, const std::string& address, const std::string& path, int status,
                               const std::string& user = "-") {
  return address + " - " + user + " [" + clf_stamp(time) + "] \"GET " + path + " HTTP/1.1\" " + std::to_string(status) +
         " 153 \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0\"";
}

// Visitors, users and attackers from the documentation ranges, in order of time: a few hours, some thousand lines.
inline std::vector<TimedLine> make_access_log(uint64_t seed, int count) {
  static const std::vector<std::string> probes = {
      "/phpMyAdmin/scripts/setup.php", "/.env",    "/.git/config", "/wp-login.php",
      "/cgi-bin/.%2e/.%2e/etc/passwd", "/old/page"};
  static const std::vector<std::string> nets = {"192.0.2.", "198.51.100.", "203.0.113.",
                                                "2001:db8:1::", "2001:db8:2:3::"};
  std::mt19937_64 random(seed);
  std::vector<TimedLine> lines;
  TimePoint time{Seconds(log_begin)};
  for (int i = 0; i < count; ++i) {
    time += Seconds(random() % 4);
    const auto& net = nets[random() % nets.size()];
    const std::string address = net + std::to_string(random() % 40 + 1);
    const auto what = random() % 10;
    if (what < 3) {
      lines.push_back({time, access_line(time, address, probes[random() % probes.size()], 404)});
    } else {
      lines.push_back({time, access_line(time, net + std::to_string(random() % 40 + 100), "/" + std::to_string(i), 200,
                                         what == 9 ? "alice" : "-")});
    }
  }
  return lines;
}

inline std::vector<TimedLine> make_auth_log(uint64_t seed, int count) {
  std::mt19937_64 random(seed);
  std::vector<TimedLine> lines;
  TimePoint time{Seconds(log_begin)};
  for (int i = 0; i < count; ++i) {
    time += Seconds(random() % 20);
    const auto stamp = format_rfc3339(time).substr(0, 19) + "+00:00 host sshd[" + std::to_string(1000 + i) + "]: ";
    const std::string address = "198.51.100." + std::to_string(random() % 30 + 1);
    lines.push_back(
        {time,
         stamp + (random() % 8 == 0 ? "Accepted publickey for bob from 198.51.100.77 port 4711 ssh2: RSA SHA256:x"
                                    : "Failed password for invalid user admin from " + address + " port 4711 ssh2")});
  }
  return lines;
}

inline std::string text_of(const std::vector<TimedLine>& lines) {
  std::string text;
  for (const auto& line : lines) {
    text += line.text + '\n';
  }
  return text;
}

inline std::shared_ptr<const enrich::RouteTable> test_routes() {
  return enrich::RouteTable::open({IPGUARD_SOURCE_DIR "/tests/data/doc-ranges.mmdb"}).value();
}

inline std::shared_ptr<const match::RuleSet> shipped_rules() {
  static const auto rules = [] {
    config::Diagnostics diagnostics;
    auto loaded =
        config::select_rules(config::load_rules({IPGUARD_SOURCE_DIR "/rules"}, diagnostics), {}, {}, diagnostics);
    auto set = match::RuleSet::compile(std::move(loaded), diagnostics);
    EXPECT_EQ(diagnostics.error_count(), 0U) << diagnostics.to_string();
    return set;
  }();
  return rules;
}

inline config::Config test_config(const std::vector<std::string>& settings) {
  config::Diagnostics diagnostics;
  auto config = config::parse_config("", "t.toml", diagnostics, settings);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.to_string();
  return config;
}

inline ReportPlan make_plan(const std::vector<std::string>& paths, const std::vector<std::string>& settings = {}) {
  ReportPlan plan;
  plan.rules = shipped_rules();
  plan.policy = {.config = test_config(settings), .rules = std::vector<bool>(plan.rules->rules().size(), true)};
  plan.routes = test_routes();
  plan.generated = TimePoint(Seconds(log_begin + 30LL * 24 * 3600));
  plan.inputs = look_at_inputs(paths, {}, plan.policy.config, nullptr, plan.generated);
  plan.groups = 1000;
  plan.decisions = 100'000;
  plan.memory = 64U << 20U;
  plan.show_progress = false;
  return plan;
}

}  // namespace ipguard::cli
