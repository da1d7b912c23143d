#include "match/rule_set.h"

#include <algorithm>
#include <utility>

#include "match/format.h"
#include "match/rule_compiler.h"
#include "match/rule_set_impl.h"

namespace ipguard::match {
namespace {

size_t count_errors(const config::Diagnostics& diagnostics) {
  return static_cast<size_t>(std::ranges::count_if(diagnostics.all(), [](const config::Diagnostic& diagnostic) {
    return diagnostic.severity == config::Severity::error;
  }));
}

}  // namespace

std::shared_ptr<const RuleSet> RuleSet::compile(std::vector<model::Rule> rules, config::Diagnostics& diagnostics) {
  const size_t errors_before = count_errors(diagnostics);
  auto impl = std::make_unique<Impl>();
  impl->rules = std::move(rules);
  for (const model::Rule& rule : impl->rules) {
    impl->by_id.try_emplace(rule.id, static_cast<RuleIndex>(impl->compiled.size()));
    impl->compiled.push_back(compile_rule(rule, diagnostics));
  }
  if (count_errors(diagnostics) > errors_before) {
    return nullptr;
  }
  auto plan = plan_scan(impl->rules, diagnostics);
  if (!plan) {
    return nullptr;
  }
  impl->plan = std::move(*plan);
  return std::shared_ptr<const RuleSet>(new RuleSet(std::move(impl)));
}

RuleSet::RuleSet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RuleSet::~RuleSet() = default;

const std::vector<model::Rule>& RuleSet::rules() const { return impl_->rules; }

const model::Rule* RuleSet::find(std::string_view id) const {
  const auto found = impl_->by_id.find(id);
  return found == impl_->by_id.end() ? nullptr : &impl_->rules[found->second];
}

std::vector<const model::Rule*> RuleSet::every_line_rules() const {
  std::vector<const model::Rule*> rules;
  for (const RuleIndex index : impl_->plan.every_line) {
    rules.push_back(&impl_->rules[index]);
  }
  return rules;
}

const std::vector<std::string_view>& format_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> result;
    for (const LogFormat* format : all_formats()) {
      result.push_back(format->name());
    }
    result.push_back(bare_message_format().name());
    return result;
  }();
  return names;
}

}  // namespace ipguard::match
