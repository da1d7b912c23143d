#include "cli/report_csv.h"

#include <array>
#include <charconv>
#include <string_view>

#include "base/text.h"
#include "cli/csv.h"

namespace ipguard::cli {
namespace {

// Keys are attackers' texts: printable() for the terminal, and spreadsheets run what begins so (OWASP, "CSV
// Injection").
std::string harmless(std::string_view text) {
  const bool formula = !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
  return csv_field((formula ? "'" : "") + printable(text, text.size()));
}

std::string share_text(double share) {
  std::array<char, 40> text{};
  constexpr int digits = 6;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), share, std::chars_format::fixed, digits).ptr;
  return {text.data(), end};
}

}  // namespace

std::string report_csv(const report::Document& document) {
  const bool of_network = document.by == report::Dimension::address || document.by == report::Dimension::route;
  std::string text = std::string(report::to_string(document.by)) +
                     ",label,hits,hits_error,attacks,addresses,routes,asns,distinct_error,share,first,last" +
                     (of_network ? ",route,asn,as_name,country,country_code" : "") + '\n';
  for (const auto& group : document.groups) {
    text += harmless(group.key) + ',' + harmless(group.label) + ',' + std::to_string(group.hits) + ',' +
            std::to_string(group.error) + ',' + std::to_string(group.attacks) + ',' + std::to_string(group.addresses) +
            ',' + std::to_string(group.routes) + ',' + std::to_string(group.asns) + ',' +
            share_text(group.distinct_error) + ',' + share_text(group.share) + ',' + format_rfc3339(group.first) + ',' +
            format_rfc3339(group.last);
    if (of_network) {
      for (const auto& field : {group.route, group.asn, group.as_name, group.country, group.country_code}) {
        text += ',' + harmless(field);
      }
    }
    text += '\n';
  }
  return text;
}

}  // namespace ipguard::cli
