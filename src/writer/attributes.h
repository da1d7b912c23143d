// The attributes of a netlink message, read without belief in their lengths: libnftnl ends the program over one that is
// shorter than it expects (its abi_breakage()).
#pragma once

#include <libmnl/libmnl.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace ipguard::writer {

// Those of one message or of one nest, by type. What it gives out points into the message. A cheap value of one thread.
class Attributes {
 public:
  static constexpr uint16_t most_types = 32;  // others are passed over

  // Those behind the header that all of netfilter's messages have (struct nfgenmsg).
  [[nodiscard]] static Attributes of(const nlmsghdr& message);
  // None for a null pointer.
  [[nodiscard]] static Attributes of(const nlattr* nest);

  // Null if there is none.
  [[nodiscard]] const nlattr* at(uint16_t type) const { return type < most_types ? attributes_[type] : nullptr; }
  [[nodiscard]] Attributes nest(uint16_t type) const { return of(at(type)); }
  // Numbers in network order, as nf_tables has them; 0 if there is none of that length.
  [[nodiscard]] uint32_t number32(uint16_t type) const;
  [[nodiscard]] uint64_t number64(uint16_t type) const;
  // Up to its zero byte; empty if there is none.
  [[nodiscard]] std::string_view text(uint16_t type) const;
  [[nodiscard]] std::string_view bytes(uint16_t type) const;

 private:
  static int keep(const nlattr* attribute, void* attributes);
  template <typename Number>
  [[nodiscard]] Number raw_number(uint16_t type) const;

  std::array<const nlattr*, most_types> attributes_{};
};

// Calls `visit` with each attribute of a nest, in order; with none for a null pointer.
template <typename Visit>
void for_each_in(const nlattr* nest, Visit visit) {
  if (nest == nullptr) {
    return;
  }
  const auto call = [](const nlattr* attribute, void* visitor) {
    (*static_cast<Visit*>(visitor))(attribute);
    return MNL_CB_OK;
  };
  mnl_attr_parse_nested(nest, call, &visit);
}

}  // namespace ipguard::writer
