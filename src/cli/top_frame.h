// What `ipguardctl top` shows at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "base/time.h"
#include "report/document.h"

namespace ipguard::cli {

// What has come since the answer before.
class TopRates {
 public:
  // Hits of each group since the last call with the same dimension; empty at the first.
  [[nodiscard]] std::vector<uint64_t> advance(const report::Document& document);
  // A second, between the last two calls; nullopt before there are two.
  [[nodiscard]] std::optional<double> lines() const { return lines_; }
  [[nodiscard]] std::optional<double> hits() const { return hits_; }

 private:
  struct Sample {
    TimePoint at;
    uint64_t lines = 0;
    uint64_t hits = 0;
  };
  std::optional<Sample> last_;
  std::optional<double> lines_;
  std::optional<double> hits_;
  std::optional<report::Dimension> by_;
  std::unordered_map<std::string, uint64_t, StringHash, std::equal_to<>> groups_;  // hits by key
};

// Lines for people, safe for a terminal whatever the log held; each LF-ended.
[[nodiscard]] std::string top_head(const report::Document& document, const TopRates& rates);

// Of a text with lines ended by LF the first `rows` lines, each cut at `columns` columns, without LF.
[[nodiscard]] std::vector<std::string> cut_to_screen(std::string_view text, size_t rows, size_t columns);

}  // namespace ipguard::cli
