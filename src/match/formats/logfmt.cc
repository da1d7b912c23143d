// logfmt: key=value pairs, and nothing else, as Go's loggers (logrus, log15, go-kit), the audit system and some
// appliances write them:
//
//   t=2020-02-25T04:30:17+0100 lvl=eror msg="Invalid username" uname= remote_addr=192.0.2.7
//
// Writers quote what holds blanks or quotes. One that does not, lets its values' blanks begin new pairs: then a name
// occurs twice, and a name that does so yields no address.
#include "base/ascii.h"
#include "match/formats/formats.h"
#include "match/formats/record.h"
#include "match/formats/record_writer.h"
#include "match/formats/request.h"

namespace ipguard::match {
namespace {

constexpr size_t fewest_pairs = 3;

bool is_key_char(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '/' || c == '@' || c == '$'; }

class LogfmtReader {
 public:
  LogfmtReader(std::string_view text, RecordScratch& scratch) : text_(text), writer_(text, scratch) {}

  bool read() {
    size_t pairs = 0;
    while (position_ < text_.size()) {
      if (!read_pair()) {
        return false;
      }
      ++pairs;
      const size_t end = position_;
      skip_blanks();
      if (position_ == end && position_ < text_.size()) {
        return false;  // something sticks to a closing quote
      }
    }
    return pairs >= fewest_pairs;
  }

 private:
  // The audit system parts what the kernel wrote from what auditd adds by a group separator.
  static bool is_separator(char c) { return c == ' ' || c == '\x1d'; }

  void skip_blanks() {
    while (position_ < text_.size() && is_separator(text_[position_])) {
      ++position_;
    }
  }

  bool read_pair() {
    const size_t begin = position_;
    while (position_ < text_.size() && is_key_char(text_[position_])) {
      ++position_;
    }
    if (position_ == begin || position_ == text_.size() || text_[position_] != '=') {
      return false;
    }
    const auto name = text_.substr(begin, position_ - begin);
    ++position_;
    std::string_view value;
    const bool quoted = position_ < text_.size() && text_[position_] == '"';
    return (quoted ? read_quoted(value) : read_bare(value)) && writer_.add(name, value);
  }

  bool read_bare(std::string_view& value) {
    const size_t begin = position_;
    for (; position_ < text_.size() && !is_separator(text_[position_]); ++position_) {
      if (text_[position_] == '"' || static_cast<unsigned char>(text_[position_]) < 0x20) {
        return false;
      }
    }
    value = text_.substr(begin, position_ - begin);
    return true;
  }

  bool read_quoted(std::string_view& value) {
    const size_t begin = ++position_;
    const size_t end = find_closing_quote(text_, begin);
    if (end == std::string_view::npos) {
      return false;
    }
    const auto content = text_.substr(begin, end - begin);
    position_ = end + 1;
    if (content.find('\\') == std::string_view::npos) {
      value = content;
      return true;
    }
    const size_t mark = writer_.mark();
    for (size_t i = 0; i < content.size();) {
      if (!(content[i] == '\\' ? unescape(content, i) : writer_.append(content[i++]))) {
        return false;
      }
    }
    value = writer_.since(mark);
    return true;
  }

  // The escape at `content[i]`; an unknown one stays as it is.
  bool unescape(std::string_view content, size_t& i) {
    static constexpr std::string_view letters = "\"\\abfnrtv";
    static constexpr std::string_view bytes = "\"\\\a\b\f\n\r\t\v";
    const auto behind = content.substr(i + 1);  // find_closing_quote(): a backslash is never the last
    const size_t index = letters.find(behind.front());
    if (index != std::string_view::npos) {
      i += 2;
      return writer_.append(bytes[index]);
    }
    if (const int32_t code = behind.front() == 'u' ? hex4(behind.substr(1)) : -1; code >= 0) {
      i += 6;
      return writer_.append_code_point(static_cast<uint32_t>(code));
    }
    if (const int32_t byte = behind.front() == 'x' ? hex2(behind.substr(1)) : -1; byte >= 0) {
      i += 4;
      return writer_.append(static_cast<char>(byte));
    }
    ++i;
    return writer_.append('\\');
  }

  std::string_view text_;
  size_t position_ = 0;
  RecordWriter writer_;
};

class Logfmt final : public LogFormat {
 public:
  [[nodiscard]] std::string_view name() const override { return "logfmt"; }
  [[nodiscard]] model::LogKind kind() const override { return model::LogKind::fields; }
  [[nodiscard]] bool parse(const model::RawLine& line, const ParseContext& context,
                           model::Event& event) const override {
    if (line.truncated || !parse_logfmt_record(line.text, context.scratch->record)) {
      return false;
    }
    reset_event(*this, event);
    event.record = context.scratch->record.values;
    event.time = record_time(event.record, context.clock());
    return true;
  }
};

}  // namespace

bool parse_logfmt_record(std::string_view text, RecordScratch& scratch) {
  // Most lines end here, before anything is reserved.
  size_t key = 0;
  while (key < text.size() && key <= longest_value_name && is_key_char(text[key])) {
    ++key;
  }
  if (key == 0 || text.substr(key, 1) != "=") {
    return false;
  }
  return LogfmtReader(text, scratch).read();
}

const LogFormat& logfmt_format() {
  static const Logfmt format;
  return format;
}

}  // namespace ipguard::match
