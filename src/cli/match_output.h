// What `ipguardctl match` says of a line: which rules hit it, and what they found where.
#pragma once

#include <cstdint>
#include <string>

#include "base/json_writer.h"
#include "match/rule_set.h"

namespace ipguard::cli {

// {"line","format","time","address","user","hits":[{"rule","service","kind","field","key","begin","end","text",
// "address_from","captures":{"address":{"begin","end","text"},…},"also":[…]}]}: ipguardctl(8), and of the rule's first
// pattern its field, the record's key, and what it matched in which bytes of the line (null where the field does not
// stand there as it is); "also" has the rule's further patterns, if any. One line, with its LF.
void put_line(JsonWriter& json, uint64_t number, const match::LineResult& result, const match::RuleSet& rules);

// One line for each hit, indented: "    sshd/failed-password: message "Failed password …" (bytes 42-99); address …".
// Safe for a terminal.
[[nodiscard]] std::string hit_details(const match::LineResult& result, const match::RuleSet& rules);

}  // namespace ipguard::cli
