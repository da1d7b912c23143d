#include "enforce/wire_bytes.h"

#include <algorithm>
#include <array>

#include "enforce/wire.h"
#include "model/scope.h"

namespace ipguard::enforce::wire {

namespace {

constexpr int64_t latest_time = 253'402'300'799'000'000;  // 9999-12-31T23:59:59Z
constexpr uint64_t no_time = UINT64_MAX;

}  // namespace

void Encoder::put_number(uint64_t value, unsigned bytes) {
  std::array<char, 8> text{};
  for (unsigned i = 0; i < bytes; ++i) {
    text.at(i) = static_cast<char>(value >> (8 * i) & 0xff);
  }
  bytes_.append(text.data(), bytes);
}

void Encoder::put_time(TimePoint time) {
  put_u64(static_cast<uint64_t>(std::clamp<int64_t>(time.time_since_epoch().count(), 0, latest_time)));
}

void Encoder::put_text(std::string_view text) {
  text = text.substr(0, longest_text);
  put_u32(static_cast<uint32_t>(text.size()));
  bytes_.append(text);
}

void Encoder::put_address(const net::Address& address) {
  bytes_.append(reinterpret_cast<const char*>(address.bytes().data()), address.bytes().size());
}

void Encoder::put_prefix(const net::Prefix& prefix) {
  put_u8(static_cast<uint8_t>(prefix.length()));
  put_address(prefix.address());
}

void Encoder::put_element(const model::SetElement& element) {
  put_u8(static_cast<uint8_t>(element.scope));
  put_prefix(element.prefix);
  if (element.until) {
    put_time(*element.until);
  } else {
    put_u64(no_time);
  }
}

void Decoder::fail(std::string_view what) {
  if (problem_.empty()) {
    problem_ = what;
  }
  rest_ = {};
}

std::string_view Decoder::finish() {
  if (!rest_.empty()) {
    fail("bytes behind the end");
  }
  return problem_;
}

std::string_view Decoder::take_bytes(size_t count) {
  if (count > rest_.size()) {
    fail("it is cut off");
    return {};
  }
  const auto bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return bytes;
}

uint64_t Decoder::take_number(unsigned bytes) {
  uint64_t value = 0;
  const auto text = take_bytes(bytes);
  for (size_t i = 0; i < text.size(); ++i) {
    value |= static_cast<uint64_t>(static_cast<uint8_t>(text[i])) << (8 * i);
  }
  return value;
}

bool Decoder::take_bool() {
  const auto value = take_u8();
  if (value > 1) {
    fail("a truth value that is neither");
  }
  return value == 1;
}

TimePoint Decoder::take_time() {
  const auto value = take_u64();
  if (value > static_cast<uint64_t>(latest_time)) {
    fail("a time out of its range");
    return {};
  }
  return TimePoint(std::chrono::microseconds(static_cast<int64_t>(value)));
}

std::string Decoder::take_text() {
  const auto size = take_u32();
  if (size > longest_text) {
    fail("a text that is too long");
    return {};
  }
  return std::string(take_bytes(size));
}

net::Address Decoder::take_address() {
  std::array<uint8_t, 16> bytes{};
  const auto text = take_bytes(bytes.size());
  std::copy(text.begin(), text.end(), bytes.begin());
  return net::Address::from_ipv6(bytes);
}

net::Prefix Decoder::take_prefix() {
  const auto length = take_u8();
  const auto address = take_address();
  if (length > address.bits()) {
    fail("a prefix length that its family does not have");
    return {};
  }
  const net::Prefix prefix(address, length);
  if (prefix.address() != address) {
    fail("a prefix with host bits");
  }
  return prefix;
}

model::SetElement Decoder::take_element() {
  const auto scope = take_u8();
  if (scope >= model::scope_count) {
    fail("a scope that there is none of");
    return {};
  }
  model::SetElement element{.scope = static_cast<model::Scope>(scope), .prefix = take_prefix(), .until = {}};
  if (element.prefix.length() == 0) {
    fail("a prefix that is the whole address space");
  }
  const auto until = take_u64();
  if (until == no_time) {
    return element;
  }
  if (until > static_cast<uint64_t>(latest_time)) {
    fail("a time out of its range");
  } else {
    element.until = TimePoint(std::chrono::microseconds(static_cast<int64_t>(until)));
  }
  return element;
}

uint32_t Decoder::take_count(size_t item_bytes) {
  const auto count = take_u32();
  if (count > rest_.size() / item_bytes) {
    fail("more items than bytes");
    return 0;
  }
  return count;
}

}  // namespace ipguard::enforce::wire
