// Headers of requests that ipguard reads itself. Foreign bytes: any may come.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ipguard::http {

// The host of a Host header (RFC 9110, 7.2: host [":" port]), in lower case, an IPv6 address without its brackets;
// nullopt for what is none.
[[nodiscard]] std::optional<std::string> host_of(std::string_view header);

// Whether a request for this host may be answered. A page of an attacker that has its own name lead to this machine
// (DNS rebinding) asks for that name: so addresses, "localhost" and `names` (lower case) are answered, and no other
// name.
[[nodiscard]] bool is_own_host(std::string_view header, const std::vector<std::string>& names);

// "Bearer TOKEN" (RFC 6750, 2.1): the token; empty for anything else.
[[nodiscard]] std::string_view bearer_of(std::string_view authorization);

// Which exposition of metrics an Accept header asks for, by its quality values (RFC 9110, 12.5.1). Without a wish for
// OpenMetrics it is Prometheus' text format.
enum class Exposition { text, open_metrics };
[[nodiscard]] Exposition exposition_for(std::string_view accept);

}  // namespace ipguard::http
