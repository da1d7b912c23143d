#include "net/asn.h"

#include "base/text.h"

namespace ipguard::net {

std::optional<Asn> Asn::parse(std::string_view text) {
  if (text.size() > 2 && (text[0] == 'A' || text[0] == 'a') && (text[1] == 'S' || text[1] == 's')) {
    text.remove_prefix(2);
  }
  const auto number = parse_number(text);
  if (!number || *number == 0 || *number > UINT32_MAX) {
    return std::nullopt;
  }
  return Asn{static_cast<uint32_t>(*number)};
}

}  // namespace ipguard::net
