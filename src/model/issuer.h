// Issuers: who issued a decision (Decision::issuer). Words and no enumeration: what the store of another version has
// there is kept and shown as it is.
#pragma once

#include <array>
#include <string_view>

namespace ipguard::model {

inline constexpr std::string_view ledger_issuer = "ledger";   // an offence of the target's own
inline constexpr std::string_view ladder_issuer = "ladder";   // evidence of several: of a route, an AS, a country
inline constexpr std::string_view manual_issuer = "manual";   // a person
inline constexpr std::string_view import_issuer = "import";   // a list
inline constexpr std::string_view adopted_issuer = "kernel";  // found in the kernel and not in the store
inline constexpr std::array<std::string_view, 5> issuers = {ledger_issuer, ladder_issuer, manual_issuer, import_issuer,
                                                            adopted_issuer};

}  // namespace ipguard::model
