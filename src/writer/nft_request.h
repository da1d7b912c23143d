// What the questions to nf_tables share. Internal to nft_queries.cc and nft_set_queries.cc.
#pragma once

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netlink.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "enforce/nft_sets.h"

namespace ipguard::writer {

// A request of a few small attributes.
class Request {
 public:
  Request(uint16_t type, uint16_t flags)
      : header_(nftnl_nlmsg_build_hdr(bytes_.data(), type, enforce::inet_family, flags, 0)) {}
  void text(uint16_t attribute, std::string_view value) {
    mnl_attr_put_strz(header_, attribute, std::string(value).c_str());
  }
  [[nodiscard]] nlmsghdr& header() { return *header_; }

 private:
  alignas(NLMSG_ALIGNTO) std::array<char, 512> bytes_{};
  nlmsghdr* header_;
};

}  // namespace ipguard::writer
