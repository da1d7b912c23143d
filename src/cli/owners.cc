// The commands `asn` and `country`.
#include <algorithm>
#include <iostream>

#include "base/ascii.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/owners_output.h"
#include "cli/table.h"

namespace ipguard::cli {
namespace {

using enrich::OwnerKind;

struct OwnersOptions {
  OwnerKind kind = OwnerKind::asn;
  std::vector<std::string> owners;
  std::vector<std::string> databases;
  std::string search;
  std::string top;     // as it was written; empty = not asked for
  std::string format;  // of an export; empty = none
  std::string table = "inet filter";
  std::string set;
  bool json = false;
};

std::string_view noun(OwnerKind kind) { return kind == OwnerKind::asn ? "AS" : "country"; }

const enrich::OwnerIndex& index_of(const OwnersOptions& options, const enrich::RouteTable& routes) {
  return options.kind == OwnerKind::asn ? routes.systems() : routes.countries();
}

std::optional<uint32_t> parse_owner(OwnerKind kind, std::string_view text) {
  if (kind == OwnerKind::asn) {
    const auto asn = net::Asn::parse(text);
    return asn ? std::optional(asn->number) : std::nullopt;
  }
  const auto country = model::Country::parse(text);
  return country ? std::optional(country->number()) : std::nullopt;
}

Result<std::vector<NamedOwner>> asked_for(const OwnersOptions& options, const enrich::RouteTable& routes) {
  std::vector<NamedOwner> result;
  for (const auto& text : options.owners) {
    const auto number = parse_owner(options.kind, text);
    if (!number) {
      return fail(Errc::usage,
                  in_quotes(text) + " is no " +
                      (options.kind == OwnerKind::asn ? "AS number such as AS64500" : "country code such as NL"));
    }
    const auto* owner = index_of(options, routes).find(*number);
    if (owner == nullptr) {
      return fail(Errc::not_found,
                  (options.kind == OwnerKind::asn ? net::Asn{*number}.to_string() : "country " + printable(text, 80)) +
                      " has no network in the database");
    }
    result.push_back(named(options.kind, routes, *owner));
  }
  return result;
}

// Whether it is what was searched for: by name, by an AS' domain, by a country's code.
bool is_called(const NamedOwner& owner, const std::string& lower_case_text) {
  const auto holds = [&](const std::string& text) {
    return lower_case(text).find(lower_case_text) != std::string::npos;
  };
  return holds(owner.name) || holds(owner.domain) ||
         (owner.kind == OwnerKind::country && lower_case(owner.label) == lower_case_text);
}

// The `most` largest first: by IPv4 addresses, then by IPv6.
std::vector<NamedOwner> largest(const OwnersOptions& options, size_t most, const enrich::RouteTable& routes) {
  const auto owners = index_of(options, routes).owners();
  std::vector<const enrich::Owner*> sorted;
  sorted.reserve(owners.size());
  for (const auto& owner : owners) {
    sorted.push_back(&owner);
  }
  std::ranges::sort(sorted, std::ranges::greater(),
                    [](const auto* owner) { return std::pair(owner->size.ipv4_addresses, owner->size.ipv6_64s); });
  std::vector<NamedOwner> result;
  const std::string wanted = lower_case(options.search);
  for (const auto* owner : sorted) {
    if (result.size() == most) {
      break;
    }
    auto one = named(options.kind, routes, *owner);
    if (is_called(one, wanted)) {
      result.push_back(std::move(one));
    }
  }
  return result;
}

void print_owners(const OwnersOptions& options, const std::vector<NamedOwner>& owners) {
  if (!options.json) {
    std::cout << owners_table(owners);
    return;
  }
  Json json = Json::array();
  for (const auto& owner : owners) {
    json.push_back(owner_json(owner, nullptr));
  }
  print_json(json);
}

void print_each_owner(const OwnersOptions& options, const std::vector<NamedOwner>& owners,
                      const enrich::OwnerIndex& index) {
  for (size_t i = 0; i < owners.size(); ++i) {
    const auto prefixes = index.prefixes_of(owners[i].owner->number);
    if (options.json) {
      print_json(owner_json(owners[i], &prefixes), owners.size() > 1);
    } else {
      std::cout << (i > 0 ? "\n" : "") << owner_text(owners[i], prefixes);
    }
  }
}

struct Wanted {
  bool listed = false;     // by --search or --top
  size_t most = SIZE_MAX;  // of those listed
  std::optional<ExportFormat> format;
};

Result<Wanted> read_options(const OwnersOptions& options) {
  Wanted wanted{.listed = !options.search.empty() || !options.top.empty(), .format = {}};
  if (!options.top.empty()) {
    const auto number = parse_number(options.top);
    if (!number || *number == 0) {
      return fail(Errc::usage, "--top: " + in_quotes(options.top, 40) + " is no number from 1 on");
    }
    wanted.most = static_cast<size_t>(*number);
  }
  if (!options.format.empty()) {
    wanted.format = export_format_from(options.format);
    if (!wanted.format) {
      return fail(Errc::usage, "--export: " + in_quotes(options.format, 40) + " is no format: plain, csv or nft");
    }
    if (options.json) {
      return fail(Errc::usage, "--export and --json are two forms of the same: choose one");
    }
  }
  if (wanted.listed == !options.owners.empty()) {
    return fail(Errc::usage, wanted.listed ? "either name some, or use --search and --top"
                                           : "name one or more, or use --search or --top");
  }
  // Sets of several owners are called after none of them.
  if (wanted.format == ExportFormat::nft && options.set.empty() && (wanted.listed || options.owners.size() > 1)) {
    return fail(Errc::usage, "--export nft of several needs a name for the sets: --set NAME");
  }
  return wanted;
}

Result<> show_owners(const OwnersOptions& options) {
  const auto wanted = read_options(options);
  if (!wanted) {
    return std::unexpected(wanted.error());
  }
  auto routes = open_database(options.databases);
  if (!routes) {
    return std::unexpected(std::move(routes.error()));
  }
  auto owners = wanted->listed ? largest(options, wanted->most, **routes) : asked_for(options, **routes);
  if (!owners) {
    return std::unexpected(std::move(owners.error()));
  }
  if (owners->empty()) {
    return fail(Errc::not_found, "no " + std::string(noun(options.kind)) + " is called so");
  }
  const auto& index = index_of(options, **routes);
  if (wanted->format) {
    const Export how{.format = *wanted->format,
                     .table = options.table,
                     .set = options.set.empty() ? lower_case(owners->front().label) + '_' : options.set};
    std::cout << export_text(how, *owners, index);
  } else if (wanted->listed) {
    print_owners(options, *owners);
  } else {
    print_each_owner(options, *owners, index);
  }
  return {};
}

// The texts go into a script for nft: words of letters, digits and '_' only.
bool is_word(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '_'; });
}
std::string check_set(const std::string& text) { return is_word(text) ? "" : "letters, digits and _ only"; }
std::string check_table(const std::string& text) {
  const auto words = split(text, ' ');
  return words.size() == 2 && std::ranges::all_of(words, is_word) ? "" : "a family and a name, such as 'inet filter'";
}

