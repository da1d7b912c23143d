// Records that are lines of an access log: which servers' they are, by their names.
#pragma once

#include <string_view>

#include "match/formats/record.h"

namespace ipguard::match {

// Fills the access fields and the address (not kind, format, time) if the record has the names of a server's access
// log; false otherwise. `line`: the whole line.
[[nodiscard]] bool fill_access(Record record, std::string_view line, ParseScratch& scratch, model::Event& event);

}  // namespace ipguard::match
