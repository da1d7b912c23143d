#include "cli/enrich_lines.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace ipguard::cli {
namespace {

constexpr size_t known_addresses = size_t{1} << 16;
constexpr std::string_view word_breaks = " \t,;";

// The word of number `field`, from 1; empty if there are fewer.
std::string_view word_of(std::string_view line, size_t field) {
  size_t begin = line.find_first_not_of(word_breaks);
  while (begin != std::string_view::npos) {
    const size_t end = line.find_first_of(word_breaks, begin);
    if (--field == 0) {
      return line.substr(begin, end - begin);
    }
    begin = line.find_first_not_of(word_breaks, end);
  }
  return {};
}

// A name within a column: no tab, no line end.
void append_clean(std::string& text, std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
}

// The same between quotes, of which none may stand in it.
void append_quoted(std::string& text, std::string_view value) {
  text += '"';
  const size_t begin = text.size();
  append_clean(text, value);
  std::replace(text.begin() + static_cast<ptrdiff_t>(begin), text.end(), '"', '\'');
  text += '"';
}

}  // namespace

LineEnricher::LineEnricher(EnrichOptions options, std::shared_ptr<const enrich::RouteTable> routes)
    : options_(options),
      reader_(std::move(routes)),
      known_(options.shape == EnrichShape::json ? 0 : known_addresses),
      no_suffix_(options.shape == EnrichShape::columns ? "\t-\t-\t-\t-\n" : "\n") {}

void LineEnricher::take(std::string_view line, TimePoint now) {
  ++lines_;
  const auto address = address_of(line, now);
  without_address_ += address ? 0U : 1U;
  if (options_.shape == EnrichShape::json) {
    write_json(line, address);
    return;
  }
  if (options_.terminal) {
    out_.buffer() += printable(line, line.size());
  } else {
    out_.buffer() += line;
  }
  out_.buffer() += address ? suffix_of(*address) : no_suffix_;
}

std::optional<net::Address> LineEnricher::address_of(std::string_view line, TimePoint now) {
  if (options_.field > 0) {
    return net::Address::parse_logged(word_of(line, options_.field));
  }
  if (options_.format == nullptr) {
    // Most logs begin with it.
    if (const auto first = net::Address::parse(line.substr(0, line.find_first_of(" \t")))) {
      return first;
    }
  }
  return recognised(line, now);
}

std::optional<net::Address> LineEnricher::recognised(std::string_view line, TimePoint now) {
  const model::RawLine raw{.text = line, .offset = 0, .source = 0, .truncated = false};
  match::ParseContext context{.now = now, .scratch = &scratch_, .mixed = true, .named = options_.format != nullptr};
  if (options_.reading != nullptr) {
    context.zone = options_.reading->zone.get();
    context.forwarded = options_.reading->forwarded ? &*options_.reading->forwarded : nullptr;
  }
  model::Event event;
  if (options_.format != nullptr) {
    return options_.format->parse(raw, context, event) ? event.address : std::nullopt;
  }
  hint_ = match::recognise(raw, context, hint_, event);
  return hint_ != nullptr ? event.address : std::nullopt;
}

const std::string& LineEnricher::suffix_of(const net::Address& address) {
  Known& known = known_[std::hash<net::Address>{}(address) % known_addresses];
  if (!known.set || known.address != address) {
    known.address = address;
    known.set = true;
    known.suffix.clear();
    write_suffix(known.suffix, address);
  }
  return known.suffix;
}

void LineEnricher::write_suffix(std::string& text, const net::Address& address) {
  const auto answer = reader_.find(address);
  const auto& facts = reader_.facts(answer.facts);
  const bool columns = options_.shape == EnrichShape::columns;
  const auto put = [&](std::string_view key, std::string_view value) {
    text += columns ? std::string_view("\t") : key;
    append_clean(text, value.empty() ? "-" : value);
  };
  put(" route=", answer.route(address).to_string());
  put(" asn=", facts.asn ? facts.asn->to_string() : "");
  const auto name = options_.terminal ? printable(facts.as_name) : facts.as_name;
  if (columns) {
    put({}, name);
  } else {
    text += " as_name=";
    append_quoted(text, name.empty() ? "-" : name);
  }
  put(" country=", facts.country_code);
  text += '\n';
}

void LineEnricher::write_json(std::string_view line, const std::optional<net::Address>& address) {
  out_.open('{');
  out_.text("line", line);
  if (address) {
    const auto answer = reader_.find(*address);
    const auto& facts = reader_.facts(answer.facts);
    out_.printed("address", *address);
    out_.printed("route", answer.route(*address));
    out_.text_or_null("asn", facts.asn ? facts.asn->to_string() : "");
    out_.text_or_null("as_name", facts.as_name);
    out_.text_or_null("country_code", facts.country_code);
    if (const auto& further = reader_.further_fields(answer.facts); !further.empty()) {
      out_.open('{', "fields");
      for (const auto& [key, value] : further) {
        out_.foreign_text(key, value);
      }
      out_.close('}');
    }
  } else {
    for (const auto* key : {"address", "route", "asn", "as_name", "country_code"}) {
      out_.null(key);
    }
  }
  out_.close('}');
  out_.end_line();
}

}  // namespace ipguard::cli
