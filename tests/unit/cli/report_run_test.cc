// `report` as a whole: what it counts does not depend on threads, cuts, names and packing.
#include "cli/report_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/document_json.h"
#include "report_fixture.h"

namespace ipguard::cli {
namespace {

using testing::HasSubstr;

const std::vector<std::string> eager = {"ladder.route.one_in=0", "ladder.route.addresses=2", "ladder.asn.one_in=0",
                                        "ladder.asn.routes=2"};

const report::GroupRow* find(const std::vector<report::GroupRow>& rows, const std::string& key) {
  const auto found = std::ranges::find(rows, key, &report::GroupRow::key);
  return found == rows.end() ? nullptr : &*found;
}

class ReportRunTest : public testing::Test {
 protected:
  std::string report_of(const std::vector<std::string>& paths, unsigned threads, size_t chunk_bytes = 1U << 20U,
                        const std::vector<std::string>& settings = eager) {
    auto plan = make_plan(paths, settings);
    plan.threads = threads;
    plan.chunk_bytes = chunk_bytes;
    return document_json(run_report(std::move(plan)));
  }

  TempFolder folder;
};

TEST_F(ReportRunTest, DoesNotDependOnThreads) {
  std::vector<std::string> paths;
  for (unsigned i = 0; i < 3; ++i) {
    paths.push_back(folder.write("vhost" + std::to_string(i) + ".log", text_of(make_access_log(10 + i, 4000))));
  }
  paths.push_back(folder.write("auth.log", text_of(make_auth_log(4, 2000))));
  constexpr size_t small = 130'000;  // several chunks a file
  const auto one = report_of(paths, 1, small);
  EXPECT_THAT(one, HasSubstr("\"scope\":\"asn\""));
  EXPECT_THAT(one, HasSubstr("sshd/"));
  for (const unsigned threads : {2U, 7U}) {
    for (int again = 0; again < 3; ++again) {
      EXPECT_EQ(report_of(paths, threads, small), one) << threads << " threads";
    }
  }
  std::ranges::reverse(paths);
  auto others = make_plan(paths, eager);
  others.threads = 2;
  others.chunk_bytes = small;
  const auto reversed = run_report(std::move(others));
  auto first = make_plan({paths.rbegin(), paths.rend()}, eager);
  first.chunk_bytes = small;
  const auto document = run_report(std::move(first));
  EXPECT_EQ(reversed.hits, document.hits);
  EXPECT_EQ(reversed.balance.total.decisions, document.balance.total.decisions);
}

// The same lines in one file, in two generations named in the wrong order, and cut elsewhere.
TEST_F(ReportRunTest, RotatedLogsAreReadInTheOrderOfTime) {
  const auto lines = make_access_log(3, 6000);
  const auto half = lines.begin() + 3000;
  const auto whole = folder.write("whole.log", text_of(lines));
  const auto older = folder.write("access.log.1", text_of({lines.begin(), half}));
  const auto newer = folder.write("access.log", text_of({half, lines.end()}));
  const auto decisions = [&](const std::vector<std::string>& paths, size_t chunk) {
    auto plan = make_plan(paths, eager);
    plan.threads = 2;
    plan.chunk_bytes = chunk;
    auto document = run_report(std::move(plan));
    std::vector<std::string> result;
    for (const auto& row : document.balance.decisions) {
      result.push_back(format_rfc3339(row.since) + ' ' + row.target.to_string() + ' ' + std::to_string(row.stopped));
    }
    return result;
  };
  const auto expected = decisions({whole}, 1U << 20U);
  EXPECT_GT(expected.size(), 10U);
  EXPECT_EQ(decisions({newer, older}, 1U << 20U), expected);
  EXPECT_EQ(decisions({older, newer}, 150'000), expected);
}

std::vector<std::string> told(const report::Document& document) {
  std::vector<std::string> result;
  for (const auto& row : document.balance.decisions) {
    result.push_back(format_rfc3339(row.since) + ' ' + row.target.to_string() + ' ' + std::to_string(row.stopped) +
                     ' ' + std::to_string(row.good_clients) + ' ' + std::to_string(row.turned_away));
  }
  return result;
}

report::Document sampled(const std::vector<std::string>& paths, uint64_t visits_wholly) {
  auto plan = make_plan(paths, eager);
  plan.visits_wholly = visits_wholly;
  plan.chunk_bytes = 150'000;
  plan.threads = 2;
  return run_report(std::move(plan));
}

// Who is looked at of a large log does not depend on its being cut into files.
TEST_F(ReportRunTest, ASampleOfVisitorsIsTheSameInOneFileAndInSix) {
  const auto lines = make_access_log(21, 12'000);
  const auto whole = folder.write("whole.log", text_of(lines));
  std::vector<std::string> parts;
  for (size_t i = 0; i < 6; ++i) {
    const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(i * lines.size() / 6);
    const auto end = lines.begin() + static_cast<std::ptrdiff_t>((i + 1) * lines.size() / 6);
    parts.push_back(folder.write("access.log." + std::to_string(6 - i), text_of({begin, end})));
  }
  const auto one = sampled({whole}, 200'000);
  EXPECT_GT(told(one).size(), 10U);
  EXPECT_LT(one.visits_looked_at, 1);
  EXPECT_GT(one.visits_looked_at, 0);
  const auto six = sampled(parts, 200'000);
  EXPECT_EQ(told(six), told(one));
  EXPECT_EQ(six.visits_looked_at, one.visits_looked_at);
  EXPECT_EQ(sampled({whole}, 64U << 20U).visits_looked_at, 1);
}

TEST_F(ReportRunTest, ASampleOfVisitorsIsTheSameBehindVirtualHosts) {
  auto lines = make_access_log(23, 12'000);
  const auto plain = folder.write("plain.log", text_of(lines));
  for (auto& line : lines) {
    line.text.insert(0, "www.example.org:443 ");
  }
  const auto vhosts = folder.write("vhosts.log", text_of(lines));
  const auto expected = told(sampled({plain}, 1000));
  EXPECT_NE(expected, told(sampled({plain}, 64U << 20U)));
  EXPECT_EQ(told(sampled({vhosts}, 1000)), expected);
}

// Without mere visitors a sample of these leaves nothing out, however large the log is.
TEST_F(ReportRunTest, AuthenticatedUsersAreNeverSampledAway) {
  auto lines = make_access_log(22, 20'000);
  std::erase_if(
      lines, [](const TimedLine& line) { return line.text.contains("\" 200 ") && !line.text.contains(" - alice ["); });
  const auto path = folder.write("access.log", text_of(lines));
  const auto expected = sampled({path}, 64U << 20U);
  EXPECT_GT(expected.balance.total.turned_away + expected.balance.total.good_clients, 10U);
  const auto document = sampled({path}, 1000);
  EXPECT_EQ(document.visits_looked_at, 1.0 / 64);
  EXPECT_EQ(told(document), told(expected));
}

TEST_F(ReportRunTest, FiltersCountAndShowButDecideAsBefore) {
  const auto path = folder.write("access.log", text_of(make_access_log(8, 4000)));
  const auto all = run_report(make_plan({path}, eager));
  auto plan = make_plan({path}, eager);
  plan.by = report::Dimension::route;
  plan.filter = parse_filter({.asns = {},
                              .countries = {},
                              .rules = {},
                              .since = {},
                              .until = {},
                              .where = {"address=192.0.2.0/24", "path=env"}},
                             plan.generated)
                    .value();
  const auto some = run_report(std::move(plan));
  EXPECT_LT(some.hits, all.hits / 5);
  EXPECT_GT(some.hits, 0U);
  for (const auto& row : some.groups) {
    EXPECT_TRUE(net::Prefix::parse("192.0.2.0/24")->contains(*net::Prefix::parse(row.key))) << row.key;
  }
  EXPECT_LE(some.lines_hit, some.hits);
  EXPECT_GE(some.lines_hit, some.hits / 5) << "lines with such hits";
  EXPECT_GT(all.lines_hit, 5 * some.lines_hit);
  EXPECT_EQ(some.balance.total.decisions, all.balance.total.decisions);
  const auto overlaps = [](const report::DecisionRow& row) {
    return std::ranges::any_of(
        row.prefixes, [](const net::Prefix& each) { return each.overlaps(*net::Prefix::parse("192.0.2.0/24")); });
  };
  EXPECT_TRUE(std::ranges::all_of(some.balance.decisions, overlaps));
  EXPECT_EQ(some.balance.decisions.size(), static_cast<size_t>(std::ranges::count_if(all.balance.decisions, overlaps)));
  EXPECT_EQ(some.balance.fitting, some.balance.decisions.size());
  EXPECT_LT(some.balance.fitting, all.balance.fitting);
  uint64_t added_up = 0;
  for (const auto& row : some.balance.decisions) {
    added_up += row.stopped;
  }
  EXPECT_LT(some.balance.fitting_stopped, added_up) << "a line within an address, its route and its AS is one";
  EXPECT_LE(some.balance.fitting_stopped, some.balance.total.stopped);
  EXPECT_GT(some.balance.fitting_stopped, 0U);

  const std::string asn = all.top[static_cast<size_t>(report::Dimension::asn)].front().key;
  auto drill = make_plan({path}, eager);
  drill.by = report::Dimension::route;
  drill.filter.asns = {*net::Asn::parse(asn)};
  drill.filter.since = TimePoint(Seconds(log_begin + 1000));
  const auto inside = run_report(std::move(drill));
  EXPECT_GT(inside.hits, 0U);
  for (const auto& row : inside.groups) {
    EXPECT_EQ(row.asn, asn);
    EXPECT_GE(row.first, TimePoint(Seconds(log_begin + 1000)));
  }
  for (const auto& row : inside.balance.decisions) {
    EXPECT_EQ(row.asn, asn);
  }
}

TEST_F(ReportRunTest, WhatIfComparesWithTheConfiguration) {
  const auto path = folder.write("access.log", text_of(make_access_log(8, 4000)));
  auto plan = make_plan({path}, eager);
  plan.before = ReportPolicy{.config = test_config({"ladder.route.addresses=0"}), .rules = plan.policy.rules};
  plan.settings = eager;
  const auto document = run_report(std::move(plan));
  ASSERT_TRUE(document.what_if);
  const auto plain = run_report(make_plan({path}, {"ladder.route.addresses=0"}));
  EXPECT_EQ(document.what_if->before.decisions, plain.balance.total.decisions);
  EXPECT_EQ(document.what_if->before.stopped, plain.balance.total.stopped);
  EXPECT_EQ(document.what_if->after.decisions, document.balance.total.decisions);
  EXPECT_GT(document.what_if->after.stopped, document.what_if->before.stopped);
}

// Of rules that the settings turn off nothing is counted, though the configuration beside them has them.
TEST_F(ReportRunTest, LinesOfRulesThatAreTurnedOffAreNotCounted) {
  auto plan = make_plan({folder.write("auth.log", text_of(make_auth_log(4, 500)))});
  plan.before = plan.policy;
  plan.policy.rules.assign(plan.policy.rules.size(), false);
  const auto document = run_report(std::move(plan));
  EXPECT_EQ(document.lines_hit, 0U);
  EXPECT_EQ(document.hits, 0U);
  ASSERT_TRUE(document.what_if);
  EXPECT_GT(document.what_if->before.decisions, 0U);
  EXPECT_EQ(document.inputs[0].unread_lines, 0U);
}

// `--where user` finds what `--by user` shows: rules capture names from messages, too.
TEST_F(ReportRunTest, UsersThatWereTriedCanBeAskedFor) {
  const auto path = folder.write("auth.log", text_of(make_auth_log(4, 500)));
  auto plan = make_plan({path});
  plan.by = report::Dimension::user;
  const auto all = run_report(std::move(plan));
  const auto* admin = find(all.groups, "admin");
  ASSERT_NE(admin, nullptr);
  auto drill = make_plan({path});
  drill.filter.where = {{.field = model::Field::user, .text = "admin"}};
  EXPECT_EQ(run_report(std::move(drill)).hits, admin->hits);
  auto nobody = make_plan({path});
  nobody.filter.where = {{.field = model::Field::user, .text = "nobody"}};
  EXPECT_EQ(run_report(std::move(nobody)).hits, 0U);
}

TEST_F(ReportRunTest, TellsOfLogsThatAreOutOfOrder) {
  const auto line = [](const std::string& address, const std::string& clock) {
    return address + " - - [25/Feb/2020:" + clock + " +0000] \"GET /a HTTP/1.1\" 200 1 \"-\" \"Mozilla/5.0\"\n";
  };
  // A long download, logged when it was over, is nothing to tell of.
  const auto usual = folder.write("usual.log", line("192.0.2.1", "12:00:00") + line("192.0.2.2", "11:52:00"));
  const auto mixed = folder.write("mixed.log", line("192.0.2.1", "12:00:00") + line("192.0.2.2", "10:30:00") +
                                                   line("192.0.2.3", "11:00:00") + line("192.0.2.4", "12:10:00"));
  const auto document = run_report(make_plan({usual, mixed}, {}));
  ASSERT_EQ(document.inputs.size(), 2U);
  EXPECT_EQ(document.inputs[0].out_of_order, 0U);
  EXPECT_EQ(document.inputs[1].out_of_order, 2U);
  EXPECT_EQ(document.inputs[1].furthest_back, std::chrono::minutes(90));
}

TEST_F(ReportRunTest, TellsWhatCouldNotBeRead) {
  auto lines = make_access_log(2, 50);
  lines[6].text = "what is this";
  lines[40].text = "\x01\xff";
  const auto mixed = folder.write("mixed.log", text_of(lines));
  const auto unknown = folder.write("unknown.log", "one\ntwo\nthree");
  const auto empty = folder.write("empty.log", "");
  const auto document = run_report(make_plan({mixed, unknown, empty, "/nonexistent/x.log", "/tmp"}));
  ASSERT_EQ(document.inputs.size(), 5U);
  EXPECT_EQ(document.inputs[0].lines, 50U);
  EXPECT_EQ(document.inputs[0].unread_lines, 2U);
  EXPECT_EQ(document.inputs[0].first_unread_line, 7U);
  EXPECT_EQ(document.inputs[0].format, "combined");
  EXPECT_EQ(document.inputs[1].lines, 3U);
  EXPECT_EQ(document.inputs[1].unread_lines, 3U);
  EXPECT_EQ(document.inputs[1].first_unread_line, 1U);
  EXPECT_EQ(document.inputs[1].format, "");
  EXPECT_EQ(document.inputs[2].lines, 0U);
  EXPECT_EQ(document.inputs[2].error, "");
  EXPECT_THAT(document.inputs[3].error, HasSubstr("cannot read /nonexistent/x.log: No such file"));
  EXPECT_THAT(document.inputs[4].error, HasSubstr("cannot read /tmp: Is a directory"));
  EXPECT_EQ(document.first, lines.front().time);
  EXPECT_EQ(document.last, lines.back().time);
}

// Lines longer than a source's bound and than a chunk are cut, and what follows is read.
TEST_F(ReportRunTest, LongLinesAreCut) {
  const TimePoint time{Seconds(log_begin)};
  std::string text = access_line(time, "192.0.2.1", "/.env", 404) + '\n';
  text += access_line(time, "192.0.2.2", "/" + std::string(100'000, 'x'), 404) + '\n';
  text += access_line(time, "192.0.2.3", "/" + std::string(1'000'000, 'x'), 404) + '\n';
  text += access_line(time, "192.0.2.4", "/.env", 404);  // without its end
  const auto path = folder.write("access.log", text);
  auto plan = make_plan({path});
  plan.chunk_bytes = 1;  // the least there is
  const auto document = run_report(std::move(plan));
  EXPECT_EQ(document.lines, 4U);
  EXPECT_EQ(document.bytes, text.size());
  EXPECT_EQ(document.inputs[0].overlong_lines, 2U);
  EXPECT_EQ(document.inputs[0].unread_lines, 0U);
  const auto& addresses = document.top[static_cast<size_t>(report::Dimension::address)];
  EXPECT_NE(find(addresses, "192.0.2.1"), nullptr);
  EXPECT_NE(find(addresses, "192.0.2.4"), nullptr);
}

// Such a line alone is no log; in front of one it hides none.
TEST_F(ReportRunTest, AnOverlongLineOfNoFormatIsUnread) {
  const std::string overlong(5'000'000, 'x');
  const auto lines = make_access_log(9, 500);
  const auto alone = folder.write("alone.log", overlong);
  const auto before = folder.write("before.log", overlong + '\n' + text_of(lines));
  const auto document = run_report(make_plan({alone, before}, {}));
  ASSERT_EQ(document.inputs.size(), 2U);
  for (const auto& input : document.inputs) {
    EXPECT_EQ(input.bytes, std::filesystem::file_size(input.path)) << input.path;
    EXPECT_EQ(input.overlong_lines, 1U) << input.path;
    EXPECT_EQ(input.unread_lines, 1U) << input.path;
    EXPECT_EQ(input.first_unread_line, 1U) << input.path;
  }
  EXPECT_EQ(document.inputs[0].lines, 1U);
  EXPECT_EQ(document.inputs[0].format, "");
  EXPECT_EQ(document.inputs[1].lines, 501U);
  EXPECT_EQ(document.hits, run_report(make_plan({folder.write("plain.log", text_of(lines))}, {})).hits);
}

TEST_F(ReportRunTest, ANamedFormatThatFitsOnlyLaterIsRead) {
  const auto lines = make_access_log(9, 500);
  match::LineOptions named;
  named.format = "combined";
  auto plan = make_plan({}, {});
  plan.inputs = look_at_inputs({folder.write("junk.log", std::string(100'000, '\n') + "junk\n" + text_of(lines))},
                               named, plan.policy.config, nullptr, plan.generated);
  const auto document = run_report(std::move(plan));
  EXPECT_EQ(document.inputs[0].unread_lines, 1U);
  EXPECT_EQ(document.inputs[0].first_unread_line, 100'001U);
  EXPECT_GT(document.hits, 0U);
}

// A container runtime splits long lines, and a client chooses what the last part begins with: another client's offence.
TEST_F(ReportRunTest, LinesThatARuntimeHasSplitAreJoined) {
  constexpr size_t part = 16UL << 10;
  const auto escaped = [](std::string text, std::string_view what) {
    for (size_t at = 0; (at = text.find_first_of(what, at)) != std::string::npos; at += 2) {
      text.insert(at, 1, '\\');
    }
    return text;
  };
  const auto docker = [&](const std::string& text, bool last) {
    return R"({"log":")" + escaped(text, "\"\\") + (last ? "\\n" : "") +
           R"(","stream":"stdout","time":"2026-05-01T01:46:40.1Z"})" + '\n';
  };
  const auto cri = [](const std::string& text, char tag) {
    return "2026-05-01T01:46:40.1Z stdout " + std::string(1, tag) + ' ' + text + '\n';
  };
  std::string of_docker;
  std::string of_cri;
  auto lines = make_access_log(21, 1500);
  for (size_t i = 0; i < lines.size(); ++i) {
    std::string text = lines[i].text;
    if (i % 10 == 3) {
      // In the user agent, as Apache writes it.
      text.pop_back();
      text += std::string(part - text.size(), 'x') +
              escaped(access_line(lines[i].time, "198.51.100.250", "/.env", 404), "\"") + '"';
      lines[i].text = text;
      of_docker += docker(text.substr(0, part), false) + docker(text.substr(part), true);
      of_cri += cri(text.substr(0, part), 'P') + cri(text.substr(part), 'F');
    } else {
      of_docker += docker(text, true);
      of_cri += cri(text, 'F');
    }
  }
  const auto expected = run_report(make_plan({folder.write("plain.log", text_of(lines))}, eager));
  ASSERT_GT(expected.hits, 100U);
  for (const auto& path : {folder.write("docker.log", of_docker), folder.write("cri.log", of_cri)}) {
    const auto one = report_of({path}, 1, 1);
    for (const unsigned threads : {2U, 7U}) {
      EXPECT_EQ(report_of({path}, threads, 1), one) << path << ", " << threads << " threads";
    }
    const auto document = run_report(make_plan({path}, eager));
    EXPECT_EQ(document.hits, expected.hits) << path;
    EXPECT_EQ(document.lines, lines.size());
    EXPECT_EQ(document.bytes, std::filesystem::file_size(path));
    EXPECT_EQ(document.balance.total.decisions, expected.balance.total.decisions);
    EXPECT_EQ(find(document.top[static_cast<size_t>(report::Dimension::address)], "198.51.100.250"), nullptr);
  }
}

// A stamp of another century does not end all bans.
TEST_F(ReportRunTest, AStampAheadOfTheClockIsNotBelieved) {
  auto lines = make_access_log(5, 3000);
  const auto expected = run_report(make_plan({folder.write("good.log", text_of(lines))}, eager));
  std::string wrong = lines[100].text;
  wrong.replace(wrong.find("/May/2026"), 9, "/May/2098");
  lines.insert(lines.begin(), {lines.front().time, wrong});
  lines.insert(lines.begin() + 1000, {lines[1000].time, wrong});
  const auto document = run_report(make_plan({folder.write("bad.log", text_of(lines))}, eager));
  EXPECT_EQ(document.balance.decisions.back().since, expected.balance.decisions.back().since);
  EXPECT_EQ(document.inputs[0].ahead, 2U);
  EXPECT_EQ(expected.inputs[0].ahead, 0U);
}

}  // namespace
}  // namespace ipguard::cli
