// The bulk mode: addresses, one a line, between `begin` and `end` (Team Cymru's whois service).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"
#include "whois/directory.h"
#include "whois/query.h"

namespace ipguard::whois {

// Scratch of all bulk sessions of a server; empty between calls.
struct BulkBatch {
  std::vector<net::Address> addresses;
  std::vector<model::RouteRow> rows;
};

// One client's bulk query. Lines may be `verbose`, `noheader`, `header`, `noverbose`, `end`, in any case, or an address
// or AS number (a dot may follow) and then anything; what is none gets a line that says so. The columns' names come
// before the first row. Of an AS, address and prefix are NA.
class BulkSession {
 public:
  // Output beyond which no more is answered in one call; a batch of rows may come on top of it.
  static constexpr size_t most_output = size_t{64} << 10;

  // Directory and batch must outlive it.
  BulkSession(const Directory& directory, BulkBatch& batch, bool verbose = false, bool header = true)
      : directory_(directory), batch_(batch), verbose_(verbose), header_(header) {}

  struct Fed {
    enum class State {
      hungry,   // every whole line was taken
      paused,   // lines are left, for another time
      waiting,  // the next line is an AS, and what AS have is not yet known (Directory::systems_ready)
      over,     // `end`, or a line longer than longest_line: nothing more is wanted
    };
    State state = State::hungry;
    size_t taken = 0;  // bytes; what follows is to come again, with more behind it
    size_t rows = 0;   // what it cost, in rows
  };
  // What the client sent, from where the last call ended. Answers at most `most_rows` lines, but one at least, at the
  // end of `output`.
  [[nodiscard]] Fed feed(std::string_view bytes, size_t most_rows, std::string& output);
  // What comes before everything else.
  [[nodiscard]] std::string greeting() const;

 private:
  [[nodiscard]] Fed::State take_line(std::string_view line, Fed& fed, std::string& output);
  void answer(std::string& output);
  void put_header(std::string& output);

  const Directory& directory_;
  BulkBatch& batch_;
  uint64_t lines_ = 0;
  bool verbose_;
  bool header_;  // still to be written
};

}  // namespace ipguard::whois
