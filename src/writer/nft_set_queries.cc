#include "writer/nft_set_queries.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "enforce/address_bytes.h"
#include "enforce/nft_sets.h"
#include "writer/attributes.h"
#include "writer/nft_request.h"

namespace ipguard::writer {

namespace {

struct RawElement {
  net::Address key;
  bool end = false;
  std::optional<std::chrono::milliseconds> left;
};

std::optional<net::Address> key_in(const Attributes& element) {
  const std::string_view key = element.nest(NFTA_SET_ELEM_KEY).bytes(NFTA_DATA_VALUE);
  return enforce::address_of(key.data(), key.size());
}

std::optional<RawElement> raw_element(const Attributes& element) {
  const auto key = key_in(element);
  if (!key) {
    return std::nullopt;
  }
  RawElement result{*key, (element.number32(NFTA_SET_ELEM_FLAGS) & NFT_SET_ELEM_INTERVAL_END) != 0, std::nullopt};
  if (element.at(NFTA_SET_ELEM_EXPIRATION) != nullptr) {
    const uint64_t left = element.number64(NFTA_SET_ELEM_EXPIRATION);
    result.left = std::chrono::milliseconds(std::min<uint64_t>(left, INT64_MAX));
  }
  return result;
}

template <typename Visit>
void for_each_element(const nlmsghdr& message, Visit visit) {
  for_each_in(Attributes::of(message).at(NFTA_SET_ELEM_LIST_ELEMENTS),
              [&visit](const nlattr* element) { visit(Attributes::of(element)); });
}

void collect_elements(const nlmsghdr& message, std::vector<RawElement>& elements) {
  for_each_element(message, [&](const Attributes& element) {
    if (auto raw = raw_element(element)) {
      elements.push_back(*raw);
    }
  });
}

net::Address last_of_family(net::Family family) {
  return net::Prefix(family == net::Family::ipv4 ? net::Address::from_ipv4(0) : net::Address(), 0).last();
}

// An interval is held as a start element and, unless it reaches the end of the address space, an end element one
// behind its last address. The end of an interval whose start has expired stays a while without its start.
std::vector<KernelElement> pair_up(std::vector<RawElement> raw, net::Family family) {
  std::sort(raw.begin(), raw.end(),
            [](const RawElement& a, const RawElement& b) { return a.key != b.key ? a.key < b.key : a.end && !b.end; });
  std::vector<KernelElement> result;
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i].end) {
      continue;
    }
    const net::Address last =
        i + 1 < raw.size() ? net::previous(raw[i + 1].key).value_or(raw[i].key) : last_of_family(family);
    result.push_back({raw[i].key, last, raw[i].left});
  }
  return result;
}

// nullopt if there are more.
Result<std::optional<std::vector<KernelElement>>> list_at_most(enforce::NetlinkSocket& socket, size_t index,
                                                               size_t most) {
  const enforce::SetShape& shape = enforce::sets.at(index);
  Request request(NFT_MSG_GETSETELEM, NLM_F_DUMP);
  request.text(NFTA_SET_ELEM_LIST_TABLE, enforce::table_name);
  request.text(NFTA_SET_ELEM_LIST_SET, shape.name);
  std::vector<RawElement> raw;
  const size_t most_raw = shape.interval && most < SIZE_MAX / 2 ? 2 * most : most;  // an interval has two
  auto asked = socket.ask(
      request.header(), "cannot list set " + std::string(shape.name),
      [&](const nlmsghdr& message) {
        collect_elements(message, raw);
        if (raw.size() > most_raw) {
          socket.abandon();
        }
      },
      [&] { raw.clear(); });
  if (!asked && asked.error().code != Errc::not_found) {
    return std::unexpected(std::move(asked.error()));
  }
  if (raw.size() > most_raw) {
    return std::nullopt;
  }
  std::erase_if(raw, [&](const RawElement& element) { return element.key.family() != shape.family; });
  if (shape.interval) {
    return pair_up(std::move(raw), shape.family);
  }
  std::vector<KernelElement> result;
  result.reserve(raw.size());
  for (const RawElement& element : raw) {
    result.push_back({element.key, element.key, element.left});
  }
  std::ranges::sort(result, {}, &KernelElement::first);
  return result;
}

