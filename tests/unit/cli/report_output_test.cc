// Inputs, filters and outputs of `report`, each by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/text.h"
#include "cli/report_chunk.h"
#include "cli/report_csv.h"
#include "cli/report_html.h"
#include "cli/report_progress.h"
#include "cli/report_shape.h"
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
  const TempFolder folder;
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

// A copy is read once, wherever it stands; logs that only begin alike are all read.
TEST(ReportInputs, AreReadOnceEach) {
  const TempFolder folder;
  const auto text = text_of(make_access_log(7, 1000));
  auto other = text;
  other[other.size() - 5] ^= 1;
  const auto log = folder.write("access.log.1", text);
  const auto copy = folder.write("access.log.2", text);
  const auto beginning = folder.write("access.log", text.substr(0, text.find('\n', text.size() / 2) + 1));
  const auto changed = folder.write("access.log.3", other);
  const auto elsewhere = folder.write("other.log", text);
  const auto one_line = folder.write("short.log.1", "one\n");
  const auto two_lines = folder.write("short.log.2", "one\ntwo\n");
  const auto inputs = look_at_inputs({beginning, log, copy, changed, elsewhere, one_line, two_lines, log}, {}, {},
                                     nullptr, TimePoint(Seconds(log_begin + 1'000'000)));
  EXPECT_THAT(inputs[0].error, HasSubstr("access.log is the beginning of "));
  EXPECT_EQ(inputs[1].error, "");
  EXPECT_THAT(inputs[2].error, HasSubstr("access.log.2 holds the same as " + log + ": it is read once"));
  for (size_t i = 3; i < 7; ++i) {
    EXPECT_EQ(inputs[i].error, "") << inputs[i].path;
  }
  EXPECT_THAT(inputs[7].error, HasSubstr(log + " is named twice: it is read once"));
}

// What two readers of a pipe get is torn: the second one must not begin.
TEST(ReportInputs, APipeThatIsNamedTwiceIsReadOnce) {
  const auto text = text_of(make_access_log(7, 1000));
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const std::string first = "/proc/self/fd/" + std::to_string(ends[0]);
  const std::string again = "/dev/fd/" + std::to_string(ends[0]);
  std::thread writer([&] {
    EXPECT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(ends[1]);
  });
  auto inputs = look_at_inputs({first, again, first}, {}, {}, nullptr, TimePoint(Seconds(log_begin + 1'000'000)));
  EXPECT_EQ(inputs[0].error, "");
  EXPECT_EQ(inputs[1].error, again + " is the same file as " + first + ": it is read once");
  EXPECT_EQ(inputs[2].error, first + " is named twice: it is read once");
  ASSERT_NE(inputs[0].stream, nullptr);
  std::string rest(text.size(), '\0');
  const auto count = inputs[0].stream->read(rest);
  ASSERT_TRUE(count);
  EXPECT_EQ(inputs[0].head_bytes.size() + *count, text.size());
  writer.join();
  ::close(ends[0]);
}

// Who calls a log by another name gets the same reading.
TEST(ReportInputs, AreReadAsTheirSourceSaysByWhateverName) {
  const TempFolder folder;
  const auto path = folder.write("auth.log", "May  1 12:00:00 host sshd[1]: Connection closed by 192.0.2.1 port 1\n");
  config::Diagnostics diagnostics;
  const auto config = config::parse_config(
      "[[source]]\nname = \"auth\"\npaths = [\"" + path + "\"]\ntimezone = \"Asia/Kolkata\"\n", "c.toml", diagnostics);
  const auto readings = match::SourceReadings::compile(config.formats, config.sources, diagnostics);
  ASSERT_FALSE(diagnostics.has_errors()) << diagnostics.to_string();
  const auto relative = std::filesystem::relative(path).string();
  const auto roundabout = std::filesystem::path(path).parent_path().string() + "/.//./auth.log";
  for (const auto& name : {path, relative, roundabout}) {
    const auto inputs = look_at_inputs({name}, {}, config, readings.get(), TimePoint(Seconds(log_begin + 1'000'000)));
    ASSERT_TRUE(inputs[0].first) << name << inputs[0].error;
    EXPECT_THAT(format_rfc3339(*inputs[0].first), HasSubstr("T06:30:00Z")) << name;
  }
}

// Of a packed log as much as of a plain one; users are no matter of size.
TEST(ReportInputs, AreSampledByTheirSum) {
  const auto of_size = [](uint64_t size, bool packed = false) {
    ReportInput input;
    input.raw_size = size;
    input.packed = packed;
    return input;
  };
  std::vector<ReportInput> inputs;
  EXPECT_EQ(sampling_of(inputs, 1000), 1U);
  inputs.push_back(of_size(1000));
  EXPECT_EQ(sampling_of(inputs, 1000), 1U);
  inputs.push_back(of_size(1));
  EXPECT_EQ(sampling_of(inputs, 1000), 2U);
  inputs.push_back(of_size(500, true));
  EXPECT_EQ(sampling_of(inputs, 1000), 8U);
  inputs.push_back(of_size(1'000'000));
  EXPECT_EQ(sampling_of(inputs, 1000), 64U);
}

