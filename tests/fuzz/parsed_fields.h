// Where the fields of a parsed line may lie.
#pragma once

#include <cstdint>
#include <string_view>

#include "match/format.h"

namespace ipguard::fuzz {

inline bool within(std::string_view part, std::string_view whole) {
  const auto begin = reinterpret_cast<uintptr_t>(part.data());
  const auto whole_begin = reinterpret_cast<uintptr_t>(whole.data());
  return begin >= whole_begin && begin + part.size() <= whole_begin + whole.size();
}

inline bool in_scratch(std::string_view part, const match::ParseScratch& scratch) {
  bool found = within(part, scratch.record.text) || within(part, scratch.unwrapped);
  for (const auto& text : scratch.fields) {
    found = found || within(part, text);
  }
  return found;
}

}  // namespace ipguard::fuzz
