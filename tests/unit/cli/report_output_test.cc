// Inputs, filters and outputs of `report`, each by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/report_csv.h"
#include "cli/report_html.h"
#include "cli/report_table.h"
#include "report/document_json.h"
#include "report/page.h"
#include "report_fixture.h"

namespace ipguard::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ReportInputs, KnowTheLogOfAGeneration) {
  EXPECT_EQ(log_of("/var/log/auth.log"), "/var/log/auth.log");
  EXPECT_EQ(log_of("/var/log/auth.log.1"), "/var/log/auth.log");
  EXPECT_EQ(log_of("/var/log/auth.log.12.gz"), "/var/log/auth.log");
  EXPECT_EQ(log_of("auth.log-20260102.xz"), "auth.log");
  EXPECT_EQ(log_of("auth-20260102.log.zst"), "auth.log");
  EXPECT_EQ(log_of("web-1.log"), "web-1.log") << "another server's";
  EXPECT_EQ(log_of("-"), "-");
  EXPECT_EQ(log_of("1"), "1");
}

TEST(ReportInputs, PutGenerationsInTheOrderOfTheirTimes) {
  const TestFolder folder;
  const auto line = [](int day) {
    return "2026-05-0" + std::to_string(day) + "T10:00:00+00:00 host sshd[1]: Connection closed by 192.0.2.1 port 1\n";
  };
  const std::vector<std::string> paths = {folder.write("auth.log", line(5)), folder.write("auth.log.1", line(2)),
                                          folder.write("auth.log.2", line(3)), folder.write("mail.log", line(1)),
                                          "/nonexistent"};
  const auto inputs = look_at_inputs(paths, {}, {}, nullptr, TimePoint(Seconds(log_begin + 1'000'000)));
  EXPECT_EQ(inputs[0].format, "syslog");
  EXPECT_TRUE(inputs[0].in_order);
  const auto series = make_series(inputs);
  ASSERT_EQ(series.size(), 2U);
  EXPECT_EQ(series[0].inputs, (std::vector<size_t>{3}));
  EXPECT_EQ(series[1].inputs, (std::vector<size_t>{1, 2, 0}));
}

Result<ReportFilter> filter_of(FilterOptions options) { return parse_filter(options, TimePoint(Seconds(log_begin))); }

TEST(ReportFilters, SayWhatIsWrong) {
  EXPECT_THAT(filter_of({.asns = {"AS0"}}).error().message, HasSubstr("--asn: 'AS0' is no AS number"));
  EXPECT_THAT(filter_of({.countries = {"CHE"}}).error().message, HasSubstr("--country"));
  EXPECT_THAT(filter_of({.since = "yesterday"}).error().message, HasSubstr("--since: 'yesterday' is no time"));
  EXPECT_THAT(filter_of({.where = {"colour=red"}}).error().message, HasSubstr("there is no field 'colour'"));
  EXPECT_THAT(filter_of({.where = {"path"}}).error().message, HasSubstr("write FIELD=TEXT"));
  EXPECT_THAT(filter_of({.where = {"address=192.0.2.1/24"}}).error().message, HasSubstr("192.0.2.0/24"));
}

TEST(ReportFilters, TakeTimesAndLists) {
  const auto filter = filter_of({.asns = {"AS1,2", "3"}, .rules = {"web/"}, .since = "2026-05-01", .until = "1h"});
  ASSERT_TRUE(filter);
  EXPECT_EQ(filter->asns.size(), 3U);
  EXPECT_EQ(format_rfc3339(*filter->since), "2026-05-01T00:00:00Z");
  EXPECT_EQ(*filter->until, TimePoint(Seconds(log_begin - 3600)));
  EXPECT_TRUE(filter->fits_rule("web/x"));
  EXPECT_FALSE(filter->fits_rule("sshd/x"));
  EXPECT_FALSE(filter->fits_time(*filter->until)) << "the end is not within";
}

