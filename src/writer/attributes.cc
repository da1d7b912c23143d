#include "writer/attributes.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter/nfnetlink.h>

#include <cstring>

namespace ipguard::writer {

int Attributes::keep(const nlattr* attribute, void* attributes) {
  const uint16_t type = mnl_attr_get_type(attribute);
  if (type < most_types) {
    static_cast<Attributes*>(attributes)->attributes_[type] = attribute;
  }
  return MNL_CB_OK;
}

Attributes Attributes::of(const nlmsghdr& message) {
  Attributes all;
  mnl_attr_parse(&message, sizeof(nfgenmsg), keep, &all);
  return all;
}

Attributes Attributes::of(const nlattr* nest) {
  Attributes all;
  if (nest != nullptr) {
    mnl_attr_parse_nested(nest, keep, &all);
  }
  return all;
}

template <typename Number>
Number Attributes::raw_number(uint16_t type) const {
  Number number = 0;
  const std::string_view data = bytes(type);
  if (data.size() == sizeof number) {
    std::memcpy(&number, data.data(), sizeof number);
  }
  return number;
}

uint32_t Attributes::number32(uint16_t type) const { return ntohl(raw_number<uint32_t>(type)); }

uint64_t Attributes::number64(uint16_t type) const { return be64toh(raw_number<uint64_t>(type)); }

std::string_view Attributes::text(uint16_t type) const {
  const std::string_view data = bytes(type);
  const size_t end = data.find('\0');
  return end == std::string_view::npos ? std::string_view() : data.substr(0, end);
}

std::string_view Attributes::bytes(uint16_t type) const {
  const nlattr* attribute = at(type);
  return attribute == nullptr ? std::string_view()
                              : std::string_view(static_cast<const char*>(mnl_attr_get_payload(attribute)),
                                                 mnl_attr_get_payload_len(attribute));
}

}  // namespace ipguard::writer
