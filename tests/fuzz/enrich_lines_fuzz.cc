// links: cli
// Lines that `enrich` writes again: each is one line again, followed by what the database says of its address and by
// nothing that the line or the database's names could add. The first byte chooses the shape and the word of the
// address.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/unique_fd.h"
#include "cli/enrich_lines.h"
#include "control/protocol.h"
#include "enrich/mmdb_writer.h"
#include "require.h"

namespace {

using namespace ipguard;
using namespace ipguard::cli;
using fuzz::require;

// Names that would like to be columns or lines of their own.
std::shared_ptr<const enrich::RouteTable> routes() {
  enrich::MmdbWriter writer;
  const auto put = [&](const char* network, const std::string& name) {
    writer.put(*net::Prefix::parse(network),
               {{"as_name", name}, {"asn", std::string("AS64496")}, {"country_code", std::string("CH")}});
  };
  put("0.0.0.0/1", "a\tb\nc\"d\x1b[31m");
  put("128.0.0.0/1", "\xff\xc3");
  put("2000::/3", "");
  const auto file = writer.build({.type = "fuzz", .description = "fuzz", .build_epoch = 1});
  const UniqueFd fd(::memfd_create("mmdb", MFD_CLOEXEC));
  require(file && ::write(fd.get(), file->data(), file->size()) == static_cast<ssize_t>(file->size()));
  auto table = enrich::RouteTable::open({"/proc/self/fd/" + std::to_string(fd.get())});
  require(table.has_value());
  return *table;
}

void check_columns(std::string_view suffix, bool has_address) {
  require(suffix.ends_with('\n') && std::ranges::count(suffix, '\t') == 4);
  require(std::ranges::none_of(suffix.substr(0, suffix.size() - 1), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  }));
  require(has_address || suffix == "\t-\t-\t-\t-\n");
}

void check_appended(std::string_view suffix, bool has_address) {
  if (!has_address) {
    require(suffix == "\n");
    return;
  }
  require(suffix.starts_with(" route=") && suffix.ends_with('\n'));
  require(std::ranges::count(suffix, '"') == 2 && std::ranges::count(suffix, '\n') == 1);
}

void check_json(const std::string& text, std::string_view line, bool has_address) {
  require(text.ends_with('\n') && std::ranges::count(text, '\n') == 1);
  const auto json = control::Json::parse(text, nullptr, false);
  require(json.is_object(), "what is called JSON is none");
  require(json["line"].get_ref<const std::string&>() == to_valid_utf8(line), "another line");
  require(json["address"].is_string() == has_address);
  if (has_address) {
    const auto address = net::Address::parse(json["address"].get_ref<const std::string&>());
    const auto route = net::Prefix::parse(json["route"].get_ref<const std::string&>());
    require(address && route && route->contains(*address));
  }
}

void check_line(LineEnricher& enricher, EnrichShape shape, std::string_view line, TimePoint now) {
  const uint64_t before = enricher.without_address();
  enricher.output().clear();
  enricher.take(line, now);
  const std::string text = enricher.output();
  const bool has_address = enricher.without_address() == before;
  if (shape == EnrichShape::json) {
    check_json(text, line, has_address);
    return;
  }
  require(text.starts_with(line), "a line that was changed");
  const auto suffix = std::string_view(text).substr(line.size());
  shape == EnrichShape::columns ? check_columns(suffix, has_address) : check_appended(suffix, has_address);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto table = routes();
  // What was found for addresses before changes nothing; making the room for it would cost most of the time.
  static LineEnricher enrichers[] = {LineEnricher({.shape = EnrichShape::columns}, table),
                                     LineEnricher({.shape = EnrichShape::append}, table),
                                     LineEnricher({.shape = EnrichShape::json}, table),
                                     LineEnricher({.shape = EnrichShape::columns, .field = 2}, table),
                                     LineEnricher({.shape = EnrichShape::append, .field = 1}, table)};
  constexpr EnrichShape shapes[] = {EnrichShape::columns, EnrichShape::append, EnrichShape::json, EnrichShape::columns,
                                    EnrichShape::append};
  if (size == 0) {
    return 0;
  }
  const size_t choice = data[0] % std::size(enrichers);
  const TimePoint now = from_civil(2026, 3, 1, 12, 0, 0);
  for (const auto line : split({reinterpret_cast<const char*>(data) + 1, size - 1}, '\n')) {
    check_line(enrichers[choice], shapes[choice], line, now);
  }
  return 0;
}
