#include "net/prefix.h"

#include "base/text.h"

namespace ipguard::net {

Result<Prefix> Prefix::parse(std::string_view text) {
  const auto bad = [&](std::string_view why) { return fail(Errc::invalid, in_quotes(text) + ' ' + std::string(why)); };
  const auto slash = text.find('/');
  const auto address = Address::parse(text.substr(0, slash));
  if (!address || text.find('%') != std::string_view::npos) {
    return bad("is neither an address nor a prefix; write for example 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32");
  }
  if (slash == std::string_view::npos) {
    return Prefix(*address);
  }
  const auto digits = text.substr(slash + 1);
  auto length = parse_number(digits);
  if (!length || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0')) {
    return bad("has no valid prefix length after the slash");
  }
  if (address->is_ipv4() && text.find(':') != std::string_view::npos) {
    // Written as ::ffff:a.b.c.d/96+n.
    if (*length < 96 || *length > 128) {
      return bad("is v4-mapped with a length below 96 or above 128; write it as an IPv4 prefix");
    }
    *length -= 96;
  }
  if (*length > address->bits()) {
    return bad("has a prefix length above " + std::to_string(address->bits()));
  }
  const Prefix prefix(*address, static_cast<unsigned>(*length));
  if (prefix.address() != *address) {
    return bad("has host bits set; the prefix is " + prefix.to_string());
  }
  return prefix;
}

Address Prefix::last() const {
  const Address last = address_.with_host_bits(length_, true);
  if (last.family() == family()) {
    return last;
  }
  // An IPv6 prefix such as ::/80, at whose end by number the mapped IPv4 addresses lie: they are not in it.
  return *previous(Address::from_ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
}

Prefix Prefix::child(bool upper) const {
  auto bytes = address_.bytes();
  if (upper) {
    const unsigned position = length_ + (128 - address_.bits());
    bytes[position / 8] = static_cast<uint8_t>(bytes[position / 8] | (0x80U >> (position % 8)));
  }
  return {Address::from_ipv6(bytes), length_ + 1U};
}

std::string Prefix::to_string() const {
  std::string text;
  append_to(text);
  return text;
}

void Prefix::append_to(std::string& text) const {
  address_.append_to(text);
  text += '/';
  text += std::to_string(length_);
}

std::string Prefix::to_target() const { return is_single() ? address_.to_string() : to_string(); }

}  // namespace ipguard::net
