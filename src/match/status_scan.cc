#include "match/status_scan.h"

#include <bit>
#include <cassert>

#include "base/line_counter.h"

namespace ipguard::match {
namespace {

constexpr size_t code_digits = 3;

// For one byte or for many at once.
template <typename Byte>
auto may_precede(const Byte& c) {
  return (c == ' ') | (c == '"') | (c == ':') | (c == ',') | (c == '\t');
}
bool may_follow(char c) { return c == ' ' || c == '"' || c == '}' || c == ',' || c == '\t'; }

// Marks places of a first digit in the sixteen bytes at `at`, whatever stands behind the third one; `at[-1]` and two
// bytes behind the sixteen exist.
ByteVector mark_codes(const char* at) {
  const ByteVector first = load_bytes(at) - '1';
  const ByteVector second = load_bytes(at + 1) - '0';
  const ByteVector third = load_bytes(at + 2) - '0';
  return std::bit_cast<ByteVector>((first < 5) & (second < 10) & (third < 10) & may_precede(load_bytes(at - 1)));
}

}  // namespace

void StatusScan::add(uint16_t code, uint32_t id) {
  assert(code >= 100 && code < codes);
  id_of_[code] = id + 1;
  empty_ = false;
}

// Whether a code stands at `at`, seen byte by byte.
void StatusScan::look_at(std::string_view block, size_t at, ScanReceiver& receiver) const {
  if (at == 0 || at + code_digits >= block.size() || !may_precede(block[at - 1]) ||
      !may_follow(block[at + code_digits])) {
    return;
  }
  take_code(block, at, receiver);
}

// Three digits at `at`.
void StatusScan::take_code(std::string_view block, size_t at, ScanReceiver& receiver) const {
  if (at + code_digits > block.size()) {
    return;
  }
  size_t code = 0;
  for (const char c : block.substr(at, code_digits)) {
    if (c < '0' || c > '9') {
      return;
    }
    code = 10 * code + static_cast<size_t>(c - '0');
  }
  if (const auto id = id_of(static_cast<uint16_t>(code))) {
    receiver.on_match(*id, at + code_digits);
  }
}

bool StatusScan::stands_usually(char before, char behind) { return may_precede(before) && may_follow(behind); }

void StatusScan::scan_behind(char before, std::string_view block, ScanReceiver& receiver) const {
  if (before == '\n') {
    take_code(block, 0, receiver);
  }
  for (size_t at = block.find(before); at != std::string_view::npos; at = block.find(before, at + 1)) {
    take_code(block, at + 1, receiver);
  }
}

void StatusScan::scan(std::string_view block, ScanReceiver& receiver) const {
  constexpr size_t chunk = sizeof(ByteVector);
  size_t at = 1;
  for (; at + chunk + code_digits <= block.size(); at += chunk) {
    for_each_marked(mark_codes(block.data() + at), [&](size_t i) { look_at(block, at + i, receiver); });
  }
  for (; at < block.size(); ++at) {
    look_at(block, at, receiver);
  }
}

}  // namespace ipguard::match
