#include "cli/netblocks_output.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "base/text.h"
#include "cli/table.h"
#include "net/cover.h"

namespace ipguard::cli {
namespace {

using enrich::IanaBlock;
using enrich::Netblocks;

// "256", "65,536 /64s", "256 + 65,536 /64s".
std::string size_text(const model::Coverage& size) {
  const std::string ipv6 = counted(size.ipv6_64s, "/64", "/64s");
  if (size.ipv6_64s == 0) {
    return group_digits(size.ipv4_addresses);
  }
  return size.ipv4_addresses == 0 ? ipv6 : group_digits(size.ipv4_addresses) + " + " + ipv6;
}

std::string block_text(const IanaBlock& block) {
  switch (block.kind) {
    case IanaBlock::Kind::allocated:
      return "allocated to " + block.name;
    case IanaBlock::Kind::legacy:
      return "given out before the registries, now with " + block.name;
    case IanaBlock::Kind::special:
      break;
  }
  return block.name + " (" + block.reference + ")";
}

// "AS64496 Example, Netherlands, label lab".
std::string facts_text(const model::Route& facts, const enrich::RecordFields& further) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += part.empty() || text.empty() ? part : ", " + part; };
  add(facts.asn ? facts.asn->to_string() + (facts.as_name.empty() ? "" : " ") + printable(facts.as_name) : "");
  add(printable(facts.country.empty() ? facts.country_code : facts.country));
  for (const auto& [key, value] : further) {
    add(printable(key) + ' ' + printable(value));
  }
  if (!text.empty()) {
    return text;
  }
  return facts.found ? "the record names no AS and no country" : "the database has no record";
}

std::string system_text(const enrich::Owner& system, const model::Route& facts) {
  const std::string prefixes = counted(system.prefixes, "prefix", "prefixes");
  return facts.as_name.empty() ? prefixes : printable(facts.as_name) + ", " + prefixes;
}

// Of further fields the one that people give their own netblocks.
std::string_view label_of(const enrich::RecordFields& further) {
  const auto label = std::ranges::find(further, "label", &enrich::RecordFields::value_type::first);
  return label == further.end() ? std::string_view() : std::string_view(label->second);
}

// Tabs and line ends within a name would break the columns.
void append_cell(std::string& text, std::string_view value) {
  text += '\t';
  const size_t begin = text.size();
  text += value.empty() ? "-" : value;
  std::replace_if(
      text.begin() + static_cast<ptrdiff_t>(begin), text.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
}

void prefetch(const void* begin, size_t bytes) {
  constexpr size_t cache_line = 64;
  for (size_t at = 0; at < bytes; at += cache_line) {
    __builtin_prefetch(static_cast<const char*>(begin) + at);
  }
}

void append_columns(std::string& text, const Netblocks& netblocks, const model::Route& facts,
                    const enrich::RecordFields& further) {
  text += '\t';
  netblocks.answer.route(netblocks.address).append_to(text);
  text += '\t';
  if (netblocks.range) {
    netblocks.range->first.append_to(text);
    text += '-';
    netblocks.range->second.append_to(text);
  } else {
    text += '-';
  }
  if (netblocks.blocks.empty()) {
    append_cell(text, {});
  } else {
    const IanaBlock& block = *netblocks.blocks.front();
    text += '\t';
    block.prefix.append_to(text);
    text += ' ';
    text += block.name;
  }
  if (facts.asn) {
    text += "\tAS";
    std::array<char, 10> digits;  // 2^32 - 1 has as many
    text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), facts.asn->number).ptr);
  } else {
    append_cell(text, {});
  }
  append_cell(text, facts.as_name);
  append_cell(text, facts.country_code);
  append_cell(text, label_of(further));
  text += '\n';
}

}  // namespace

NetblocksLines::NetblocksLines(enrich::NetblockFinder& finder, bool json)
    : finder_(finder), json_(json), as_json_(finder), kept_(kept_lines) {}

std::string NetblocksLines::header() { return "#address\troute\trange\tblock\tasn\tas_name\tcountry_code\tlabel\n"; }

