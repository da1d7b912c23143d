// links: input
// An entry of the journal: fields in lines of "NUMBER VALUE", a line that ends with a backslash goes on in the next.
// The same bytes as a cursor that was stored.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/text.h"
#include "input/journal_line.h"
#include "input/journal_reader.h"
#include "input/journal_sender.h"
#include "require.h"

using namespace ipguard;
using namespace ipguard::input;
using ipguard::fuzz::require;

namespace {

void check(const JournalEntry& entry, const NamedSenders& named, size_t most) {
  const auto sender = attribute(entry, named);
  require(!sender.trusted || !sender.program.empty());
  static JournalLine line;
  std::string text = "before\n";
  const size_t begin = text.size();
  const bool was_cut = line.append(entry, sender, TimePoint{}, most, text);
  const std::string_view added = std::string_view(text).substr(begin);
  require(text.starts_with("before\n"));
  require(was_cut ? added.size() == most : added.ends_with('\n') && added.size() <= most + 1);
  for (const char c : added.substr(0, added.size() - (was_cut ? 0 : 1))) {
    require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
}

// The first part "t=…" is the time, in hexadecimal, and only that.
void check_cursor(std::string_view cursor) {
  const auto time = time_of_cursor(cursor);
  for (const auto part : split(cursor, ';')) {
    if (part.starts_with("t=")) {
      const auto digits = part.substr(2);
      const bool is_number = !digits.empty() && digits.find_first_not_of("0123456789abcdefABCDEF") == digits.npos &&
                             digits.size() - std::min(digits.find_first_not_of('0'), digits.size()) <= 16;
      require(time.has_value() == is_number);
      require(!time || *time == std::stoull(std::string(digits), nullptr, 16));
      return;
    }
  }
  require(!time);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_cursor(input);
  JournalEntry entry;
  for (size_t at = 0; at < input.size();) {
    const auto field = static_cast<JournalField>(static_cast<unsigned char>(input[at]) % journal_field_count);
    size_t end = at;
    do {
      end = input.find('\n', end + 1);
    } while (end != std::string_view::npos && input[end - 1] == '\\');
    entry.take(field, input.substr(at + 1, end == std::string_view::npos ? end : end - at - 1));
    at = end == std::string_view::npos ? input.size() : end + 1;
  }
  check(entry, {}, 64UL << 10);
  check(entry, {.units = {"ssh@*.service", "[a"}, .identifiers = {"x"}}, 100);
  return 0;
}
