// What `enrich` does to lines: each one again, with what the database says of its address.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "base/time.h"
#include "enrich/route_reader.h"
#include "match/format.h"
#include "match/source_reading.h"
#include "net/address.h"

namespace ipguard::cli {

enum class EnrichShape : uint8_t {
  columns,  // LINE, route, AS number, AS name, country code, separated by tabs; "-" for none
  append,   // LINE route=… asn=… as_name="…" country=…
  json,     // {"line","address","route","asn","as_name","country_code"}; null for none; "fields" for further ones
};

struct EnrichOptions {
  EnrichShape shape = EnrichShape::columns;
  size_t field = 0;                               // word of the line that holds the address, from 1; 0 = recognise it
  const match::LogFormat* format = nullptr;       // of every line; null = recognise it
  const match::SourceReading* reading = nullptr;  // zone and proxies, if not null
  bool terminal = false;                          // what is written is shown: lines are made printable
};

// Used by one thread.
class LineEnricher {
 public:
  LineEnricher(EnrichOptions options, std::shared_ptr<const enrich::RouteTable> routes);

  // Appends to output() the line, without its end, as it becomes. `now` completes stamps of formats.
  void take(std::string_view line, TimePoint now);
  // To be cleared by its reader when it has gone out.
  [[nodiscard]] std::string& output() { return out_.buffer(); }
  [[nodiscard]] uint64_t lines() const { return lines_; }
  [[nodiscard]] uint64_t without_address() const { return without_address_; }

 private:
  // What follows a line, by address. Direct-mapped: another address with the same place takes it.
  struct Known {
    net::Address address;
    bool set = false;
    std::string suffix;
  };

  [[nodiscard]] std::optional<net::Address> address_of(std::string_view line, TimePoint now);
  [[nodiscard]] std::optional<net::Address> recognised(std::string_view line, TimePoint now);
  [[nodiscard]] const std::string& suffix_of(const net::Address& address);
  void write_suffix(std::string& text, const net::Address& address);
  void write_json(std::string_view line, const std::optional<net::Address>& address);

  EnrichOptions options_;
  enrich::RouteReader reader_;
  std::vector<Known> known_;
  std::string no_suffix_;
  match::ParseScratch scratch_;
  const match::LogFormat* hint_ = nullptr;  // the format that the last line had
  JsonWriter out_;
  uint64_t lines_ = 0;
  uint64_t without_address_ = 0;
};

}  // namespace ipguard::cli
