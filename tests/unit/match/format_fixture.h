// Parses single lines in tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "match/format.h"

namespace ipguard::match {

// 2026-02-26T00:00:00Z
inline constexpr TimePoint test_now{std::chrono::seconds(1772064000)};

class FormatTest : public ::testing::Test {
 protected:
  // The name of the format that takes `line`, "none" if no one does; the result is in event_.
  std::string_view recognise_line(std::string_view line, bool truncated = false, const LogFormat* hint = nullptr,
                                  bool mixed = false) {
    const auto* format = recognise(raw(line, truncated), context(mixed), hint, event_);
    return format == nullptr ? "none" : format->name();
  }
  bool parse_as(std::string_view name, std::string_view line, bool truncated = false) {
    return find_format(name)->parse(raw(line, truncated), context(false), event_);
  }
  [[nodiscard]] std::string address() const { return event_.address ? event_.address->to_string() : "none"; }
  [[nodiscard]] std::string time() const { return event_.time ? format_rfc3339(*event_.time) : "none"; }
  [[nodiscard]] std::string_view field(model::Field field) const { return event_[field]; }
  // The record as "name=value" lines.
  [[nodiscard]] std::string record() const {
    std::string text;
    for (const auto& value : event_.record) {
      text.append(value.name).append("=").append(value.value).append("\n");
    }
    return text;
  }

  model::Event event_;

 private:
  static model::RawLine raw(std::string_view line, bool truncated) {
    return {.text = line, .offset = 0, .source = 0, .truncated = truncated};
  }
  ParseContext context(bool mixed) { return {.now = test_now, .scratch = &scratch_, .mixed = mixed}; }

  ParseScratch scratch_;
};

}  // namespace ipguard::match
