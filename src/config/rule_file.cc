#include "config/rule_file.h"

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <system_error>

#include "base/file.h"
#include "config/document.h"
#include "config/rule_reader.h"

namespace ipguard::config {
namespace {

// Many times what anyone has; a folder given by mistake must not eat the memory.
constexpr size_t max_files = 1000;

void read_text(std::string_view text, const std::string& name, RuleIds& ids, std::vector<model::Rule>& rules,
               Diagnostics& diagnostics) {
  if (const auto root = parse_toml(text, name, diagnostics)) {
    ReadContext context(name, diagnostics);
    read_rules(*root, ids, rules, context);
  }
}

// A path of rules, and where it was written, if that is known.
struct RulePath {
  const std::string& path;
  const model::Location* place;
};

// The files that it stands for; what is wrong with it is reported.
std::vector<std::string> rule_files(const RulePath& named, Diagnostics& diagnostics) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(named.path, ignored)) {
    return {named.path};
  }
  auto files = list_folder(named.path, ".toml");
  if (!files) {
    report_path(named.path, named.place, "cannot read rules: " + files.error().message, diagnostics);
    return {};
  }
  if (files->empty()) {
    report_path(named.path, named.place, "no rules: the folder holds no *.toml", diagnostics);
  }
  return *std::move(files);
}

// Rules that share a count have to agree on what makes an offence of it.
void check_counters(const std::vector<model::Rule>& rules, Diagnostics& diagnostics) {
  std::map<std::string_view, const model::Rule*> first_of;
  for (const auto& rule : rules) {
    if (rule.counter.empty()) {
      continue;
    }
    const auto* first = first_of.try_emplace(rule.counter, &rule).first->second;
    if (first->threshold != rule.threshold || first->window != rule.window ||
        first->distinct.has_value() != rule.distinct.has_value()) {
      diagnostics.error(rule.location,
                        "rule '" + rule.id + "' and rule '" + first->id + "' share the counter '" + rule.counter +
                            "', but not threshold, window and distinct",
                        "the other one is at " + location_text(first->location) + "; let `weight` tell them apart");
    }
  }
}

}  // namespace

std::vector<model::Rule> load_rules(const std::vector<std::string>& paths, Diagnostics& diagnostics,
                                    std::span<const model::Location> places) {
  RuleIds ids;
  std::vector<model::Rule> rules;
  std::set<std::string> seen;  // a file may be named by itself and by its folder
  for (size_t i = 0; i < paths.size(); ++i) {
    const RulePath named{.path = paths[i], .place = i < places.size() ? &places[i] : nullptr};
    for (const auto& file : rule_files(named, diagnostics)) {
      std::error_code error;
      const auto canonical = std::filesystem::canonical(file, error);
      if (!seen.insert(error ? file : canonical.string()).second) {
        continue;
      }
      if (seen.size() > max_files) {
        diagnostics.error({.file = file}, "more than 1000 rule files");
        return rules;
      }
      // A file of a folder stands for itself: no place names it.
      const auto* place = file == named.path ? named.place : nullptr;
      if (const auto text = read_document(file, "rules", diagnostics, place)) {
        read_text(*text, file, ids, rules, diagnostics);
      }
    }
  }
  check_counters(rules, diagnostics);
  return rules;
}

std::vector<model::Rule> parse_rules(std::string_view text, const std::string& name, Diagnostics& diagnostics) {
  RuleIds ids;
  std::vector<model::Rule> rules;
  read_text(text, name, ids, rules, diagnostics);
  check_counters(rules, diagnostics);
  return rules;
}

}  // namespace ipguard::config