Action prepare_owners(CLI::App& app, OwnerKind kind) {
  const bool asn = kind == OwnerKind::asn;
  auto options = std::make_shared<OwnersOptions>();
  options->kind = kind;
  app.add_option(asn ? "asn" : "country", options->owners, asn ? "AS numbers" : "country codes")
      ->type_name(asn ? "AS64500" : "NL");
  app.add_option("--search", options->search,
                 asn ? "list those whose name or domain holds this text"
                     : "list those whose name holds this text, or whose code it is")
      ->type_name("TEXT");
  app.add_option("--top", options->top, "list so many with the most addresses")->type_name("N");
  app.add_option("--export", options->format, "the prefixes for other programs: plain, csv or nft")
      ->type_name("FORMAT");
  app.add_option("--table", options->table, "family and table of the nft sets")
      ->type_name("NAME")
      ->check(check_table)
      ->capture_default_str();
  app.add_option("--set", options->set, "name of the nft sets, to which 4 and 6 are added; needed for several")
      ->type_name("NAME")
      ->check(check_set);
  add_database_option(app, options->databases);
  app.add_flag("--json", options->json, "JSON: one document, or one object a line for several");
  return [options] { return show_owners(*options); };
}

}  // namespace

Action prepare_asn(CLI::App& app) { return prepare_owners(app, OwnerKind::asn); }
Action prepare_country(CLI::App& app) { return prepare_owners(app, OwnerKind::country); }

}  // namespace ipguard::cli
