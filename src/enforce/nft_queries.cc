#include "enforce/nft_queries.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/gen.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/text.h"
#include "enforce/nft_ruleset.h"

namespace ipguard::enforce {

namespace {

constexpr uint16_t inet_family = 1;  // NFPROTO_INET

// Frees what libnftnl allocates.
template <auto Free>
struct With {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Generation = std::unique_ptr<nftnl_gen, With<nftnl_gen_free>>;
using Table = std::unique_ptr<nftnl_table, With<nftnl_table_free>>;
using Chain = std::unique_ptr<nftnl_chain, With<nftnl_chain_free>>;
using Rule = std::unique_ptr<nftnl_rule, With<nftnl_rule_free>>;
using Set = std::unique_ptr<nftnl_set, With<nftnl_set_free>>;
using Object = std::unique_ptr<nftnl_obj, With<nftnl_obj_free>>;
using Elements = std::unique_ptr<nftnl_set_elems_iter, With<nftnl_set_elems_iter_destroy>>;

// A request of a few small attributes.
class Request {
 public:
  Request(uint16_t type, uint16_t flags) : header_(nftnl_nlmsg_build_hdr(bytes_.data(), type, inet_family, flags, 0)) {}
  void text(uint16_t attribute, std::string_view value) {
    mnl_attr_put_strz(header_, attribute, std::string(value).c_str());
  }
  [[nodiscard]] nlmsghdr& header() { return *header_; }

 private:
  alignas(NLMSG_ALIGNTO) std::array<char, 512> bytes_{};
  nlmsghdr* header_;
};

struct RawElement {
  net::Address key;
  bool end = false;
  std::optional<std::chrono::milliseconds> left;
};

std::optional<RawElement> raw_element(nftnl_set_elem* element) {
  uint32_t length = 0;
  const void* bytes = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &length);
  const auto key = bytes == nullptr ? std::nullopt : address_of(bytes, length);
  if (!key) {
    return std::nullopt;
  }
  RawElement result{*key, false, std::nullopt};
  if (nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_FLAGS)) {
    result.end = (nftnl_set_elem_get_u32(element, NFTNL_SET_ELEM_FLAGS) & NFT_SET_ELEM_INTERVAL_END) != 0;
  }
  if (nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_EXPIRATION)) {
    const uint64_t left = nftnl_set_elem_get_u64(element, NFTNL_SET_ELEM_EXPIRATION);
    result.left = std::chrono::milliseconds(std::min<uint64_t>(left, INT64_MAX));
  }
  return result;
}

void collect_elements(const nlmsghdr& message, std::vector<RawElement>& elements) {
  const Set set(nftnl_set_alloc());
  if (!set || nftnl_set_elems_nlmsg_parse(&message, set.get()) < 0) {
    return;
  }
  const Elements all(nftnl_set_elems_iter_create(set.get()));
  if (!all) {
    return;
  }
  while (nftnl_set_elem* element = nftnl_set_elems_iter_next(all.get())) {
    if (auto raw = raw_element(element)) {
      elements.push_back(*raw);
    }
  }
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

std::string shape_problem(const nftnl_set* set, const SetShape& shape) {
  const uint32_t flags = nftnl_set_get_u32(set, NFTNL_SET_FLAGS);
  const uint32_t wanted = NFT_SET_TIMEOUT | (shape.interval ? uint32_t{NFT_SET_INTERVAL} : 0U);
  const uint32_t compared = NFT_SET_TIMEOUT | NFT_SET_INTERVAL | NFT_SET_MAP | NFT_SET_OBJECT | NFT_SET_CONSTANT |
                            NFT_SET_ANONYMOUS | NFT_SET_CONCAT;
  if ((flags & compared) == wanted && nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN) == key_length(shape) &&
      nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE) == key_type(shape)) {
    return {};
  }
  return "its set " + std::string(shape.name) + " has another type or other flags than ipguard's";
}

std::optional<RuleState> rule_state(const nlmsghdr& message) {
  const Rule rule(nftnl_rule_alloc());
  if (!rule || nftnl_rule_nlmsg_parse(&message, rule.get()) < 0) {
    return std::nullopt;
  }
  RuleState state{nftnl_rule_get_u64(rule.get(), NFTNL_RULE_HANDLE), {}};
  const char* chain = nftnl_rule_get_str(rule.get(), NFTNL_RULE_CHAIN);
  if (chain != nullptr && is_own_chain(chain)) {
    const auto take = [](const nlattr* attribute, void* text) {
      if (mnl_attr_get_type(attribute) == NFTA_RULE_EXPRESSIONS) {
        static_cast<std::string*>(text)->assign(static_cast<const char*>(mnl_attr_get_payload(attribute)),
                                                mnl_attr_get_payload_len(attribute));
      }
      return MNL_CB_OK;
    };
    mnl_attr_parse(&message, sizeof(nfgenmsg), take, &state.expressions);
  }
  return state;
}

