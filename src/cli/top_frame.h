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

// Lines for people, safe for a terminal whatever the log held; each LF-ended. Sentences are broken between their parts
// where they are longer than `width` columns (nullopt = never).
[[nodiscard]] std::string top_head(const report::Document& document, const TopRates& rates,
                                   std::optional<size_t> width);

struct TopFrame {
  const report::Document& document;
  const TopRates& rates;
  const std::vector<uint64_t>& fresh;  // as top_table() has it
  std::string_view problem;            // why the document is an old one; empty = it is not
  report::Dimension by;                // what is asked for
  size_t rows = 0;                     // of the screen …
  size_t columns = 0;                  // … and its width
};

// What stands on the screen, one line a row, without LF: the head, in at most half of the rows, then the groups as far
// as there is room. What is shown is whole: parts of sentences and columns that do not fit are left out, or end in "…".
[[nodiscard]] std::vector<std::string> top_frame(const TopFrame& frame);

}  // namespace ipguard::cli
