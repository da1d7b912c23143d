#include "model/event.h"

#include "base/names.h"

namespace ipguard::model {
namespace {

constexpr std::array<std::string_view, 6> kind_names = {"access", "error", "syslog", "app", "fields", "message"};
constexpr std::array<std::string_view, field_count> field_names = {
    "method", "target", "path",    "query", "protocol", "status", "bytes", "referer", "user_agent",
    "user",   "vhost",  "program", "pid",   "message",  "level",  "body",  "record"};

}  // namespace

std::string_view to_string(LogKind kind) { return kind_names[static_cast<size_t>(kind)]; }
std::string_view to_string(Field field) { return field_names[static_cast<size_t>(field)]; }
std::optional<LogKind> log_kind_from(std::string_view name) { return find_name<LogKind>(kind_names, name); }
std::optional<Field> field_from(std::string_view name) { return find_name<Field>(field_names, name); }

}  // namespace ipguard::model
