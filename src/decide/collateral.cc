#include "decide/collateral.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "decide/holes.h"
#include "decide/sentences.h"

namespace ipguard::decide {

std::vector<GoodClients::Found> Collateral::found_in(const std::vector<net::Prefix>& prefixes, TimePoint now) const {
  auto found = clients_.inside(prefixes, now);
  std::erase_if(found,
                [this](const GoodClients::Found& one) { return holes_.longest_covering(one.client) != nullptr; });
  return found;
}

Result<Weighed> Collateral::weigh(const model::Target& target, std::vector<net::Prefix> prefixes, TimePoint now,
                                  bool insist) const {
  auto found = found_in(prefixes, now);
  Weighed weighed{
      .prefixes = std::move(prefixes), .good = count(found), .hit = count(found), .left_out = {}, .spared = {}};
  const auto& budget = budget_of(policy_, target.scope);
  const bool too_many_known = weighed.good.logins + weighed.good.users > budget.good_clients;
  const bool too_many_visitors = weighed.good.visitors > budget.visitors;
  if (insist || !(too_many_known || too_many_visitors)) {
    return weighed;
  }
  const std::string ladder = "ladder." + std::string(model::to_string(target.scope));
  const std::string over = "it would hit " + good_sentence(weighed.good) + " seen within " +
                           format_duration(clients_.remember()) + "; the budget is " +
                           (too_many_known ? group_digits(budget.good_clients) + " (" + ladder + ".budget_good_clients)"
                                           : group_digits(budget.visitors) + " (" + ladder + ".budget_visitors)");
  std::erase_if(found, [&](const GoodClients::Found& one) {
    return one.kind == model::GoodKind::visit ? !too_many_visitors : !too_many_known;
  });
  if (found.size() > policy_.collateral.leave_out) {
    return fail(Errc::invalid, over + ", and at most " + group_digits(policy_.collateral.leave_out) +
                                   " are left out of a ban (collateral.leave_out)");
  }
  net::PrefixSet clients;
  for (const auto& one : found) {
    clients[one.client];
    weighed.left_out.push_back(one.client);
  }
  std::vector<net::Prefix> left;
  for (const auto& prefix : weighed.prefixes) {
    std::ranges::copy(cut(prefix, clients), std::back_inserter(left));
  }
  if (left.empty()) {
    return fail(Errc::invalid, over + ", and nothing else is in it");
  }
  weighed.prefixes = std::move(left);
  weighed.spared = count(found);
  weighed.hit = {.logins = weighed.good.logins - weighed.spared.logins,
                 .users = weighed.good.users - weighed.spared.users,
                 .visitors = weighed.good.visitors - weighed.spared.visitors};
  return weighed;
}

std::optional<std::string> Collateral::why_good(const net::Address& address, TimePoint now) const {
  const auto* client = clients_.find(address);
  const auto kind = client == nullptr ? std::nullopt : client->kind_since(now - clients_.remember());
  if (!kind) {
    return std::nullopt;
  }
  switch (*kind) {
    case model::GoodKind::login:
      return "good client: logged in " + format_rfc3339(*client->login);
    case model::GoodKind::user:
      return "good client: authenticated user of the web server, last " + format_rfc3339(*client->user);
    case model::GoodKind::visit:
      break;
  }
  return "good client: visitor without a bad request, last " + format_rfc3339(*client->visit);
}

}  // namespace ipguard::decide
