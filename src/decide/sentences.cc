#include "decide/sentences.h"

#include "base/text.h"
#include "model/coverage.h"
#include "net/site.h"

namespace ipguard::decide {
namespace {

constexpr size_t most_named = 10;

std::string text_of(const net::Address& address) { return net::host_unit(address).to_target(); }
std::string text_of(const net::Prefix& prefix) { return prefix.to_string(); }
std::string text_of(const net::Asn& asn) { return asn.to_string(); }

// "a, b, c and 4 more".
template <typename Traces>
std::string names(const Traces& traces) {
  std::string result;
  for (size_t i = 0; i < traces.size() && i < most_named; ++i) {
    result += (i == 0 ? "" : ", ") + text_of(traces[i].member);
  }
  if (traces.size() > most_named) {
    result += " and " + group_digits(traces.size() - most_named) + " more";
  }
  return result;
}

}  // namespace

std::string offence_sentence(const model::Offence& offence, Seconds window) {
  const std::string weight =
      offence.count == offence.hits
          ? ""
          : " that count" + std::string(offence.hits == 1 ? "s " : " ") + group_digits(offence.count);
  if (offence.hits == 1) {
    return "1 hit of " + offence.rule + weight + " (" + format_rfc3339(offence.last) + ")";
  }
  const std::string from =
      offence.network.is_single() ? "" : " from several addresses of " + offence.network.to_string();
  return group_digits(offence.hits) + " hits of " + offence.rule + weight + from + " within " +
         format_duration(window) + " (first " + format_rfc3339(offence.first) + ", last " +
         format_rfc3339(offence.last) + ")";
}

std::string route_sentence(const net::Prefix& route, const Ladder::RouteStep& step,
                           const std::vector<net::Prefix>& prefixes) {
  const bool is_ipv4 = route.family() == net::Family::ipv4;
  return counted(step.traces.size(), is_ipv4 ? "address" : "/64 network", is_ipv4 ? "addresses" : "/64 networks") +
         " of " + route.to_string() + " offended within " + format_duration(step.window) + " (" + names(step.traces) +
         "); covers " + model::Coverage::of(prefixes).to_string();
}

std::string asn_sentence(net::Asn asn, const Ladder::AsnStep& step, const std::vector<net::Prefix>& prefixes) {
  return counted(step.traces.size(), "route", "routes") + " of " + asn.to_string() +
         (step.traces.size() == 1 ? " was" : " were") + " banned within " + format_duration(step.window) + " (" +
         names(step.traces) + "); covers " + model::Coverage::of(prefixes).to_string();
}

std::string country_sentence(model::Country country, const Ladder::CountryStep& step,
                             const std::vector<net::Prefix>& prefixes) {
  return group_digits(step.traces.size()) + " AS of " + country.to_string() +
         (step.traces.size() == 1 ? " was" : " were") + " banned within " + format_duration(step.window) + " (" +
         names(step.traces) + "); covers " + model::Coverage::of(prefixes).to_string();
}

std::string good_sentence(const model::GoodCounts& counts) {
  std::string kinds;
  const auto add = [&kinds](uint64_t number, std::string_view one, std::string_view many) {
    if (number > 0) {
      kinds += (kinds.empty() ? " (" : ", ") + counted(number, one, many);
    }
  };
  add(counts.logins, "login", "logins");
  add(counts.users, "authenticated user", "authenticated users");
  add(counts.visitors, "visitor", "visitors");
  return counted(counts.all(), "good client", "good clients") + (kinds.empty() ? "" : kinds + ")");
}

std::string left_out_sentence(const std::vector<net::Prefix>& left_out, const model::GoodCounts& counts) {
  return left_out.empty() ? "" : "; leaves out " + good_sentence(counts);
}

std::string first_offence_sentence(const model::Target& target, const model::Rule& rule, const net::Address& offender,
                                   const std::vector<net::Prefix>& prefixes) {
  return rule.id + " bans the whole " + std::string(target.scope == model::Scope::route ? "route " : "") +
         target.to_string() + " at the first offence (" + offender.to_string() + "); covers " +
         model::Coverage::of(prefixes).to_string();
}

}  // namespace ipguard::decide
