// What of a request's head ipguard reads itself. Foreign bytes: any may come.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ipguard::http {

// What is wrong with a request's target as it was sent; empty if nothing is. libmicrohttpd hands a path over as a C
// string, so an encoded NUL ("%00") would end it there and another path be answered; RFC 9112, 3.2, has no blanks and
// no control characters in it. Each argument takes some of the connection's memory, and nobody here needs more than 64:
// of thousands it is gone before this is asked, and libmicrohttpd closes the connection without a word.
[[nodiscard]] std::string_view fault_of_target(std::string_view target);

// A request's headers, one after the other. RFC 9112, 3.2 and 5.1, has a request with two Host headers, or with a blank
// in front of a header's colon, refused: who stands between and reads the other one takes it for another request. So it
// is with the others of which there is one alone, and with the two ways to tell a body's end (6.1).
class HeaderCheck {
 public:
  void see(std::string_view name);
  [[nodiscard]] bool has_host() const { return seen_[0] > 0; }
  // What is wrong with those seen; empty if nothing is.
  [[nodiscard]] std::string fault() const;

 private:
  static constexpr std::array<std::string_view, 4> single = {"Host", "Authorization", "Content-Length",
                                                             "Transfer-Encoding"};
  static constexpr size_t length = 2;
  static constexpr size_t coding = 3;

  std::array<size_t, single.size()> seen_{};
  bool odd_name_ = false;
};

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
