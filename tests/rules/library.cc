#include "library.h"

#include <cstdio>
#include <filesystem>

#include "config/rule_file.h"

namespace ipguard::rules_test {

std::shared_ptr<const match::RuleSet> library() {
  static const std::shared_ptr<const match::RuleSet> set = [] {
    config::Diagnostics diagnostics;
    auto rules = config::load_rules({IPGUARD_SOURCE_DIR "/rules"}, diagnostics);
    auto compiled = match::RuleSet::compile(std::move(rules), diagnostics);
    EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.to_string();
    return compiled;
  }();
  return set;
}

Judgement judge(match::Matcher& matcher, const std::string& line, model::SourceId source) {
  Judgement judgement;
  matcher.match_line(
      {.text = line, .source = source}, mixed_lines, now, [&](const model::RawLine&, const match::LineResult& result) {
        judgement.kind = result.event.kind;
        judgement.format = result.event.format;
        for (const auto& hit : result.hits) {
          judgement.hits.push_back({.rule = hit.rule, .address = hit.address, .user = std::string(hit.user)});
        }
      });
  return judgement;
}

std::vector<std::string> corpus_lines(const std::string& name) {
  const std::string path = std::string(IPGUARD_SHARED_DIR "/corpus/") + name;
  std::vector<std::string> lines;
  if (!std::filesystem::exists(path)) {
    return lines;
  }
  const std::string command = (name.ends_with(".gz") ? "gzip -dc '" : "cat '") + path + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "re"), ::pclose);
  char* text = nullptr;
  size_t capacity = 0;
  for (ssize_t length = 0; pipe && (length = ::getline(&text, &capacity, pipe.get())) > 0;) {
    std::string_view line(text, static_cast<size_t>(length));
    line.remove_suffix(line.ends_with('\n') ? 1 : 0);
    line.remove_suffix(line.ends_with('\r') ? 1 : 0);
    lines.emplace_back(line);
  }
  std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): getline(3) allocates it
  return lines;
}

}  // namespace ipguard::rules_test
