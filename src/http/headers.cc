#include "http/headers.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "base/text.h"
#include "net/address.h"

namespace ipguard::http {
namespace {

bool is_port(std::string_view text) {
  const auto port = parse_number(text);
  return text.empty() || (port && *port <= 65535);
}

// "q=0.5" among the parameters; 1 without it, 0 for what is no number.
double quality_of(const std::vector<std::string_view>& parameters) {
  for (size_t i = 1; i < parameters.size(); ++i) {
    const auto parameter = lower_case(trim(parameters[i]));
    if (parameter.starts_with("q=")) {
      double quality = 0;
      const auto [end, error] = std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), quality);
      return error == std::errc{} && end == parameter.data() + parameter.size() && quality >= 0 && quality <= 1
                 ? quality
                 : 0.0;
    }
  }
  return 1.0;
}

// RFC 9110, 5.6.2: what a header's name is made of.
bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() &&
         std::ranges::all_of(text, [=](char c) { return is_alnum(c) || marks.find(c) != std::string_view::npos; });
}

}  // namespace

std::string_view fault_of_target(std::string_view target) {
  if (target.find("%00") != std::string_view::npos) {
    return "a path or query must not hold %00";
  }
  const auto is_odd = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
  if (std::ranges::any_of(target, is_odd)) {
    return "blanks and control characters must be percent-encoded in a path or query";
  }
  constexpr ptrdiff_t most_arguments = 64;
  return std::ranges::count(target, '&') >= most_arguments ? "a query has at most 64 arguments" : std::string_view();
}

void HeaderCheck::see(std::string_view name) {
  odd_name_ = odd_name_ || !is_token(name);
  const auto is_it = [name](std::string_view other) { return equal_ignoring_case(other, name); };
  if (const auto* it = std::ranges::find_if(single, is_it); it != single.end()) {
    ++seen_.at(static_cast<size_t>(it - single.begin()));
  }
}

std::string HeaderCheck::fault() const {
  if (odd_name_) {
    return "the name of a header holds what no name may hold";
  }
  for (size_t i = 0; i < single.size(); ++i) {
    if (seen_.at(i) > 1) {
      return "there is more than one header " + std::string(single.at(i));
    }
  }
  if (seen_[length] > 0 && seen_[coding] > 0) {
    return "there is a Content-Length and a Transfer-Encoding";
  }
  return {};
}

std::optional<std::string> host_of(std::string_view header) {
  constexpr size_t longest = 300;  // a name of 253 bytes and a port
  header = trim(header);
  if (header.empty() || header.size() > longest) {
    return std::nullopt;
  }
  if (header.front() == '[') {
    const auto end = header.find(']');
    const auto port = end == std::string_view::npos ? "" : header.substr(end + 1);
    if (end == std::string_view::npos || (!port.empty() && (port.front() != ':' || !is_port(port.substr(1))))) {
      return std::nullopt;
    }
    const auto address = net::Address::parse(header.substr(1, end - 1));
    return address && !address->is_ipv4() ? std::optional(address->to_string()) : std::nullopt;
  }
  const auto colon = std::min(header.find(':'), header.size());
  if (colon == 0 || (colon < header.size() && !is_port(header.substr(colon + 1)))) {
    return std::nullopt;
  }
  auto host = lower_case(header.substr(0, colon));
  const auto is_host_character = [](char c) { return is_lower(c) || is_digit(c) || c == '.' || c == '-' || c == '_'; };
  return std::ranges::all_of(host, is_host_character) ? std::optional(std::move(host)) : std::nullopt;
}

bool is_own_host(std::string_view header, const std::vector<std::string>& names) {
  const auto host = host_of(header);
  return host && (*host == "localhost" || net::Address::parse(*host) || std::ranges::find(names, *host) != names.end());
}

std::string_view bearer_of(std::string_view authorization) {
  authorization = trim(authorization);
  const auto blank = authorization.find(' ');
  if (blank == std::string_view::npos || !equal_ignoring_case(authorization.substr(0, blank), "bearer")) {
    return {};
  }
  return trim(authorization.substr(blank));
}

Exposition exposition_for(std::string_view accept) {
  double open_metrics = 0;
  double text = 0;
  for (const auto range : split(accept, ',')) {
    const auto parameters = split(range, ';');
    const auto type = lower_case(trim(parameters.front()));
    const double quality = quality_of(parameters);
    if (type == "application/openmetrics-text") {
      open_metrics = std::max(open_metrics, quality);
    } else if (type == "text/plain") {
      text = std::max(text, quality);
    }
  }
  return open_metrics > 0 && open_metrics >= text ? Exposition::open_metrics : Exposition::text;
}

}  // namespace ipguard::http
