#include "cli/loss_text.h"

#include <algorithm>

#include "base/text.h"
#include "cli/table.h"

namespace ipguard::cli {

std::string lost_text(uint64_t bytes, uint64_t unknown, uint64_t read_twice) {
  const std::string twice = read_twice == 0 ? "" : ", " + format_size(read_twice) + " twice";
  if (unknown == 0) {
    return format_size(bytes) + twice;
  }
  return (bytes == 0 ? "?" : format_size(bytes) + " + ?") + twice;
}

std::string losses_text(const control::Json& losses) {
  std::string known;
  std::string doubtful;
  std::string since;
  for (const auto& row : losses) {
    const std::string from = cell(row, "since");
    since = since.empty() ? from : std::min(since, from);
    if (cell(row, "last") != "-") {
      const auto messages = row.value("lost_messages", 0ULL);
      known += (known.empty() ? "" : "; ") + cell(row, "source") + ": " +
               lost_text(row.value("lost_bytes", 0ULL), row.value("losses_of_unknown_size", 0ULL),
                         row.value("reread_bytes", 0ULL)) +
               (messages == 0 ? "" : ", " + counted(messages, "message", "messages")) + " since " + from +
               ", last at " + cell(row, "last");
    }
    if (const auto truncations = row.value("truncations_without_copy", 0ULL); truncations > 0) {
      doubtful += "; " + cell(row, "source") + ": " + counted(truncations, "truncation", "truncations") +
                  " without a copy, which may have taken unread lines";
    }
  }
  if (!known.empty() || since.empty()) {
    return known + doubtful;
  }
  return (doubtful.empty() ? "nothing since " : "nothing known of since ") + since + doubtful;
}

}  // namespace ipguard::cli
