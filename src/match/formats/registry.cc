#include <algorithm>
#include <array>

#include "match/formats/formats.h"

namespace ipguard::match {

std::span<const LogFormat* const> all_formats() {
  static const std::array<const LogFormat*, 5> formats = {
      &vhost_combined_format(), &combined_format(), &nginx_error_format(), &apache_error_format(), &syslog_format()};
  return formats;
}

const LogFormat* find_format(std::string_view name) {
  if (name == bare_message_format().name()) {
    return &bare_message_format();
  }
  const auto formats = all_formats();
  const auto found = std::ranges::find(formats, name, &LogFormat::name);
  return found == formats.end() ? nullptr : *found;
}

const LogFormat* recognise(const model::RawLine& line, const ParseContext& context, const LogFormat* hint,
                           model::Event& event) {
  // A bare message takes anything: as a hint it would keep the source from ever being recognised.
  if (hint != nullptr && hint != &bare_message_format() && hint->parse(line, context, event)) {
    return hint;
  }
  for (const LogFormat* format : all_formats()) {
    if (format != hint && format->parse(line, context, event)) {
      return format;
    }
  }
  return nullptr;
}

}  // namespace ipguard::match