// About the element of set `index` that holds `address`.
Request element_question(size_t index, const net::Address& address, uint16_t flags) {
  Request request(NFT_MSG_GETSETELEM, flags);
  request.text(NFTA_SET_ELEM_LIST_TABLE, enforce::table_name);
  request.text(NFTA_SET_ELEM_LIST_SET, enforce::sets.at(index).name);
  const Key key = key_of(address);
  nlattr* elements = mnl_attr_nest_start(&request.header(), NFTA_SET_ELEM_LIST_ELEMENTS);
  nlattr* element = mnl_attr_nest_start(&request.header(), NFTA_LIST_ELEM);
  nlattr* data = mnl_attr_nest_start(&request.header(), NFTA_SET_ELEM_KEY);
  mnl_attr_put(&request.header(), NFTA_DATA_VALUE, key.length, key.bytes.data());
  mnl_attr_nest_end(&request.header(), data);
  mnl_attr_nest_end(&request.header(), element);
  mnl_attr_nest_end(&request.header(), elements);
  return request;
}

// Of the element that begins at `first`. One expression stands by itself, several are a list (Linux 5.11).
std::optional<enforce::DropCounters> counter_of(const nlmsghdr& message, const net::Address& first) {
  std::optional<enforce::DropCounters> counters;
  const auto take = [&counters](const nlattr* nest) {
    const Attributes expression = Attributes::of(nest);
    if (expression.text(NFTA_EXPR_NAME) == "counter") {
      const Attributes counter = expression.nest(NFTA_EXPR_DATA);
      counters = {.packets = counter.number64(NFTA_COUNTER_PACKETS), .bytes = counter.number64(NFTA_COUNTER_BYTES)};
    }
  };
  for_each_element(message, [&](const Attributes& element) {
    if (key_in(element) == first) {
      take(element.at(NFTA_SET_ELEM_EXPR));
      for_each_in(element.at(NFTA_SET_ELEM_EXPRESSIONS), take);
    }
  });
  return counters;
}

}  // namespace

Key key_of(const net::Address& address) {
  Key key;
  key.length = address.bits() / 8;
  const auto& bytes = address.bytes();
  std::copy(bytes.begin() + (16 - key.length), bytes.end(), key.bytes.begin());
  return key;
}

Result<std::vector<KernelElement>> list_set(enforce::NetlinkSocket& socket, size_t index) {
  auto listed = list_at_most(socket, index, SIZE_MAX);
  if (!listed) {
    return std::unexpected(std::move(listed.error()));
  }
  return *std::move(*listed);
}

Result<std::optional<std::vector<KernelElement>>> list_small_set(size_t index, size_t most) {
  auto socket = enforce::NetlinkSocket::open(NETLINK_NETFILTER);  // of its own: it may be given up in the middle
  if (!socket) {
    return std::unexpected(std::move(socket.error()));
  }
  return list_at_most(*socket, index, most);
}

Result<bool> set_holds(enforce::NetlinkSocket& socket, size_t index, const net::Address& address) {
  Request request = element_question(index, address, NLM_F_ACK);
  bool found = false;
  auto asked = socket.ask(request.header(), "cannot ask set " + std::string(enforce::sets.at(index).name),
                          [&](const nlmsghdr&) { found = true; });
  if (!asked && asked.error().code != Errc::not_found) {
    return std::unexpected(std::move(asked.error()));
  }
  return asked.has_value() && found;
}

Result<std::vector<std::optional<enforce::DropCounters>>> read_element_counters(
    enforce::NetlinkSocket& socket, std::span<const model::SetElement> elements) {
  // A message each (one that is not there would end a message's list), many a system call; the kernel queues its
  // answers meanwhile, in a page each.
  constexpr size_t most_questions = 500;
  std::vector<std::optional<enforce::DropCounters>> result(elements.size());
  std::string messages;
  for (size_t begin = 0; begin < elements.size(); begin += most_questions) {
    const size_t count = std::min(most_questions, elements.size() - begin);
    messages.clear();
    uint32_t first_sequence = 0;
    for (size_t i = 0; i < count; ++i) {
      const net::Prefix& prefix = elements[begin + i].prefix;
      Request request =
          element_question(enforce::set_index(elements[begin + i].scope, prefix.family()), prefix.address(), 0);
      request.header().nlmsg_seq = socket.next_sequence();
      first_sequence = i == 0 ? request.header().nlmsg_seq : first_sequence;
      messages.append(reinterpret_cast<const char*>(&request.header()), NLMSG_ALIGN(request.header().nlmsg_len));
    }
    auto answer = socket.send_batch(messages, [&](const nlmsghdr& message) {
      const size_t place = message.nlmsg_seq - first_sequence;
      if (place < count) {
        result[begin + place] = counter_of(message, elements[begin + place].prefix.address());
      }
    });
    if (!answer) {
      return std::unexpected(std::move(answer.error()));
    }
  }
  return result;
}

}  // namespace ipguard::writer