// A document with hostile texts in every place that attackers or databases fill.
report::Document hostile() {
  const std::string text = "</script><img src=x onerror=alert(1)>\x1b[31m\xff&\xe2\x80\xa8=1+1";
  report::Document document;
  document.by = report::Dimension::path;
  document.groups.push_back({.key = text, .label = text, .hits = 1, .addresses = 1, .share = 1});
  document.groups_total = 1;
  document.hits = 1;
  document.inputs.push_back({.path = text, .error = text});
  document.evidence.push_back(
      {.time = {}, .rule = "a/b", .attack_class = "x", .address = "192.0.2.1", .source = text, .line = text});
  document.balance.decisions.push_back({.target = *model::Target::parse("192.0.2.1"), .as_name = text, .reason = text});
  return document;
}

TEST(ReportOutput, NothingHostileReachesTheTerminal) {
  const auto text = report_text(hostile(), 80);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\xff")));
}

TEST(ReportOutput, JsonIsValidUtf8) {
  const auto json = document_json(hostile());
  EXPECT_EQ(to_valid_utf8(json), json);
  EXPECT_THAT(json, Not(HasSubstr("\x1b")));
}

TEST(ReportOutput, NothingHostileBecomesMarkup) {
  const auto json = json_for_html(document_json(hostile()));
  for (const char* forbidden : {"<", ">", "&", "\xe2\x80\xa8"}) {
    EXPECT_THAT(json, Not(HasSubstr(forbidden)));
  }
  EXPECT_THAT(json, HasSubstr("\\u003c/script\\u003e\\u003cimg"));
  EXPECT_THAT(json, HasSubstr("\\u2028"));
}

TEST(ReportOutput, ThePageHoldsTheDocumentOnce) {
  const auto page = report::page_text();
  const auto place = page.find(report::page_placeholder);
  ASSERT_NE(place, std::string_view::npos);
  EXPECT_EQ(page.find(report::page_placeholder, place + 1), std::string_view::npos);
  const auto html = report_html("{\"a\":\"@IPGUARD_REPORT@\"}");
  EXPECT_THAT(html, HasSubstr("{\"a\":\"@IPGUARD_REPORT@\"}</script>"));
  EXPECT_EQ(html.size(),
            page.size() - report::page_placeholder.size() + std::string("{\"a\":\"@IPGUARD_REPORT@\"}").size());
}

TEST(ReportOutput, CsvHasAFieldForEachColumnAndNoFormula) {
  report::Document document;
  document.by = report::Dimension::path;
  document.groups.push_back(
      {.key = "=cmd|' /C calc'!A0,\"x\"\n", .hits = 3, .addresses = 2, .routes = 1, .share = 0.5});
  EXPECT_EQ(
      report_csv(document),
      "path,label,hits,hits_error,addresses,routes,asns,distinct_error,share,first,last\n"
      "\"'=cmd|' /C calc'!A0,\"\"x\"\"\n\",,3,0,2,1,0,0.000000,0.500000,1970-01-01T00:00:00Z,1970-01-01T00:00:00Z\n");
}

TEST(ReportOutput, FitsANarrowTerminal) {
  report::Document document;
  document.groups.push_back({.key = "192.0.2.1",
                             .hits = 1234,
                             .share = 1,
                             .route = "192.0.2.0/24",
                             .asn = "AS64500",
                             .as_name = "A name that is longer than the terminal is wide, by far and by far and by far",
                             .country_code = "CH"});
  document.groups_total = 3;
  const auto text = report_text(document, 60);
  size_t begin = 0;
  while (begin < text.size()) {
    const auto end = text.find('\n', begin);
    if (begin > text.find("ADDRESS")) {
      EXPECT_LE(end - begin, 100U);
    }
    begin = end + 1;
  }
  EXPECT_THAT(text, HasSubstr("1,234"));
  EXPECT_THAT(text, HasSubstr("and 2 more (--top N)"));
}

}  // namespace
}  // namespace ipguard::cli
