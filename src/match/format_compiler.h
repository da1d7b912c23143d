// Compiles the formats of a configuration ([[format]]) to parsers by position.
//
// What may stand where follows from the law that the address comes from where no client can write. Between two bytes
// that servers escape in what clients write ('"', control characters) at most one text of unknown content stands;
// everything else there is found from the left and from the right by what it is made of. Anything else is refused.
#pragma once

#include <memory>
#include <string_view>

#include "config/diagnostic.h"
#include "config/format.h"
#include "match/format.h"

namespace ipguard::match {

// A variable whose value is what trusted proxies say of the client ("$http_x_forwarded_for", "%{X-Forwarded-For}i", a
// JSON value's path), with the place where it is asked for. Empty: none.
struct ForwardedField {
  std::string_view name{};
  model::Location location{};
};

// Null after errors in `diagnostics`, each at its place in the format string.
[[nodiscard]] std::unique_ptr<const LogFormat> compile_format(const config::FormatConfig& config,
                                                              const ForwardedField& forwarded,
                                                              config::Diagnostics& diagnostics);

}  // namespace ipguard::match
