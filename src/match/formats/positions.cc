// Lines read by position, as own_formats.h describes them.
#include <array>
#include <ranges>
#include <utility>

#include "base/ascii.h"
#include "match/app_stamp.h"
#include "match/formats/columns.h"
#include "match/formats/formats.h"
#include "match/formats/own_formats.h"
#include "match/formats/record.h"
#include "match/formats/record_writer.h"
#include "match/forwarded_client.h"

namespace ipguard::match {
namespace {

using model::Event;
using model::Field;
using model::RawLine;

// Where the values stand, by role; an empty view with a null pointer: not there.
using Values = std::array<std::string_view, role_count>;

std::string_view& value_of(Values& values, Role role) { return values[static_cast<size_t>(role)]; }

// Takes the piece off the front of `text`; false if it is not there.
bool take_first(const Piece& piece, std::string_view& text, Values& values) {
  size_t length = 0;
  if (!piece.literal.empty()) {
    if (!text.starts_with(piece.literal)) {
      return false;
    }
    length = piece.literal.size();
  } else if (piece.shape == Shape::fixed) {
    length = piece.length;
  } else {
    while (length < text.size() && may_hold(piece.shape, text[length])) {
      ++length;
    }
  }
  if (length > text.size()) {
    return false;
  }
  value_of(values, piece.role) = text.substr(0, length);
  text.remove_prefix(length);
  return true;
}

// The same off the back.
bool take_last(const Piece& piece, std::string_view& text, Values& values) {
  size_t length = 0;
  if (!piece.literal.empty()) {
    if (!text.ends_with(piece.literal)) {
      return false;
    }
    length = piece.literal.size();
  } else if (piece.shape == Shape::fixed) {
    length = piece.length;
  } else {
    while (length < text.size() && may_hold(piece.shape, text[text.size() - length - 1])) {
      ++length;
    }
  }
  if (length > text.size()) {
    return false;
  }
  value_of(values, piece.role) = text.substr(text.size() - length);
  text.remove_suffix(length);
  return true;
}

bool take_segment(const Segment& segment, std::string_view content, Values& values) {
  for (const Piece& piece : segment.left) {
    if (!take_first(piece, content, values)) {
      return false;
    }
  }
  for (const Piece& piece : std::views::reverse(segment.right)) {
    if (!take_last(piece, content, values)) {
      return false;
    }
  }
  if (segment.text) {
    value_of(values, segment.text->role) = content;
    return true;
  }
  return content.empty();
}

// The end byte at or behind `from`; a quote is no end behind a backslash that escapes it.
size_t find_end(char end, std::string_view text, size_t from) {
  return end == '"' ? find_closing_quote(text, from) : text.find(end, from);
}

// \u00XX and \f, which only JSON has; the rest as in undo_log_escapes().
std::string_view undo_json_escapes(std::string_view text, std::string& scratch) {
  if (text.find("\\u") == std::string_view::npos && text.find("\\f") == std::string_view::npos) {
    return undo_log_escapes(text, scratch);
  }
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view bytes = "\"\\/\b\f\n\r\t";
  scratch.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      scratch.push_back(text[i]);
      continue;
    }
    const char letter = text[++i];
    const int32_t code = letter == 'u' ? hex4(text.substr(i + 1)) : -1;
    if (code >= 0 && code < 0x80) {
      scratch.push_back(static_cast<char>(code));
      i += 4;
      continue;
    }
    const size_t index = letters.find(letter);
    if (index == std::string_view::npos) {
      scratch.push_back('\\');
    }
    scratch.push_back(index == std::string_view::npos ? letter : bytes[index]);
  }
  return scratch;
}

class PositionFormat final : public LogFormat {
 public:
  explicit PositionFormat(Positions positions) : positions_(std::move(positions)) {}

  [[nodiscard]] std::string_view name() const override { return positions_.name; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::access; }
  [[nodiscard]] ScanHints scan_hints() const override {
    return {.whole_lines = positions_.rewritten_behind, .status_behind = positions_.status_behind};
  }
  [[nodiscard]] bool parse(const RawLine& line, const ParseContext& context, Event& event) const override {
    Values values{};
    const size_t read = take_segments(line, values);
    if (read == 0 || (read < positions_.segments.size() && !line.truncated)) {
      return false;
    }
    reset_event(*this, event);
    if (const auto stamp = value_of(values, Role::time); stamp.data() != nullptr) {
      event.time = parse_record_time(stamp, context.clock());
      if (!event.time) {
        return false;
      }
    }
    fill_address(values, context, event);
    fill_request_fields(line, values, *context.scratch, event);
    fill_others(values, *context.scratch, event);
    return true;
  }

