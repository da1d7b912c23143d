// An Engine in the small world, and what it did as texts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decide/engine.h"
#include "world.h"

namespace ipguard::decide::test {

struct EngineFixture {
  explicit EngineFixture(Policy policy = {}) : engine(std::move(policy), lookups()) {}

  // A hit in the log at `time`, read at `now`.
  void hit(const model::Rule& rule, std::string_view from, int64_t time, int64_t now, std::string_view text = "line") {
    engine.on_hit(test::hit(rule, from, at(time), text), "/var/log/auth.log", at(now));
  }
  void hit(const model::Rule& rule, std::string_view from, int64_t time) { hit(rule, from, time, time); }

  // Changes since the last call: "+ TARGET", "- TARGET ending".
  std::vector<std::string> changes() {
    std::vector<std::string> result;
    for (const auto& change : engine.take_changes()) {
      if (!change.ending) {
        texts[change.decision.target] = {.reason = change.decision.reason, .evidence = change.decision.evidence};
      }
      const auto name = change.decision.target.to_string();
      result.push_back(change.ending ? "- " + name + " " + std::string(model::to_string(*change.ending)) : "+ " + name);
    }
    return result;
  }
  // Elements added and removed since the last call: "+ scope PREFIX", "- scope PREFIX".
  std::vector<std::string> batch() {
    std::vector<std::string> result;
    const auto batch = engine.take_batch();
    for (const auto& element : batch.remove) {
      result.push_back("- " + std::string(model::to_string(element.scope)) + " " + element.prefix.to_target());
    }
    for (const auto& element : batch.add) {
      result.push_back("+ " + std::string(model::to_string(element.scope)) + " " + element.prefix.to_target());
    }
    return result;
  }
  std::vector<std::string> targets() const {
    std::vector<std::string> result;
    for (const auto& decision : engine.decisions()) {
      result.push_back(decision.target.to_string());
    }
    return result;
  }
  std::optional<model::Decision> find(std::string_view name) const { return engine.find(target(name)); }

  World world;
  std::map<model::Target, model::DecisionTexts> texts;  // as a store would keep them
  Engine engine;

 private:
  Lookups lookups() {
    auto all = world.lookups();
    all.texts = [this](const model::Target& target, decide::Texts) { return texts[target]; };
    return all;
  }
};

using Texts = std::vector<std::string>;

}  // namespace ipguard::decide::test
