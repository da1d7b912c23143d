// Decisions and folders for the store's tests.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "model/decision.h"
#include "store/store.h"
#include "support/temp_folder.h"

namespace ipguard::store {

// A folder for the state of one test.
struct StateFolder : TempFolder {
  [[nodiscard]] std::string state() const { return *this / "state"; }
  [[nodiscard]] std::string database() const { return *this / "state/ipguard.db"; }
};

inline TimePoint at(int seconds) { return from_civil(2026, 2, 25, 4, 0, 0) + Seconds(seconds); }

inline model::Target target_of(const char* text) { return model::Target::parse(text).value(); }

// A decision on `target` that covers just it (an AS: two networks), with evidence.
inline model::Decision decision_on(const char* target, int since = 0) {
  model::Decision decision;
  decision.target = target_of(target);
  decision.prefixes = {decision.target.prefix};
  if (decision.target.scope == model::Scope::asn) {
    decision.prefixes = {net::Prefix::parse("198.51.100.0/24").value(), net::Prefix::parse("2001:db8::/33").value()};
  }
  decision.route.prefix = net::Prefix::parse("192.0.2.0/24").value();
  decision.route.found = true;
  decision.route.asn = net::Asn{64500};
  decision.route.as_name = "Example Networks";
  decision.route.country_code = "NL";
  decision.rule = "sshd/failed-password";
  decision.reason = "5 failed passwords within 10m";
  decision.issuer = "ledger";
  decision.since = at(since);
  decision.until = at(since + 3600);
  decision.addresses_covered = 1;
  decision.evidence = {{.path = "/var/log/auth.log", .offset = 4711, .time = at(since - 1), .text = "Failed password"}};
  return decision;
}

inline std::string text_of(const model::Decision& decision) {
  std::string text = decision.target.to_string() + " since " + format_rfc3339(decision.since) + " until " +
                     (decision.until ? format_rfc3339(*decision.until) : "-") + " repeat " +
                     std::to_string(decision.repeat) + " covered " + std::to_string(decision.addresses_covered) + " [" +
                     decision.rule + "|" + decision.reason + "|" + decision.issuer + "] " +
                     decision.route.prefix.to_string() + (decision.route.found ? " found " : " missing ") +
                     (decision.route.asn ? decision.route.asn->to_string() : "-") + " " + decision.route.as_name + "|" +
                     decision.route.as_domain + "|" + decision.route.country + "|" + decision.route.country_code + "|" +
                     decision.route.continent + "|" + decision.route.continent_code;
  for (const auto& prefix : decision.prefixes) {
    text += " " + prefix.to_string();
  }
  for (const auto& line : decision.evidence) {
    text +=
        " {" + line.path + "@" + std::to_string(line.offset) + " " + format_rfc3339(line.time) + " " + line.text + "}";
  }
  return text;
}

// With their evidence.
inline Result<std::vector<model::Decision>> active_decisions(Store& store) {
  std::vector<model::Decision> decisions;
  auto read = store.active_decisions([&](model::Decision& decision) { decisions.push_back(std::move(decision)); });
  if (!read) {
    return std::unexpected(read.error());
  }
  for (auto& decision : decisions) {
    auto texts = store.texts(decision.target, true);
    if (!texts) {
      return std::unexpected(texts.error());
    }
    EXPECT_EQ(texts->value().reason, decision.reason);
    decision.evidence = std::move((*texts)->evidence);
  }
  return decisions;
}

// "192.0.2.7 203.0.113.0/24": what is active, in the store's order; "error: …" when it cannot be read.
inline std::string active_targets(Store& store) {
  const auto decisions = active_decisions(store);
  if (!decisions) {
    return "error: " + decisions.error().message;
  }
  std::string text;
  for (const auto& decision : *decisions) {
    text += (text.empty() ? "" : " ") + decision.target.to_string();
  }
  return text;
}

inline StoreBatch begin(std::initializer_list<model::Decision> decisions) {
  StoreBatch batch;
  batch.begun = decisions;
  return batch;
}

}  // namespace ipguard::store