// The kernel lists the chains of every table of the family.
Result<std::vector<ChainState>> chain_states(NetlinkSocket& socket) {
  std::vector<ChainState> chains;
  Request request(NFT_MSG_GETCHAIN, NLM_F_DUMP);
  auto asked = socket.ask(
      request.header(), "cannot list the chains of table inet ipguard",
      [&](const nlmsghdr& message) {
        const Chain chain(nftnl_chain_alloc());
        if (!chain || nftnl_chain_nlmsg_parse(&message, chain.get()) < 0) {
          return;
        }
        const char* table = nftnl_chain_get_str(chain.get(), NFTNL_CHAIN_TABLE);
        const char* name = nftnl_chain_get_str(chain.get(), NFTNL_CHAIN_NAME);
        if (table != nullptr && name != nullptr && table == table_name) {
          chains.push_back({nftnl_chain_get_u64(chain.get(), NFTNL_CHAIN_HANDLE),
                            nftnl_chain_get_u32(chain.get(), NFTNL_CHAIN_POLICY), name});
        }
      },
      [&] { chains.clear(); });
  if (!asked) {
    return std::unexpected(std::move(asked.error()));
  }
  std::sort(chains.begin(), chains.end());
  return chains;
}

}  // namespace

Key key_of(const net::Address& address) {
  Key key;
  key.length = address.bits() / 8;
  const auto& bytes = address.bytes();
  std::copy(bytes.begin() + (16 - key.length), bytes.end(), key.bytes.begin());
  return key;
}

std::optional<net::Address> address_of(const void* bytes, size_t length) {
  if (length == 4) {
    uint32_t number = 0;
    std::memcpy(&number, bytes, sizeof number);
    return net::Address::from_ipv4(ntohl(number));
  }
  if (length == 16) {
    std::array<uint8_t, 16> all{};
    std::memcpy(all.data(), bytes, all.size());
    return net::Address::from_ipv6(all);
  }
  return std::nullopt;
}

Result<uint32_t> ruleset_generation(NetlinkSocket& socket) {
  Request request(NFT_MSG_GETGEN, NLM_F_ACK);
  uint32_t number = 0;
  auto asked = socket.ask(request.header(), "cannot ask nftables for its generation", [&](const nlmsghdr& message) {
    const Generation generation(nftnl_gen_alloc());
    if (generation && nftnl_gen_nlmsg_parse(&message, generation.get()) == 0) {
      number = nftnl_gen_get_u32(generation.get(), NFTNL_GEN_ID);
    }
  });
  if (!asked) {
    return std::unexpected(std::move(asked.error()));
  }
  return number;
}

Result<std::optional<TableState>> table_state(NetlinkSocket& socket) {
  Request question(NFT_MSG_GETTABLE, NLM_F_ACK);
  question.text(NFTA_TABLE_NAME, table_name);
  TableState state;
  auto asked = socket.ask(question.header(), "cannot ask for table inet ipguard", [&](const nlmsghdr& message) {
    const Table table(nftnl_table_alloc());
    if (table && nftnl_table_nlmsg_parse(&message, table.get()) == 0) {
      state.handle = nftnl_table_get_u64(table.get(), NFTNL_TABLE_HANDLE);
      state.flags = nftnl_table_get_u32(table.get(), NFTNL_TABLE_FLAGS);
    }
  });
  if (!asked) {
    if (asked.error().code == Errc::not_found) {
      return std::nullopt;
    }
    return std::unexpected(std::move(asked.error()));
  }
  auto chains = chain_states(socket);
  if (!chains) {
    return std::unexpected(std::move(chains.error()));
  }
  state.chains = std::move(*chains);
  Request rules(NFT_MSG_GETRULE, NLM_F_DUMP);
  rules.text(NFTA_RULE_TABLE, table_name);
  asked = socket.ask(
      rules.header(), "cannot list the rules of table inet ipguard",
      [&](const nlmsghdr& message) {
        if (auto rule = rule_state(message)) {
          state.rules.push_back(std::move(*rule));
        }
      },
      [&] { state.rules.clear(); });
  if (!asked) {
    return std::unexpected(std::move(asked.error()));
  }
  std::sort(state.rules.begin(), state.rules.end());
  return state;
}

