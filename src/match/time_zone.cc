#include "match/time_zone.h"

#include <cctz/time_zone.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace ipguard::match {
namespace {

constexpr size_t longest_name = 64;

// A path within the tz database: nothing that cctz takes for another file, a fixed offset or the C library's zone.
bool is_zone_name(std::string_view name) {
  const auto is_part = [](char c) { return is_alnum(c) || c == '_' || c == '-' || c == '+' || c == '/'; };
  return !name.empty() && name.size() <= longest_name && name.front() != '/' && std::ranges::all_of(name, is_part);
}

}  // namespace

struct TimeZone::Impl {
  cctz::time_zone zone;
};

TimeZone::TimeZone(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
TimeZone::~TimeZone() = default;

std::shared_ptr<const TimeZone> TimeZone::load(const std::string& name) {
  cctz::time_zone zone;
  if (!is_zone_name(name) || !cctz::load_time_zone(name, &zone)) {
    return nullptr;
  }
  return std::shared_ptr<const TimeZone>(new TimeZone(std::make_unique<const Impl>(Impl{zone})));
}

bool TimeZone::has_database() { return load("Europe/London") != nullptr; }

LocalMeaning TimeZone::meaning_of(std::chrono::sys_seconds local) const {
  const cctz::civil_second civil = cctz::convert(local, cctz::utc_time_zone());
  const auto found = impl_->zone.lookup(civil);
  const auto earlier = std::chrono::time_point_cast<std::chrono::seconds>(found.pre);
  const bool repeated = found.kind == cctz::time_zone::civil_lookup::REPEATED;
  return {.earlier = earlier,
          .later = repeated ? std::chrono::time_point_cast<std::chrono::seconds>(found.post) : earlier};
}

}  // namespace ipguard::match