 private:
  // How many segments the line has from its beginning, each whole.
  size_t take_segments(const RawLine& line, Values& values) const {
    const auto text = line.text;
    size_t position = 0;
    for (size_t i = 0; i < positions_.segments.size(); ++i) {
      const Segment& segment = positions_.segments[i];
      if (segment.end == '\0') {
        return !line.truncated && take_segment(segment, text.substr(position), values) ? i + 1 : i;
      }
      // Apache writes an empty user name as two bare quotes: then an end byte is not this segment's.
      constexpr int most_bare_quotes = 2;
      size_t end = find_end(segment.end, text, position);
      for (int tries = 0; end != std::string_view::npos; ++tries) {
        if (take_segment(segment, text.substr(position, end - position), values)) {
          break;
        }
        const bool again = segment.text && !segment.right.empty() && tries < most_bare_quotes;
        end = again ? find_end(segment.end, text, end + 1) : std::string_view::npos;
      }
      if (end == std::string_view::npos) {
        return i;
      }
      position = end + 1;
    }
    return positions_.open_end || position == text.size() ? positions_.segments.size() : 0;
  }

  static void fill_address(Values& values, const ParseContext& context, Event& event) {
    constexpr size_t longest = 64;
    const auto address = value_of(values, Role::address);
    const auto with_port = value_of(values, Role::address_port);
    if (address.size() <= longest && with_port.size() <= longest) {
      event.address = address.empty() ? parse_with_port(with_port) : net::Address::parse_logged(address);
    }
    if (event.address && context.forwarded != nullptr) {
      const auto said = value_of(values, Role::forwarded);
      event.address = client_behind(context.forwarded->proxies, *event.address,
                                    said.data() == nullptr ? std::nullopt : std::optional(said));
    }
  }

  std::string_view undo(std::string_view text, Field slot, ParseScratch& scratch) const {
    std::string& room = scratch.fields[static_cast<size_t>(slot)];
    return positions_.json_escape ? undo_json_escapes(text, room) : undo_log_escapes(text, room);
  }

  void fill_request_fields(const RawLine& line, Values& values, ParseScratch& scratch, Event& event) const {
    if (const auto request = value_of(values, Role::request); request.data() != nullptr) {
      // The slots of fields that an access log has not.
      fill_request(undo(request, Field::message, scratch), true, false, scratch, event);
      return;
    }
    if (value_of(values, Role::target).data() == nullptr) {
      return;  // the line was cut before it
    }
    fill_request_columns({.method = value_of(values, Role::method),
                          .target = undo(value_of(values, Role::target), Field::message, scratch),
                          .query = undo(value_of(values, Role::query), Field::body, scratch),
                          .protocol = value_of(values, Role::protocol)},
                         false, line.text, scratch, event);
  }

  void fill_others(Values& values, ParseScratch& scratch, Event& event) const {
    const auto status = value_of(values, Role::status);
    const auto bytes = value_of(values, Role::bytes);
    const auto user = value_of(values, Role::user);
    event[Field::status] = is_status(status) ? status : std::string_view{};
    event[Field::bytes] = all_digits(bytes) ? bytes : std::string_view{};
    event[Field::referer] = undo(value_of(values, Role::referer), Field::referer, scratch);
    event[Field::user_agent] = undo(value_of(values, Role::user_agent), Field::user_agent, scratch);
    event[Field::vhost] = undo(without_hyphen(value_of(values, Role::vhost)), Field::vhost, scratch);
    if (user != "\"\"") {
      event[Field::user] = undo(without_hyphen(user), Field::user, scratch);
    }
  }

  Positions positions_;
};

}  // namespace

bool may_hold(Shape shape, char c) {
  const auto byte = static_cast<unsigned char>(c);
  switch (shape) {
    case Shape::number:
      return is_digit(c) || c == '.' || c == '+' || c == '-';
    case Shape::address:
      return is_alnum(c) || c == '.' || c == ':' || c == '-' || c == '_' || c == '%';
    case Shape::word:
      return byte > ' ';
    case Shape::text:
    case Shape::fixed:
      break;
  }
  return true;
}

std::unique_ptr<const LogFormat> make_position_format(Positions positions) {
  return std::make_unique<PositionFormat>(std::move(positions));
}

}  // namespace ipguard::match
