#include "model/rule.h"
#include "model/scope.h"

namespace ipguard::model {

std::string_view to_string(RuleKind kind) {
  switch (kind) {
    case RuleKind::attack:
      return "attack";
    case RuleKind::rate:
      return "rate";
    case RuleKind::session:
      return "session";
  }
  return "attack";
}

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::address:
      return "address";
    case Scope::route:
      return "route";
    case Scope::asn:
      return "asn";
  }
  return "address";
}

std::optional<Scope> scope_from(std::string_view name) {
  for (auto scope : {Scope::address, Scope::route, Scope::asn}) {
    if (name == to_string(scope)) {
      return scope;
    }
  }
  return std::nullopt;
}

}  // namespace ipguard::model