Result<> check_shapes(NetlinkSocket& socket) {
  auto state = table_state(socket);
  if (!state) {
    return std::unexpected(std::move(state.error()));
  }
  if (!*state) {
    return {};
  }
  std::string problem;
  if (((*state)->flags & NFT_TABLE_F_OWNER) != 0) {
    problem = "another running program owns it";
  }
  Request request(NFT_MSG_GETSET, NLM_F_DUMP);
  request.text(NFTA_SET_TABLE, table_name);
  auto asked = socket.ask(request.header(), "cannot list the sets of table inet ipguard", [&](const nlmsghdr& message) {
    const Set set(nftnl_set_alloc());
    if (!set || nftnl_set_nlmsg_parse(&message, set.get()) < 0) {
      return;
    }
    const char* name = nftnl_set_get_str(set.get(), NFTNL_SET_NAME);
    for (const SetShape& shape : sets) {
      if (problem.empty() && name != nullptr && shape.name == name) {
        problem = shape_problem(set.get(), shape);
      }
    }
  });
  if (!asked && asked.error().code != Errc::not_found) {
    return std::unexpected(std::move(asked.error()));
  }
  if (!problem.empty()) {
    return fail(Errc::invalid, "the nftables table inet ipguard is not ipguard's: " + problem +
                                   " (look at it with \"nft list table inet ipguard\"; \"nft delete table inet "
                                   "ipguard\" makes room)");
  }
  return {};
}

Result<std::vector<KernelElement>> list_set(NetlinkSocket& socket, size_t index) {
  const SetShape& shape = sets.at(index);
  Request request(NFT_MSG_GETSETELEM, NLM_F_DUMP);
  request.text(NFTA_SET_ELEM_LIST_TABLE, table_name);
  request.text(NFTA_SET_ELEM_LIST_SET, shape.name);
  std::vector<RawElement> raw;
  auto asked = socket.ask(
      request.header(), "cannot list set " + std::string(shape.name),
      [&](const nlmsghdr& message) { collect_elements(message, raw); }, [&] { raw.clear(); });
  if (!asked && asked.error().code != Errc::not_found) {
    return std::unexpected(std::move(asked.error()));
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
  std::sort(result.begin(), result.end(),
            [](const KernelElement& a, const KernelElement& b) { return a.first < b.first; });
  return result;
}

Result<bool> set_holds(NetlinkSocket& socket, size_t index, const net::Address& address) {
  const SetShape& shape = sets.at(index);
  Request request(NFT_MSG_GETSETELEM, NLM_F_ACK);
  request.text(NFTA_SET_ELEM_LIST_TABLE, table_name);
  request.text(NFTA_SET_ELEM_LIST_SET, shape.name);
  const Key key = key_of(address);
  nlattr* elements = mnl_attr_nest_start(&request.header(), NFTA_SET_ELEM_LIST_ELEMENTS);
  nlattr* element = mnl_attr_nest_start(&request.header(), NFTA_LIST_ELEM);
  nlattr* data = mnl_attr_nest_start(&request.header(), NFTA_SET_ELEM_KEY);
  mnl_attr_put(&request.header(), NFTA_DATA_VALUE, key.length, key.bytes.data());
  mnl_attr_nest_end(&request.header(), data);
  mnl_attr_nest_end(&request.header(), element);
  mnl_attr_nest_end(&request.header(), elements);
  bool found = false;
  auto asked =
      socket.ask(request.header(), "cannot ask set " + std::string(shape.name), [&](const nlmsghdr&) { found = true; });
  if (!asked && asked.error().code != Errc::not_found) {
    return std::unexpected(std::move(asked.error()));
  }
  return asked.has_value() && found;
}

Result<std::array<DropCounters, model::scope_count>> read_counters(NetlinkSocket& socket) {
  Request request(NFT_MSG_GETOBJ, NLM_F_DUMP);
  request.text(NFTA_OBJ_TABLE, table_name);
  std::array<DropCounters, model::scope_count> counters{};
  auto asked =
      socket.ask(request.header(), "cannot read the counters of table inet ipguard", [&](const nlmsghdr& message) {
        const Object object(nftnl_obj_alloc());
        if (!object || nftnl_obj_nlmsg_parse(&message, object.get()) < 0) {
          return;
        }
        const char* table = nftnl_obj_get_str(object.get(), NFTNL_OBJ_TABLE);
        const char* name = nftnl_obj_get_str(object.get(), NFTNL_OBJ_NAME);
        if (table == nullptr || name == nullptr || table != table_name ||
            nftnl_obj_get_u32(object.get(), NFTNL_OBJ_TYPE) != NFT_OBJECT_COUNTER) {
          return;
        }
        if (const auto scope = model::scope_from(name)) {
          counters.at(static_cast<size_t>(*scope)) = {nftnl_obj_get_u64(object.get(), NFTNL_OBJ_CTR_PKTS),
                                                      nftnl_obj_get_u64(object.get(), NFTNL_OBJ_CTR_BYTES)};
        }
      });
  if (!asked && asked.error().code != Errc::not_found) {
    return std::unexpected(std::move(asked.error()));
  }
  return counters;
}

}  // namespace ipguard::enforce
