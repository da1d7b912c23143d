// RecordWriter: fills a RecordScratch within its bounds. Internal to the parsers of records.
#pragma once

#include <cstdint>
#include <string_view>

#include "match/formats/record.h"

namespace ipguard::match {

class RecordWriter {
 public:
  // Room for all that a record of `text` can need: its names, and its values, which never get longer by unescaping.
  RecordWriter(std::string_view text, RecordScratch& scratch) : scratch_(scratch) {
    scratch_.values.clear();
    scratch_.values.reserve(most_record_values);
    scratch_.text.clear();
    scratch_.text.reserve(most_record_values * longest_value_name + text.size());
  }

  [[nodiscard]] bool add(std::string_view name, std::string_view value) {
    if (scratch_.values.size() == most_record_values || name.size() > longest_value_name) {
      return false;
    }
    scratch_.values.push_back({name, value});
    return true;
  }

  // Text that does not stand in the line. What was given before stays where it is; without room nothing is added.
  [[nodiscard]] size_t mark() const { return scratch_.text.size(); }
  [[nodiscard]] std::string_view since(size_t mark) const { return std::string_view(scratch_.text).substr(mark); }
  bool append(std::string_view text) {
    if (scratch_.text.capacity() - scratch_.text.size() < text.size()) {
      return false;
    }
    scratch_.text.append(text);
    return true;
  }
  bool append(char byte) { return append(std::string_view(&byte, 1)); }
  // As UTF-8; a lone surrogate becomes U+FFFD.
  bool append_code_point(uint32_t code);

 private:
  RecordScratch& scratch_;
};

// Four or two hexadecimal digits at the beginning of `text`; -1 if they are not there.
[[nodiscard]] int32_t hex4(std::string_view text);
[[nodiscard]] int32_t hex2(std::string_view text);

}  // namespace ipguard::match
