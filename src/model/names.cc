// The names of the enumerations that are plain words; those of an event's are in event.cc.
#include "base/names.h"

#include "model/ending.h"
#include "model/good_client.h"
#include "model/rule.h"
#include "model/scope.h"

namespace ipguard::model {
namespace {

constexpr std::array<std::string_view, 3> good_kind_names = {"visit", "user", "login"};

}  // namespace

std::string_view to_string(RuleKind kind) { return rule_kind_names[static_cast<size_t>(kind)]; }
std::string_view to_string(GoodKind kind) { return good_kind_names[static_cast<size_t>(kind)]; }
std::string_view to_string(Scope scope) { return scope_names[static_cast<size_t>(scope)]; }
std::string_view to_string(Ending ending) { return ending_names[static_cast<size_t>(ending)]; }
std::optional<Scope> scope_from(std::string_view name) { return find_name<Scope>(scope_names, name); }
std::optional<Ending> ending_from(std::string_view name) { return find_name<Ending>(ending_names, name); }

}  // namespace ipguard::model
