#include "writer/element_batch.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include "enforce/nft_sets.h"
#include "writer/nft_set_queries.h"

namespace ipguard::writer {

namespace {

constexpr size_t message_overhead = 512;   // headers, table and set name
constexpr size_t bytes_per_element = 104;  // IPv6 start (48) and end (36) element, with room

void put_element(nlmsghdr* message, const net::Address& key_address, uint32_t flags,
                 std::optional<std::chrono::milliseconds> timeout) {
  const Key key = key_of(key_address);
  nlattr* element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
  nlattr* data = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);
  mnl_attr_put(message, NFTA_DATA_VALUE, key.length, key.bytes.data());
  mnl_attr_nest_end(message, data);
  if (flags != 0) {
    mnl_attr_put_u32(message, NFTA_SET_ELEM_FLAGS, htonl(flags));
  }
  if (timeout) {
    mnl_attr_put_u64(message, NFTA_SET_ELEM_TIMEOUT, htobe64(static_cast<uint64_t>(timeout->count())));
  }
  mnl_attr_nest_end(message, element);
}

}  // namespace

char* ElementBatch::reserve(size_t size) {
  if (bytes_.size() < used_ + size) {
    bytes_.resize(std::max(used_ + size, bytes_.size() * 2));
  }
  return bytes_.data() + used_;
}

void ElementBatch::commit_message(const nlmsghdr& header) { used_ += NLMSG_ALIGN(header.nlmsg_len); }

void ElementBatch::begin() { commit_message(*nftnl_batch_begin(reserve(message_overhead), socket_.next_sequence())); }

uint32_t ElementBatch::add_message(bool removal, std::span<const ElementOp* const> ops, bool last) {
  const enforce::SetShape& shape = enforce::sets.at(ops.front()->set);
  const uint32_t sequence = socket_.next_sequence();
  // NLM_F_EXCL makes an element that is there already an error, so that its time-out is never kept by accident.
  const auto flags = static_cast<uint16_t>((removal ? 0 : NLM_F_CREATE | NLM_F_EXCL) | (last ? NLM_F_ACK : 0));
  nlmsghdr* message =
      nftnl_nlmsg_build_hdr(reserve(message_overhead + ops.size() * bytes_per_element),
                            removal ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM, enforce::inet_family, flags, sequence);
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, std::string(enforce::table_name).c_str());
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, std::string(shape.name).c_str());
  nlattr* list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
  for (const ElementOp* op : ops) {
    put_element(message, op->first, 0, removal ? std::nullopt : op->timeout);
    if (!shape.interval) {
      continue;
    }
    // The end element is one behind the last address; an interval up to the end of the address space has none.
    if (const auto behind = net::next(op->last)) {
      put_element(message, *behind, NFT_SET_ELEM_INTERVAL_END, std::nullopt);
    }
  }
  mnl_attr_nest_end(message, list);
  commit_message(*message);
  return sequence;
}

void ElementBatch::add_flush(size_t set, bool last) {
  nlmsghdr* message = nftnl_nlmsg_build_hdr(reserve(message_overhead), NFT_MSG_DELSETELEM, enforce::inet_family,
                                            last ? NLM_F_ACK : 0, socket_.next_sequence());
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, std::string(enforce::table_name).c_str());
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, std::string(enforce::sets.at(set).name).c_str());
  commit_message(*message);
}

void ElementBatch::end() {
  commit_message(*nftnl_batch_end(reserve(message_overhead), socket_.next_sequence()));
  bytes_.resize(used_);
}

}  // namespace ipguard::writer
