// The bulk mode: addresses, one a line, between `begin` and `end` (Team Cymru's whois service).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "whois/directory.h"

namespace ipguard::whois {

// One client's bulk query. Lines may be `verbose`, `noheader`, `header`, `noverbose`, `end`, or an address and then
// anything; what is none gets a line that says so. The columns' names come before the first row.
class BulkSession {
 public:
  static constexpr size_t longest_line = 255;

  // The directory must outlive it.
  explicit BulkSession(const Directory& directory);

  // What the client sent, in pieces of any size. Answers are appended to `output`: at most 20 times as many bytes.
  // False after `end`, or after a line longer than longest_line: nothing more is wanted.
  bool feed(std::string_view bytes, std::string& output);
  // What comes before everything else.
  [[nodiscard]] std::string greeting() const;

 private:
  bool take_line(std::string_view line, std::string& output);
  void answer(std::string& output);

  const Directory& directory_;
  std::string partial_;  // a line whose end has not come yet
  std::vector<net::Address> addresses_;
  std::vector<model::RouteRow> rows_;
  uint64_t lines_ = 0;
  bool verbose_ = false;
  bool header_ = true;  // still to be written
};

}  // namespace ipguard::whois