bool NetblocksLines::Kept::fits(const Netblocks& netblocks) const {
  return !rest.empty() && facts == netblocks.answer.facts && blocks == netblocks.blocks.data() &&
         route.contains(netblocks.address) && route.length() == netblocks.answer.length &&
         (!range || (range->first <= netblocks.address && netblocks.address <= range->second));
}

void NetblocksLines::append(std::string& text, std::span<const net::Address> addresses) {
  finder_.find_routes(addresses, found_);
  places_.clear();
  for (const auto& netblocks : found_) {
    const auto route = netblocks.answer.route(netblocks.address);
    places_.push_back(&kept_[std::hash<net::Address>{}(route.address()) % kept_lines]);
  }
  // All that is kept is larger than a core's cache: it is fetched a few lines ahead, first where a line lies, then it.
  constexpr size_t ahead = 8;
  for (size_t i = 0; i < found_.size(); ++i) {
    if (i + 2 * ahead < found_.size()) {
      prefetch(places_[i + 2 * ahead], sizeof(Kept));
    }
    if (i + ahead < found_.size()) {
      const auto& rest = places_[i + ahead]->rest;
      prefetch(rest.data(), rest.size());
    }
    text += json_ ? "{\"address\":\"" : "";
    found_[i].address.append_to(text);
    write(text, found_[i], *places_[i]);
  }
}

void NetblocksLines::write(std::string& text, Netblocks& netblocks, Kept& place) {
  if (place.fits(netblocks)) {
    text += place.rest;
    return;
  }
  finder_.complete(netblocks);
  const size_t begin = text.size();
  append_rest(text, netblocks);
  if (netblocks.system == nullptr || netblocks.range) {
    place.route = netblocks.answer.route(netblocks.address);
    place.facts = netblocks.answer.facts;
    place.blocks = netblocks.blocks.data();
    place.range = netblocks.range;
    place.rest.assign(text, begin);
  }
}

void NetblocksLines::append_rest(std::string& text, const Netblocks& netblocks) {
  if (!json_) {
    append_columns(text, netblocks, finder_.facts(netblocks), finder_.further_fields(netblocks));
    return;
  }
  writer_.json("");  // members come before
  as_json_.write_rest(writer_, netblocks);
  text += '"';
  text += writer_.buffer();
  writer_.buffer().clear();
}

std::string netblocks_text(const Netblocks& netblocks, const enrich::NetblockFinder& finder) {
  const model::Route& facts = finder.facts(netblocks);
  Table table({"KIND", "NETBLOCK", "SIZE", "WHAT"});
  const auto size = [](const net::Prefix& prefix) { return size_text(model::Coverage::of({prefix})); };
  enrich::in_order(
      netblocks,
      [&] {
        const auto route = netblocks.answer.route(netblocks.address);
        table.add({"route", route.to_string(), size(route), facts_text(facts, finder.further_fields(netblocks))});
      },
      [&] {
        const auto& [first, last] = *netblocks.range;
        const auto prefixes = net::range_to_prefixes(first, last);
        const bool single = prefixes.size() == 1;
        std::vector<std::string> notes;
        notes.reserve(prefixes.size());
        for (const auto& prefix : prefixes) {
          notes.push_back("  " + prefix.to_string());
        }
        table.add({"range", single ? prefixes.front().to_string() : first.to_string() + " - " + last.to_string(),
                   size_text(model::Coverage::of(prefixes)), "adjacent routes of the AS"},
                  single ? std::vector<std::string>() : std::move(notes));
      },
      [&](const IanaBlock& block) {
        table.add({std::string(enrich::to_string(block.kind)), block.prefix.to_string(), size(block.prefix),
                   block_text(block)});
      });
  if (const auto* system = netblocks.system) {
    table.add({"asn", facts.asn->to_string(), size_text(system->size), system_text(*system, facts)});
  }
  return netblocks.address.to_string() + '\n' + table.to_string(terminal_width());
}

}  // namespace ipguard::cli
