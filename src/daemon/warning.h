// Warning: something that is wrong with ipguard itself, as `status` says it.
#pragma once

#include <string>
#include <utility>

namespace ipguard::daemon {

struct Warning {
  Warning(std::string text) : sentence(std::move(text)), kind(sentence) {}  // NOLINT(*-explicit-*): most are just that
  Warning(std::string text, std::string same) : sentence(std::move(text)), kind(std::move(same)) {}

  std::string sentence;
  // What it is about: of a sentence whose numbers go on ("12 bytes were lost") the same all the time, so that it is
  // told of once; of all others the sentence itself. Two different problems never have the same one.
  std::string kind;
};

}  // namespace ipguard::daemon
