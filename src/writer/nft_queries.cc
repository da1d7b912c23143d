#include "writer/nft_queries.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "enforce/nft_sets.h"
#include "writer/attributes.h"
#include "writer/nft_request.h"
#include "writer/nft_ruleset.h"

namespace ipguard::writer {

namespace {

std::string shape_problem(const Attributes& set, const enforce::SetShape& shape) {
  const uint32_t flags = set.number32(NFTA_SET_FLAGS);
  const uint32_t wanted = NFT_SET_TIMEOUT | (shape.interval ? uint32_t{NFT_SET_INTERVAL} : 0U);
  const uint32_t compared = NFT_SET_TIMEOUT | NFT_SET_INTERVAL | NFT_SET_MAP | NFT_SET_OBJECT | NFT_SET_CONSTANT |
                            NFT_SET_ANONYMOUS | NFT_SET_CONCAT;
  if ((flags & compared) == wanted && set.number32(NFTA_SET_KEY_LEN) == enforce::key_length(shape) &&
      set.number32(NFTA_SET_KEY_TYPE) == enforce::key_type(shape)) {
    return {};
  }
  return "its set " + std::string(shape.name) + " has another type or other flags than ipguard's";
}

// One expression stands by itself, several are a list (Linux 5.11).
bool has_counters(const Attributes& set) {
  bool found = false;
  const auto look = [&found](const nlattr* nest) {
    found = found || Attributes::of(nest).text(NFTA_EXPR_NAME) == "counter";
  };
  look(set.at(NFTA_SET_EXPR));
  for_each_in(set.at(NFTA_SET_EXPRESSIONS), look);
  return found;
}

RuleState rule_state(const Attributes& rule) {
  RuleState state{rule.number64(NFTA_RULE_HANDLE), {}};
  if (is_own_chain(rule.text(NFTA_RULE_CHAIN))) {
    state.expressions = rule.bytes(NFTA_RULE_EXPRESSIONS);
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
        const Attributes chain = Attributes::of(message);
        if (chain.text(NFTA_CHAIN_TABLE) == enforce::table_name && chain.at(NFTA_CHAIN_NAME) != nullptr) {
          chains.push_back({chain.number64(NFTA_CHAIN_HANDLE), chain.number32(NFTA_CHAIN_POLICY),
                            std::string(chain.text(NFTA_CHAIN_NAME))});
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
  auto asked = socket.ask(request.header(), "cannot ask nftables for its generation",
                          [&](const nlmsghdr& message) { number = Attributes::of(message).number32(NFTA_GEN_ID); });
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
    const Attributes table = Attributes::of(message);
    state.handle = table.number64(NFTA_TABLE_HANDLE);
    state.flags = table.number32(NFTA_TABLE_FLAGS);
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
      [&](const nlmsghdr& message) { state.rules.push_back(rule_state(Attributes::of(message))); },
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
    const Attributes set = Attributes::of(message);
    for (size_t i = 0; i < enforce::sets.size(); ++i) {
      if (enforce::sets.at(i).name != set.text(NFTA_SET_NAME)) {
        continue;
      }
      if (problem.empty()) {
        problem = shape_problem(set, enforce::sets.at(i));
      }
      if (has_counters(set) != element_counters) {
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
        const Attributes object = Attributes::of(message);
        if (object.text(NFTA_OBJ_TABLE) != enforce::table_name ||
            object.number32(NFTA_OBJ_TYPE) != NFT_OBJECT_COUNTER) {
          return;
        }
        const Attributes counter = object.nest(NFTA_OBJ_DATA);
        for (size_t i = 0; i < enforce::sets.size(); ++i) {
          if (enforce::sets.at(i).name == object.text(NFTA_OBJ_NAME)) {
            counters.at(i) = {.packets = counter.number64(NFTA_COUNTER_PACKETS),
                              .bytes = counter.number64(NFTA_COUNTER_BYTES)};
          }
        }
      });
  if (!asked && asked.error().code != Errc::not_found) {
    return std::unexpected(std::move(asked.error()));
  }
  return counters;
}

}  // namespace ipguard::writer
