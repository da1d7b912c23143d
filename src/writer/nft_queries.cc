#include "writer/nft_queries.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
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
#include <string_view>

#include "enforce/nft_sets.h"
#include "writer/nft_request.h"
#include "writer/nft_ruleset.h"

namespace ipguard::writer {

namespace {

using Generation = std::unique_ptr<nftnl_gen, With<nftnl_gen_free>>;
using Table = std::unique_ptr<nftnl_table, With<nftnl_table_free>>;
using Chain = std::unique_ptr<nftnl_chain, With<nftnl_chain_free>>;
using Rule = std::unique_ptr<nftnl_rule, With<nftnl_rule_free>>;
using Set = std::unique_ptr<nftnl_set, With<nftnl_set_free>>;
using Object = std::unique_ptr<nftnl_obj, With<nftnl_obj_free>>;

std::string shape_problem(const nftnl_set* set, const enforce::SetShape& shape) {
  const uint32_t flags = nftnl_set_get_u32(set, NFTNL_SET_FLAGS);
  const uint32_t wanted = NFT_SET_TIMEOUT | (shape.interval ? uint32_t{NFT_SET_INTERVAL} : 0U);
  const uint32_t compared = NFT_SET_TIMEOUT | NFT_SET_INTERVAL | NFT_SET_MAP | NFT_SET_OBJECT | NFT_SET_CONSTANT |
                            NFT_SET_ANONYMOUS | NFT_SET_CONCAT;
  if ((flags & compared) == wanted && nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN) == enforce::key_length(shape) &&
      nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE) == enforce::key_type(shape)) {
    return {};
  }
  return "its set " + std::string(shape.name) + " has another type or other flags than ipguard's";
}

bool has_counters(const nftnl_set* set) {
  bool found = false;
  const auto look = [](nftnl_expr* expression, void* result) {
    const char* name = nftnl_expr_get_str(expression, NFTNL_EXPR_NAME);
    *static_cast<bool*>(result) |= name != nullptr && std::string_view(name) == "counter";
    return 0;
  };
  nftnl_set_expr_foreach(set, look, &found);
  return found;
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
Result<std::vector<ChainState>> chain_states(enforce::NetlinkSocket& socket) {
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
        if (table != nullptr && name != nullptr && table == enforce::table_name) {
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

Result<uint32_t> ruleset_generation(enforce::NetlinkSocket& socket) {
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

Result<std::optional<TableState>> table_state(enforce::NetlinkSocket& socket) {
  Request question(NFT_MSG_GETTABLE, NLM_F_ACK);
  question.text(NFTA_TABLE_NAME, enforce::table_name);
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
  rules.text(NFTA_RULE_TABLE, enforce::table_name);
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

Result<std::vector<size_t>> check_shapes(enforce::NetlinkSocket& socket, bool element_counters) {
  std::vector<size_t> other_counters;
  auto state = table_state(socket);
  if (!state) {
    return std::unexpected(std::move(state.error()));
  }
  if (!*state) {
    return other_counters;
  }
  std::string problem;
  if (((*state)->flags & NFT_TABLE_F_OWNER) != 0) {
    problem = "another running program owns it";
  }
  Request request(NFT_MSG_GETSET, NLM_F_DUMP);
  request.text(NFTA_SET_TABLE, enforce::table_name);
  auto asked = socket.ask(request.header(), "cannot list the sets of table inet ipguard", [&](const nlmsghdr& message) {
    const Set set(nftnl_set_alloc());
    if (!set || nftnl_set_nlmsg_parse(&message, set.get()) < 0) {
      return;
    }
    const char* name = nftnl_set_get_str(set.get(), NFTNL_SET_NAME);
    for (size_t i = 0; i < enforce::sets.size(); ++i) {
      if (name == nullptr || enforce::sets.at(i).name != name) {
        continue;
      }
      if (problem.empty()) {
        problem = shape_problem(set.get(), enforce::sets.at(i));
      }
      if (has_counters(set.get()) != element_counters) {
        other_counters.push_back(i);
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
  return other_counters;
}

Result<enforce::SetCounters> read_counters(enforce::NetlinkSocket& socket) {
  Request request(NFT_MSG_GETOBJ, NLM_F_DUMP);
  request.text(NFTA_OBJ_TABLE, enforce::table_name);
  enforce::SetCounters counters{};
  auto asked =
      socket.ask(request.header(), "cannot read the counters of table inet ipguard", [&](const nlmsghdr& message) {
        const Object object(nftnl_obj_alloc());
        if (!object || nftnl_obj_nlmsg_parse(&message, object.get()) < 0) {
          return;
        }
        const char* table = nftnl_obj_get_str(object.get(), NFTNL_OBJ_TABLE);
        const char* name = nftnl_obj_get_str(object.get(), NFTNL_OBJ_NAME);
        if (table == nullptr || name == nullptr || table != enforce::table_name ||
            nftnl_obj_get_u32(object.get(), NFTNL_OBJ_TYPE) != NFT_OBJECT_COUNTER) {
          return;
        }
        for (size_t i = 0; i < enforce::sets.size(); ++i) {
          if (enforce::sets.at(i).name == name) {
            counters.at(i) = {nftnl_obj_get_u64(object.get(), NFTNL_OBJ_CTR_PKTS),
                              nftnl_obj_get_u64(object.get(), NFTNL_OBJ_CTR_BYTES)};
          }
        }
      });
  if (!asked && asked.error().code != Errc::not_found) {
    return std::unexpected(std::move(asked.error()));
  }
  return counters;
}

}  // namespace ipguard::writer