Result<ReportFilter> filter_of(FilterOptions options) { return parse_filter(options, TimePoint(Seconds(log_begin))); }

TEST(ReportFilters, SayWhatIsWrong) {
  EXPECT_THAT(filter_of({.asns = {"AS0"}}).error().message, HasSubstr("--asn: 'AS0' is no AS number"));
  EXPECT_THAT(filter_of({.countries = {"CHE"}}).error().message, HasSubstr("--country"));
  EXPECT_THAT(filter_of({.since = "yesterday"}).error().message, HasSubstr("--since: 'yesterday' is no time"));
  EXPECT_THAT(filter_of({.where = {"colour=red"}}).error().message, HasSubstr("there is no field 'colour'"));
  EXPECT_THAT(filter_of({.where = {"path="}}).error().message, HasSubstr("'path=' fits every line"));
  EXPECT_THAT(filter_of({.since = "2026-05-02", .until = "2026-05-02"}).error().message,
              HasSubstr("--until 2026-05-02 is not after --since 2026-05-02"));
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

// As the tables print them, and as RFC 3339 has them; in UTC where no zone is said.
TEST(ReportFilters, TakeTimesInEveryFormThatIsPrinted) {
  for (const auto& [text, time] :
       std::vector<std::pair<std::string, std::string>>{{"2026-05-01 10:00", "2026-05-01T10:00:00Z"},
                                                        {"2026-05-01T10:00", "2026-05-01T10:00:00Z"},
                                                        {"2026-05-01 10:00:07", "2026-05-01T10:00:07Z"},
                                                        {"2026-05-01T10:00:07", "2026-05-01T10:00:07Z"},
                                                        {"2026-05-01T10:00Z", "2026-05-01T10:00:00Z"},
                                                        {"2026-05-01 10:00+02:00", "2026-05-01T08:00:00Z"},
                                                        {"2026-05-01T10:00:07.5", "2026-05-01T10:00:07.5Z"},
                                                        {"2026-05-01T10:00:07+02:00", "2026-05-01T08:00:07Z"},
                                                        {"2026-05-01 10h", "2026-05-01T10:00:00Z"},
                                                        {"2026-05-01", "2026-05-01T00:00:00Z"}}) {
    const auto filter = filter_of({.since = text, .until = "2030-01-01"});
    ASSERT_TRUE(filter) << text << ": " << filter.error().message;
    EXPECT_EQ(filter->since, parse_rfc3339(time)) << text;
  }
  for (const char* text : {"", "2026-05-01 10", "2026-05-01 10:", "2026-05-01 25:00", "2026-05-01 10:00 ", "10:00",
                           "2026-05-01 10:00:0", "2026-05-01 1h", "2026-05-01Z", "2026-02-30"}) {
    EXPECT_FALSE(filter_of({.since = text})) << text;
  }
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

TEST(ReportOutput, NothingHostileReachesTheTerminalAsCsv) {
  const auto text = report_csv(hostile());
  for (const char* hostile_bytes : {"\x1b", "\xff", "\xc2\x9b"}) {
    EXPECT_THAT(text, Not(HasSubstr(hostile_bytes)));
  }
  EXPECT_THAT(text, HasSubstr("\\x1b[31m"));
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
  EXPECT_EQ(report_csv(document),
            "path,label,hits,hits_error,attacks,addresses,routes,asns,distinct_error,share,first,last\n"
            "\"'=cmd|' /C "
            "calc'!A0,\"\"x\"\"\\x0a\",,3,0,0,2,1,0,0.000000,0.500000,1970-01-01T00:00:00Z,1970-01-01T00:00:00Z\n");
}

TEST(ReportOutput, AsManyDecisionsAsAreAskedForBeyondTheUsual) {
  ShapeOptions options;
  options.json = true;
  EXPECT_EQ(shape_of(options)->decisions, 10'000U);
  options.top = 5;
  EXPECT_EQ(shape_of(options)->decisions, 10'000U);
  options.top = 20'000;
  EXPECT_EQ(shape_of(options)->decisions, 20'000U);
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
  document.lines = 123'456'789;
  document.hits = 123'456'789;
  document.first = TimePoint{};
  document.last = TimePoint{Seconds(log_begin)};
  const auto text = report_text(document, 60);
  size_t begin = 0;
  while (begin < text.size()) {
    const auto end = text.find('\n', begin);
    EXPECT_LE(end - begin, begin > text.find("ADDRESS") ? 100U : 60U) << text.substr(begin, end - begin);
    begin = end + 1;
  }
  EXPECT_THAT(text, HasSubstr("1,234"));
  EXPECT_THAT(text, HasSubstr("and 2 more (--top N)"));
}

TEST(ReportOutput, SaysWhatFitsAFilter) {
  report::Document document;
  document.filters = {{"rule", "web/"}};
  document.balance.total = {.decisions = 195, .stopped = 29'685, .good_clients = 3, .turned_away = 0};
  EXPECT_THAT(report_text(document, 80), HasSubstr("Of 195 decisions of the whole log none fits\n"));
  document.balance.fitting = 2;
  document.balance.fitting_stopped = 1234;
  document.balance.scopes.push_back({.name = "route", .decisions = 195});
  const auto text = report_text(document, 100);
  EXPECT_THAT(text,
              HasSubstr("Of 195 decisions of the whole log 2 fit, and would have stopped 1,234 lines with hits\n"));
  EXPECT_THAT(text, HasSubstr("\nOf the whole log:\nDECISIONS"));
  EXPECT_THAT(text, Not(HasSubstr("29,685")));
  EXPECT_THAT(document_json(document), HasSubstr("\"decisions_fitting\":2,\"decisions_fitting_stopped\":1234"));
}

TEST(ReportOutput, SaysWhatIsAddedUp) {
  report::Document document;
  document.balance.total = {.decisions = 2, .stopped = 10, .good_clients = 0, .turned_away = 0};
  document.balance.scopes = {{.name = "address", .decisions = 1, .addresses_covered = 1, .stopped = 6},
                             {.name = "route", .decisions = 1, .addresses_covered = 256, .stopped = 4}};
  const std::string explained = "\nA line under several bans counts in each row, and once in all\n";
  EXPECT_THAT(report_text(document, 100), HasSubstr("DECISIONS  SUM OF ADDRESSES  STOPPED"));
  EXPECT_THAT(report_text(document, 100), Not(HasSubstr(explained)));
  document.balance.scopes[1].stopped = 9;
  EXPECT_THAT(report_text(document, 100), HasSubstr(explained));
}

// Of a running daemon's inputs: what nobody has counted is no zero.
TEST(ReportOutput, UnknownIsNotNone) {
  report::Document document;
  document.inputs.push_back({.path = "a.log"});
  EXPECT_THAT(document_json(document), HasSubstr(R"("unread_lines":0,"first_unread_line":null,"overlong_lines":0)"));
  document.inputs[0].problems_known = false;
  document.inputs[0].overlong_lines = 3;
  EXPECT_THAT(document_json(document),
              HasSubstr(R"("unread_lines":null,"first_unread_line":null,"overlong_lines":3,"out_of_order":null,)"
                        R"("furthest_back_seconds":null,"ahead":null)"));
}

TEST(ReportOutput, SaysWhatIsASampleAndWhatAnEstimate) {
  report::Document document;
  document.balance.total.decisions = 1;
  EXPECT_THAT(report_text(document, {}), Not(HasSubstr("sample")));
  document.visits_looked_at = 0.0625;
  EXPECT_THAT(report_text(document, {}), HasSubstr("from a sample of 6.2 % of the visitors"));
  EXPECT_THAT(document_json(document), HasSubstr("\"exact\":true"));
  document.by = report::Dimension::rule;
  document.groups.push_back(
      {.key = "a/b", .hits = 900, .addresses = 546, .routes = 7, .distinct_error = 0.016, .addresses_error = 0.016});
  const auto text = report_text(document, {});
  EXPECT_THAT(text, HasSubstr("~546"));
  EXPECT_THAT(text, Not(HasSubstr("~7")));
  EXPECT_THAT(document_json(document), HasSubstr("\"exact\":false"));
}

TEST(ReportProgress, FitsTheTerminal) {
  for (size_t width = 0; width < 100; ++width) {
    EXPECT_LE(progress_line(123'456'789, 987'654'321, 4, width).size(), width);
    EXPECT_LE(progress_line(123'456'789, 0, 4, width).size(), width);
  }
  EXPECT_THAT(progress_line(50, 100, 1, 100), HasSubstr("[##########          ] 50 %, "));
  const auto narrow = progress_line(123'456'789, 987'654'321, 4, 45);
  EXPECT_THAT(narrow, Not(HasSubstr("[")));
  EXPECT_THAT(narrow, HasSubstr("12 %"));
  EXPECT_THAT(narrow, HasSubstr(" left"));
  EXPECT_EQ(progress_line(123'456'789, 987'654'321, 4, 6), "12 %");
}

}  // namespace
}  // namespace ipguard::cli
