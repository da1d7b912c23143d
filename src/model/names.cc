#include "model/good_client.h"
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
    case RuleKind::login:
      return "login";
  }
  return "attack";
}

std::string_view to_string(GoodKind kind) {
  switch (kind) {
    case GoodKind::visit:
      return "visit";
    case GoodKind::user:
      return "user";
    case GoodKind::login:
      return "login";
  }
  return "visit";
}

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::address:
      return "address";
    case Scope::route:
      return "route";
    case Scope::asn:
      return "asn";
    case Scope::country:
      return "country";
  }
  return "address";
}

std::optional<Scope> scope_from(std::string_view name) {
  for (auto scope : all_scopes) {
    if (name == to_string(scope)) {
      return scope;
    }
  }
  return std::nullopt;
}

}  // namespace ipguard::model
