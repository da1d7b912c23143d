// What a rule looks for in one text: regular expressions, or a table with lists of literals. Internal to config/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/table_reader.h"
#include "model/rule.h"

namespace ipguard::config {

// Reads `key`, if it is there, as the condition on `target` (whose patterns are empty) and puts it into `list` in place
// of an earlier one on the same target. Three forms:
//
//   path = 'REGEX'     path = ['REGEX', …]
//   path = { is = […], begins = […], ends = […], contains = […], regex = […], contains_from = "lists/x.txt", case =
//   "exact" }
//
// Literals are compared without regard to case unless `case` says otherwise. A list file holds one literal a line, '#'
// begins a comment line; its path is relative to the rule file and does not leave its folder.
void read_patterns(TableReader& table, std::string_view key, model::FieldPatterns target,
                   std::vector<model::FieldPatterns>& list);

// Reads the table `key` ("where", "where_not"): each of its keys names a value of a record, and holds patterns as
// above.
void read_record_patterns(TableReader& table, std::string_view key, std::vector<model::FieldPatterns>& list);

// A literal as a regular expression.
[[nodiscard]] std::string quote_literal(std::string_view literal);

}  // namespace ipguard::config
