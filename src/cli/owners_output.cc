#include "cli/owners_output.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "cli/csv.h"
#include "cli/table.h"
#include "model/country.h"
#include "net/cover.h"

namespace ipguard::cli {
namespace {

std::string label_of(enrich::OwnerKind kind, uint32_t number) {
  if (kind == enrich::OwnerKind::asn) {
    return net::Asn{number}.to_string();
  }
  return model::Country{.letters = {static_cast<char>(number >> 8U), static_cast<char>(number & 0xffU)}}.to_string();
}

// Sets are declared, which does nothing to one that is there, then emptied, then filled: all in one transaction.
void declare_set(std::string& text, const std::string& name, std::string_view type) {
  text += "\tset " + name + " {\n\t\ttype " + std::string(type) + "\n\t\tflags interval\n\t}\n";
}

void fill_set(std::string& text, const std::string& place, const std::vector<net::Prefix>& prefixes) {
  text += "flush set " + place + '\n';
  const char* separator = " {\n\t";
  if (prefixes.empty()) {
    return;
  }
  text += "add element " + place;
  for (const auto& prefix : prefixes) {
    text += separator;
    prefix.append_to(text);
    separator = ",\n\t";
  }
  text += "\n}\n";
}

std::string nft_text(const Export& how, const std::vector<NamedOwner>& owners, const std::vector<net::Prefix>& all) {
  std::string text = "# Addresses of";
  const char* separator = " ";
  for (const auto& owner : owners) {
    text += separator + owner.label + (owner.name.empty() ? "" : " ") + printable(owner.name);
    separator = ", ";
  }
  const auto ipv6 = std::ranges::find(all, net::Family::ipv6, &net::Prefix::family);
  text += "\n# A rule over them: ip saddr @" + how.set + "4 drop\ntable " + how.table + " {\n";
  declare_set(text, how.set + '4', "ipv4_addr");
  declare_set(text, how.set + '6', "ipv6_addr");
  text += "}\n";
  const std::string place = how.table + ' ' + how.set;
  fill_set(text, place + '4', {all.begin(), ipv6});
  fill_set(text, place + '6', {ipv6, all.end()});
  return text;
}

}  // namespace

std::optional<ExportFormat> export_format_from(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, ExportFormat>, 3> formats = {
      {{"plain", ExportFormat::plain}, {"csv", ExportFormat::csv}, {"nft", ExportFormat::nft}}};
  const auto* found = std::ranges::find(formats, text, &std::pair<std::string_view, ExportFormat>::first);
  return found == formats.end() ? std::nullopt : std::optional(found->second);
}

NamedOwner named(enrich::OwnerKind kind, const enrich::RouteTable& routes, const enrich::Owner& owner) {
  NamedOwner result{.kind = kind, .owner = &owner, .label = label_of(kind, owner.number), .name = {}, .domain = {}};
  const auto& index = kind == enrich::OwnerKind::asn ? routes.systems() : routes.countries();
  if (const auto address = index.address_of(owner.number)) {
    auto route = routes.lookup(*address);
    result.name = std::move(kind == enrich::OwnerKind::asn ? route.as_name : route.country);
    result.domain = std::move(route.as_domain);
  }
  return result;
}

Json owner_json(const NamedOwner& owner, const std::vector<net::Prefix>* prefixes) {
  Json json = Json::object();
  if (owner.kind == enrich::OwnerKind::asn) {
    json["asn"] = owner.label;
    json["as_name"] = to_valid_utf8(owner.name);
    if (!owner.domain.empty()) {
      json["as_domain"] = to_valid_utf8(owner.domain);
    }
  } else {
    json["country_code"] = owner.label;
    json["country"] = to_valid_utf8(owner.name);
  }
  json["prefix_count"] = owner.owner->prefixes;
  json["ipv4_addresses"] = owner.owner->size.ipv4_addresses;
  json["ipv6_64s"] = owner.owner->size.ipv6_64s;
  if (prefixes != nullptr) {
    json["prefixes"] = Json::array();
    for (const auto& prefix : *prefixes) {
      json["prefixes"].push_back(prefix.to_string());
    }
  }
  return json;
}

std::string owner_text(const NamedOwner& owner, const std::vector<net::Prefix>& prefixes) {
  std::string text = owner.label + (owner.name.empty() ? "" : " ") + printable(owner.name) + '\n' +
                     counted(prefixes.size(), "prefix", "prefixes") + ": " + owner.owner->size.to_string() + '\n';
  for (const auto& prefix : prefixes) {
    prefix.append_to(text);
    text += '\n';
  }
  return text;
}

std::string owners_table(const std::vector<NamedOwner>& owners) {
  const bool asn = !owners.empty() && owners.front().kind == enrich::OwnerKind::asn;
  Table table({asn ? "ASN" : "CODE", "PREFIXES", "IPV4 ADDRESSES", "IPV6 /64S", asn ? "NAME" : "COUNTRY"});
  for (const auto& owner : owners) {
    table.add({owner.label, group_digits(owner.owner->prefixes), group_digits(owner.owner->size.ipv4_addresses),
               group_digits(owner.owner->size.ipv6_64s), printable(owner.name)});
  }
  return table.to_string(terminal_width());
}

std::string export_text(const Export& how, const std::vector<NamedOwner>& owners, const enrich::OwnerIndex& index) {
  std::string text;
  if (how.format == ExportFormat::csv) {
    text = "prefix,owner,name\n";
    for (const auto& owner : owners) {
      const std::string rest = ',' + owner.label + ',' + csv_field(printable(owner.name)) + '\n';
      for (const auto& prefix : index.prefixes_of(owner.owner->number)) {
        text += prefix.to_string() + rest;
      }
    }
    return text;
  }
  std::vector<net::Prefix> all;
  for (const auto& owner : owners) {
    const auto prefixes = index.prefixes_of(owner.owner->number);
    all.insert(all.end(), prefixes.begin(), prefixes.end());
  }
  all = net::aggregate(std::move(all));
  if (how.format == ExportFormat::nft) {
    return nft_text(how, owners, all);
  }
  for (const auto& prefix : all) {
    prefix.append_to(text);
    text += '\n';
  }
  return text;
}

}  // namespace ipguard::cli
