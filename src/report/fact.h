// What a report counts: one hit, and to whom its address belongs.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "model/country.h"
#include "model/rule.h"
#include "net/address.h"
#include "net/prefix.h"

namespace ipguard::report {

// Views are read during the call only; empty = the event has none.
struct Fact {
  const model::Rule* rule = nullptr;  // outlives the aggregates
  net::Address address = {};
  TimePoint time = {};
  std::string_view path = {};        // decoded and normalised (model::Field::path)
  std::string_view user_agent = {};  // as logged, log escapes undone
  std::string_view user = {};        // the user name tried
  // Of the line of the fact before, which another rule hit: address, time, path and user agent are the same.
  bool same_line = false;
};

// To whom an address belongs. `facts` is the asker's own number for AS, country and their names: the same number, the
// same facts; small numbers, without gaps.
struct Owner {
  uint8_t length = 0;    // of the route, in bits of the address's family
  uint32_t asn = 0;      // 0 = none
  uint16_t country = 0;  // model::Country::number(), 0 = none
  uint32_t facts = 0;

  [[nodiscard]] net::Prefix route(const net::Address& address) const { return {address, length}; }
};

}  // namespace ipguard::report
