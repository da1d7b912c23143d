// links: match
// How fast logs go through the rules of rules/: bytes a second for blocks, time a line for the reference.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "config/rule_file.h"
#include "match/rule_set.h"

namespace {

using namespace ipguard;

constexpr size_t block_size = 256 << 10;
constexpr size_t block_count = 64;
const TimePoint now = from_civil(2026, 3, 1, 12, 0, 0);

std::vector<model::Rule> load() {
  config::Diagnostics diagnostics;
  auto rules = config::load_rules({std::string(IPGUARD_SOURCE_DIR) + "/rules"}, diagnostics);
  if (diagnostics.has_errors() || rules.empty()) {
    std::cerr << diagnostics.to_string() << "no rules to measure\n";
    std::exit(1);
  }
  return rules;
}

std::shared_ptr<const match::RuleSet> rule_set() {
  static const auto set = [] {
    config::Diagnostics diagnostics;
    auto compiled = match::RuleSet::compile(load(), diagnostics);
    if (compiled == nullptr) {
      std::cerr << diagnostics.to_string();
      std::exit(1);
    }
    return compiled;
  }();
  return set;
}

template <size_t N>
std::string_view pick(std::mt19937& random, const std::array<std::string_view, N>& list) {
  return list[random() % N];
}

constexpr std::array<std::string_view, 12> pages = {
    "/",           "/index.html",   "/blog/2026/02/how-to-bake-bread", "/static/css/main.3f9ab2.css",
    "/img/a.jpg",  "/favicon.ico",  "/static/js/vendor.bundle.js",     "/products/list?page=3&sort=price",
    "/robots.txt", "/api/v1/items", "/search?q=garden+chair&lang=en",  "/fonts/open-sans-v34-latin-regular.woff2"};
constexpr std::array<std::string_view, 6> agents = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/121.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:122.0) Gecko/20100101 Firefox/122.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.3 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Safari/605",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/121.0.0.0 Mobile Safari/537.36"};
constexpr std::array<std::string_view, 4> referers = {"-", "https://www.example.org/", "https://www.example.org/blog/",
                                                      "https://search.example.net/?q=bread"};
constexpr std::array<std::string_view, 8> attacks = {"/phpMyAdmin/scripts/setup.php",
                                                     "/.env",
                                                     "/cgi-bin/../../../../bin/sh",
                                                     "/%2e%2e/%2e%2e/etc/passwd",
                                                     "/wp-login.php",
                                                     "/.git/config",
                                                     "/?id=1%20UNION%20SELECT%20password",
                                                     "/vendor/phpunit/src/Util/PHP/eval-stdin.php"};

std::string line(std::mt19937& random, bool attack) {
  std::string text = "198.51.100." + std::to_string(random() % 256) +
                     " - - [25/Feb/2026:04:" + std::to_string(10 + random() % 50) + ":" +
                     std::to_string(10 + random() % 50) + " +0000] \"GET ";
  text.append(attack ? pick(random, attacks) : pick(random, pages)).append(" HTTP/1.1\" ");
  text.append(attack ? "404 " : random() % 10 == 0 ? "304 " : "200 ").append(std::to_string(random() % 90000));
  text.append(" \"").append(pick(random, referers)).append("\" \"").append(pick(random, agents));
  return text.append("\"\n");
}

// Blocks of whole lines, 16 MiB in all: more than the processor's caches hold.
std::vector<std::string> access_log(int attacks_per_hundred) {
  std::mt19937 random(42);
  std::vector<std::string> blocks(block_count);
  for (std::string& block : blocks) {
    block.reserve(block_size);
    for (std::string next; block.size() + next.size() <= block_size;
         next = line(random, static_cast<int>(random() % 100) < attacks_per_hundred)) {
      block += next;
    }
  }
  return blocks;
}

void scan_blocks(benchmark::State& state) {
  const auto blocks = access_log(static_cast<int>(state.range(0)));
  match::Matcher matcher(rule_set());
  const match::LineOptions options;
  uint64_t bytes = 0;
  uint64_t lines = 0;
  uint64_t hits = 0;
  size_t next = 0;
  for (auto _ : state) {
    const std::string& block = blocks[next++ % blocks.size()];
    lines += matcher.scan_block(
        block, 0, 0, options, now,
        [&hits](const model::RawLine&, const match::LineResult& result) { hits += result.hits.size(); });
    bytes += block.size();
  }
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
  const auto per_line = [lines](uint64_t count) { return static_cast<double>(count) / static_cast<double>(lines); };
  state.counters["line_bytes"] = static_cast<double>(bytes) / static_cast<double>(lines);
  state.counters["parsed/line"] = per_line(matcher.counters().parsed);
  state.counters["judged/line"] = per_line(matcher.counters().candidates);
  state.counters["hits/line"] = per_line(hits);
}
BENCHMARK(scan_blocks)->ArgName("attacks%")->Arg(0)->Arg(5)->Arg(100);

void judge_lines(benchmark::State& state) {
  std::mt19937 random(42);
  std::vector<std::string> lines;
  for (int i = 0; i < 10000; ++i) {
    lines.push_back(line(random, static_cast<int>(random() % 100) < state.range(0)));
    lines.back().pop_back();
  }
  match::Matcher matcher(rule_set());
  const match::LineOptions options;
  uint64_t hits = 0;
  size_t next = 0;
  for (auto _ : state) {
    matcher.match_line({.text = lines[next++ % lines.size()]}, options, now,
                       [&hits](const model::RawLine&, const match::LineResult& result) { hits += result.hits.size(); });
  }
  state.SetItemsProcessed(state.iterations());
  benchmark::DoNotOptimize(hits);
}
BENCHMARK(judge_lines)->ArgName("attacks%")->Arg(0)->Arg(5);

void compile_rules(benchmark::State& state) {
  const auto rules = load();
  for (auto _ : state) {
    config::Diagnostics diagnostics;
    benchmark::DoNotOptimize(match::RuleSet::compile(rules, diagnostics));
  }
  state.counters["rules"] = static_cast<double>(rules.size());
  state.counters["every_line_rules"] = static_cast<double>(rule_set()->every_line_rules().size());
}
BENCHMARK(compile_rules)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
