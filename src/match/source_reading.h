// SourceReading: what the configuration says of how a source's lines are read; compiled once for all sources.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/format.h"
#include "config/source.h"
#include "match/format.h"
#include "match/forwarded_client.h"
#include "match/time_zone.h"

namespace ipguard::match {

// Of one source. Immutable.
struct SourceReading {
  const LogFormat* format = nullptr;               // of every line; null = recognised
  std::shared_ptr<const LogFormat> own = nullptr;  // the same, where the configuration describes it
  std::shared_ptr<const TimeZone> zone = nullptr;  // null = the host's own
  std::optional<ForwardedClient> forwarded = {};
};

// Immutable; may be shared between threads.
class SourceReadings {
 public:
  // Compiles all formats, also those that no source names. Errors go to `diagnostics`, at their places in the
  // configuration; what is wrong is then left out.
  [[nodiscard]] static std::shared_ptr<const SourceReadings> compile(const std::vector<config::FormatConfig>& formats,
                                                                     const std::vector<config::SourceConfig>& sources,
                                                                     config::Diagnostics& diagnostics);

  // Null for a source about which there is nothing to say but what its format's name says.
  [[nodiscard]] const SourceReading* of_source(std::string_view name) const;
  // What `--format NAME` means: a format of the configuration, without proxies; null if it has none of that name.
  [[nodiscard]] const SourceReading* of_format(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> format_names() const;

 private:
  using ByName = std::map<std::string, SourceReading, std::less<>>;

  ByName formats_;
  ByName sources_;
};

}  // namespace ipguard::match
