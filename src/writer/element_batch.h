// The bytes of one nf_tables batch of set elements.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "writer/nft_elements.h"

struct nlmsghdr;

namespace ipguard::writer {

// NFT_MSG_NEWSETELEM and NFT_MSG_DELSETELEM between NFNL_MSG_BATCH_BEGIN and _END. Use once.
class ElementBatch {
 public:
  // The list of a message is one attribute, whose length is 16 bits: 500 IPv6 intervals are 42 kB.
  static constexpr size_t elements_per_message = 500;

  explicit ElementBatch(enforce::NetlinkSocket& socket) : socket_(socket) {}

  void begin();
  // At most elements_per_message operations on one set; `last` asks for an acknowledgement. Returns the message's
  // sequence number.
  uint32_t add_message(bool removal, std::span<const ElementOp* const> ops, bool last);
  // Empties a set.
  void add_flush(size_t set, bool last);
  void end();
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  char* reserve(size_t size);
  void commit_message(const nlmsghdr& header);

  enforce::NetlinkSocket& socket_;
  std::string bytes_;
  size_t used_ = 0;
};

}  // namespace ipguard::writer
