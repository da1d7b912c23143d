// links: cli
// Any bytes as a log, packed or not: a report is made of it whose numbers agree and whose outputs are safe to show.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/text.h"
#include "cli/report_csv.h"
#include "cli/report_html.h"
#include "cli/report_live.h"
#include "cli/report_run.h"
#include "cli/report_table.h"
#include "config/rule_file.h"
#include "report/document_json.h"
#include "require.h"

namespace {

using namespace ipguard;

constexpr std::string_view rule_text = R"toml(
[defaults]
service = "fuzz"
class = "probe"
threshold = 1
window = "10m"
ban = "1h"
scope = "address"

[[rule]]
id = "fuzz/not-found"
title = "not found"
log = "access"
status = ["4xx"]

[[rule]]
id = "fuzz/failed"
title = "failed"
log = "syslog"
program = "sshd"
message = ['^Failed password for (?:invalid user )?(?P<user>.*) from (?P<address>\S+) port \d+ ssh2$']
)toml";

std::shared_ptr<const match::RuleSet> rules() {
  config::Diagnostics diagnostics;
  auto set = match::RuleSet::compile(config::parse_rules(rule_text, "fuzz.toml", diagnostics), diagnostics);
  fuzz::require(set != nullptr, diagnostics.to_string());
  return set;
}

bool is_printable(const std::string& text) {
  return std::ranges::none_of(text,
                              [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; });
}

// As a daemon hands it out, and as ipguardctl puts it together again.
void require_same_in_pieces(report::Document document) {
  document.running = report::Running{};
  auto reply = control::Json::array();
  for (const auto& piece : {report::head_json(document), report::groups_json(document.groups),
                            report::decisions_json(document.balance.decisions)}) {
    reply.push_back(control::Json::parse(piece));
  }
  auto again = cli::read_live_reply(reply);
  fuzz::require(again.has_value());
  again->inputs = document.inputs;  // of which a daemon says less
  again->top = document.top;
  fuzz::require(report::document_json(*again) == report::document_json(document));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto compiled = rules();
  static const auto routes = enrich::RouteTable::open({}).value();
  const int fd = ::memfd_create("log", 0);
  fuzz::require(fd >= 0 && ::write(fd, data, size) == static_cast<ssize_t>(size));
  cli::ReportPlan plan;
  plan.rules = compiled;
  plan.routes = routes;
  plan.policy.rules.assign(compiled->rules().size(), true);
  plan.generated = TimePoint(Seconds(1'800'000'000));
  plan.inputs = cli::look_at_inputs({"/proc/self/fd/" + std::to_string(fd)}, {}, {}, nullptr, plan.generated);
  plan.memory = 1;  // the least
  plan.chunk_bytes = 1;
  plan.show_progress = false;
  plan.by = report::Dimension::path;
  const auto document = cli::run_report(std::move(plan));
  ::close(fd);
  const auto& input = document.inputs.front();
  fuzz::require(input.lines <= document.bytes);
  fuzz::require(input.unread_lines <= input.lines);
  fuzz::require(document.lines_hit <= document.lines && document.attacks <= document.hits);
  fuzz::require(document.balance.total.stopped <= document.hits);
  fuzz::require(is_printable(cli::report_text(document, 80)));
  const auto json = report::document_json(document);
  fuzz::require(to_valid_utf8(json) == json && is_printable(json));
  fuzz::require(cli::json_for_html(json).find_first_of("<>&") == std::string::npos);
  require_same_in_pieces(document);
  fuzz::require(to_valid_utf8(cli::report_csv(document)) == cli::report_csv(document));
  return 0;
}
