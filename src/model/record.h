// What the databases say, in the shapes that the whois server passes on.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/coverage.h"
#include "model/route.h"
#include "net/address.h"
#include "net/asn.h"
#include "net/prefix.h"

namespace ipguard::model {

// A record as the database has it: scalars as text, in the database's own order. Hostile text.
struct Record {
  net::Prefix route;  // also without data
  bool found = false;
  std::vector<std::pair<std::string, std::string>> fields;
};

// A record without its fields, which are handed out one by one, each valid during the call.
struct RecordHead {
  net::Prefix route;  // also without data
  bool found = false;
};
using TakeField = std::function<void(std::string_view key, std::string_view value)>;

// The records of the routes inside a prefix, in order.
struct RecordList {
  std::vector<Record> records;
  bool cut = false;  // there are more, or may be
};

struct SystemRecord {
  net::Asn asn;
  std::string name;
  Coverage size;
  std::vector<net::Prefix> prefixes;  // aggregated, disjoint, IPv4 first
};

// Briefly, of an AS. Country and registry are those of its largest range.
struct SystemRow {
  std::string name;
  std::string country_code;
  std::string_view registry;  // as in RouteRow
};

// Briefly, of one address of many.
struct RouteRow {
  net::Prefix route;
  const Route* facts = nullptr;  // everything but the prefix; not null, valid until the database is replaced
  std::string_view registry;     // "arin", "ripencc" …; empty = not known. A literal
};

}  // namespace ipguard::model
