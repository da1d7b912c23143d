// links: cli
// Lists of bans of any kind: never a crash, and what is accepted comes back from what is written.
#include <cstdint>
#include <string_view>

#include "cli/ban_list.h"
#include "require.h"

namespace {

using namespace ipguard;
using namespace ipguard::cli;
using ipguard::fuzz::require;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto now = from_civil(2026, 2, 25, 4, 0, 0);
  for (const auto format : {ListFormat::automatic, ListFormat::list, ListFormat::csv, ListFormat::json}) {
    const auto list = read_ban_list(input, format, now);
    require(list.problems.size() <= BanList::most_problems);
    Json bans = Json::array();
    for (const auto& ban : list.bans) {
      bans.push_back({{"target", ban.target}, {"until", ban.until.value_or(Json(nullptr))}});
    }
    for (const auto written : {ListFormat::list, ListFormat::csv, ListFormat::json}) {
      const auto again = read_ban_list(write_ban_list(bans, written), written, now);
      require(again.problems.empty() && again.bans.size() == list.bans.size());
      for (size_t i = 0; i < list.bans.size(); ++i) {
        require(again.bans[i].target == list.bans[i].target);
      }
    }
  }
  return 0;
}
