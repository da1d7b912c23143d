// Reads the rules of one document. Internal to config/: callers use load_rules() and parse_rules().
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/document.h"
#include "config/table_reader.h"
#include "model/rule.h"

namespace ipguard::config {

// Where each rule id was seen first, over all files.
using RuleIds = std::map<std::string, model::Location>;

// Appends the rules of a document that are free of errors, in its order, to `rules`; none if [defaults] is not.
void read_rules(const Value& root, RuleIds& ids, std::vector<model::Rule>& rules, ReadContext& context);

// The parts of a rule that have values with rules of their own (rule_conditions.cc).

// A rule being read: what [defaults] and then the rule's own table say, with what the checks at the end need to know.
struct RuleDraft {
  model::Rule rule;
  bool has_log = false;
  bool log_is_valid = false;  // otherwise nothing can be said of the conditions
  bool has_kind = false;
  bool has_service = false;
  bool has_condition = false;  // written, if perhaps wrongly
  Place program;               // of the value, for the checks
  Place status;
  Place method;
  Place bytes;
};

// Pattern keys, status, method and program: a key that is present replaces what the draft had inherited for it.
void read_conditions(TableReader& table, RuleDraft& draft);
// Conditions against each other and against the kind of log: at least one, and none that such a log cannot have.
void check_conditions(const RuleDraft& draft, const Place& rule_place, ReadContext& context);

}  // namespace ipguard::config
