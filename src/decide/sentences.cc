#include "decide/sentences.h"

#include "base/text.h"
#include "net/cover.h"

namespace ipguard::decide {
namespace {

constexpr size_t most_named = 10;

std::string text_of(const net::Address& address) { return address.to_string(); }
std::string text_of(const net::Prefix& prefix) { return prefix.to_string(); }

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

std::string counted(uint64_t number, std::string_view one, std::string_view many) {
  return group_digits(number) + " " + std::string(number == 1 ? one : many);
}

}  // namespace

uint64_t count_ipv4(const std::vector<net::Prefix>& prefixes) {
  std::vector<net::Prefix> ipv4;
  for (const auto& prefix : prefixes) {
    if (prefix.family() == net::Family::ipv4) {
      ipv4.push_back(prefix);
    }
  }
  return net::count_addresses(ipv4);
}

std::string collateral(const std::vector<net::Prefix>& prefixes) {
  const uint64_t ipv4 = count_ipv4(prefixes);
  uint64_t ipv6 = 0;
  unsigned length = 0;
  for (const auto& prefix : prefixes) {
    if (prefix.family() == net::Family::ipv6) {
      ++ipv6;
      length = prefix.length();
    }
  }
  const std::string ipv6_text =
      ipv6 == 1 ? "an IPv6 /" + std::to_string(length) : group_digits(ipv6) + " IPv6 prefixes";
  if (ipv6 == 0) {
    return counted(ipv4, "address", "addresses");
  }
  return ipv4 == 0 ? ipv6_text : counted(ipv4, "IPv4 address", "IPv4 addresses") + " and " + ipv6_text;
}

std::string offence_sentence(const model::Offence& offence, Seconds window) {
  if (offence.count == 1) {
    return "1 hit of " + offence.rule + " (" + format_rfc3339(offence.last) + ")";
  }
  return group_digits(offence.count) + " hits of " + offence.rule + " within " + format_duration(window) + " (first " +
         format_rfc3339(offence.first) + ", last " + format_rfc3339(offence.last) + ")";
}

std::string route_sentence(const net::Prefix& route, const Ladder::RouteStep& step,
                           const std::vector<net::Prefix>& prefixes) {
  return counted(step.traces.size(), "address", "addresses") + " of " + route.to_string() + " offended within " +
         format_duration(step.window) + " (" + names(step.traces) + "); covers " + collateral(prefixes);
}

std::string asn_sentence(net::Asn asn, const Ladder::AsnStep& step, const std::vector<net::Prefix>& prefixes) {
  return counted(step.traces.size(), "route", "routes") + " of " + asn.to_string() +
         (step.traces.size() == 1 ? " was" : " were") + " banned within " + format_duration(step.window) + " (" +
         names(step.traces) + "); covers " + collateral(prefixes);
}

std::string first_offence_sentence(const model::Target& target, const model::Rule& rule, const net::Address& offender,
                                   const std::vector<net::Prefix>& prefixes) {
  return rule.id + " bans the whole " + std::string(target.scope == model::Scope::asn ? "" : "route ") +
         target.to_string() + " at the first offence (" + offender.to_string() + "); covers " + collateral(prefixes);
}

}  // namespace ipguard::decide
