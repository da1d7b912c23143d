// A report as JSON: one document (ipguardctl(8), REPORT), or the pieces in which a daemon hands it out.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "report/document.h"

namespace ipguard::report {

// On one line, with its LF. Text of any bytes becomes valid UTF-8.
[[nodiscard]] std::string document_json(const Document& document);

// Objects that together have the document's members: one with everything but lists of groups and decisions, and any
// number of pieces of these.
[[nodiscard]] std::string head_json(const Document& document);
// {"groups":[…]}; with `top` {"top":{"asn":[…]}}.
[[nodiscard]] std::string groups_json(std::span<const GroupRow> groups, std::optional<Dimension> top = {});
[[nodiscard]] std::string decisions_json(std::span<const DecisionRow> decisions);

}  // namespace ipguard::report
