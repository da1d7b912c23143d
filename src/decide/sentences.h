// The sentences that decisions and refusals carry for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "decide/ladder.h"
#include "model/decision.h"
#include "model/rule.h"
#include "net/prefix.h"

namespace ipguard::decide {

// "5 hits of sshd/failed-password [from several addresses of 2001:db8::/64] within 10m (first 2026-…, last 2026-…)";
// "2 hits of web/probe that count 4 …" where a hit weighs more than one.
[[nodiscard]] std::string offence_sentence(const model::Offence& offence, Seconds window);
// "3 addresses of 198.51.100.0/24 offended within 1h (198.51.100.7, …); covers 256 IPv4 addresses".
[[nodiscard]] std::string route_sentence(const net::Prefix& route, const Ladder::RouteStep& step,
                                         const std::vector<net::Prefix>& prefixes);
// "3 routes of AS64500 were banned within 1d (192.0.2.0/24, …); covers 1,024 IPv4 addresses".
[[nodiscard]] std::string asn_sentence(net::Asn asn, const Ladder::AsnStep& step,
                                       const std::vector<net::Prefix>& prefixes);
// "3 AS of CN were banned within 1d (AS64500, …); covers 1,024 IPv4 addresses".
[[nodiscard]] std::string country_sentence(model::Country country, const Ladder::CountryStep& step,
                                           const std::vector<net::Prefix>& prefixes);
// "3 good clients (1 login, 2 visitors)".
[[nodiscard]] std::string good_sentence(const model::GoodCounts& counts);
// "; leaves out 3 good clients (1 login, 2 visitors)"; empty if nobody was left out.
[[nodiscard]] std::string left_out_sentence(const std::vector<net::Prefix>& left_out, const model::GoodCounts& counts);
// "sshd/user-guessing bans the whole AS64500 at the first offence (198.51.100.7); covers 1,024 IPv4 addresses".
[[nodiscard]] std::string first_offence_sentence(const model::Target& target, const model::Rule& rule,
                                                 const net::Address& offender,
                                                 const std::vector<net::Prefix>& prefixes);

}  // namespace ipguard::decide
