// Records (record.h): a JSON object as a flat list of named values.
#include <array>

#include "base/ascii.h"
#include "match/formats/record_writer.h"
#include "match/formats/request.h"

namespace ipguard::match {
namespace {

bool is_json_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Walks through an object with a stack of its own, so that depth is bounded by more than good will.
class JsonReader {
 public:
  JsonReader(std::string_view text, RecordScratch& scratch) : text_(text), writer_(text, scratch) {}

  bool read() {
    skip_blanks();
    if (!take('{')) {
      return false;
    }
    if (!open(false)) {
      return false;
    }
    while (depth_ > 0) {
      if (!step()) {
        return false;
      }
    }
    skip_blanks();
    return position_ == text_.size();
  }

 private:
  struct Level {
    bool array = false;
    bool first = true;
    uint32_t index = 0;         // of the next element
    std::string_view own_name;  // of the object or array itself
  };

  char peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  bool take(char expected) {
    if (position_ >= text_.size() || text_[position_] != expected) {
      return false;
    }
    ++position_;
    return true;
  }
  void skip_blanks() {
    while (position_ < text_.size() && is_json_blank(text_[position_])) {
      ++position_;
    }
  }

  bool open(bool array) {
    if (depth_ == deepest_record) {
      return false;
    }
    levels_[static_cast<size_t>(depth_)] = {.array = array, .first = true, .index = 0, .own_name = name_};
    ++depth_;
    return true;
  }

  // The next member or element of the innermost level, or its end.
  bool step() {
    Level& level = levels_[static_cast<size_t>(depth_ - 1)];
    skip_blanks();
    if (take(level.array ? ']' : '}')) {
      // A comma asks for another one, which is then not here.
      if (!level.first && after_comma_) {
        return false;
      }
      --depth_;
      return end_value();
    }
    if (!level.first && !after_comma_) {
      return false;
    }
    level.first = false;
    after_comma_ = false;
    if (!(level.array ? name_element(level) : read_name(level))) {
      return false;
    }
    skip_blanks();
    return read_value();
  }

  // Behind a value: a comma, unless its level ends here.
  bool end_value() {
    skip_blanks();
    after_comma_ = depth_ > 0 && take(',');
    return true;
  }

  bool read_name(const Level& level) {
    std::string_view key;
    if (!read_string(key)) {
      return false;
    }
    skip_blanks();
    return take(':') && make_name(level.own_name, key);
  }

  bool name_element(Level& level) {
    std::array<char, 10> digits{};
    size_t begin = digits.size();
    uint32_t rest = level.index++;
    do {
      digits[--begin] = static_cast<char>('0' + rest % 10);
      rest /= 10;
    } while (rest != 0);
    return make_name(level.own_name, std::string_view(digits.data() + begin, digits.size() - begin));
  }

  bool make_name(std::string_view parent, std::string_view key) {
    if (parent.empty() && depth_ == 1) {
      name_ = key;
      return key.size() <= longest_value_name;
    }
    if (parent.size() + 1 + key.size() > longest_value_name) {
      return false;
    }
    const size_t mark = writer_.mark();
    if (!writer_.append(parent) || !writer_.append('.') || !writer_.append(key)) {
      return false;
    }
    name_ = writer_.since(mark);
    return true;
  }

  bool read_value() {
    switch (peek()) {
      case '{':
        ++position_;
        return open(false);
      case '[':
        ++position_;
        return open(true);
      case '"': {
        std::string_view value;
        return read_string(value) && writer_.add(name_, value) && end_value();
      }
      case 't':
        return read_word("true");
      case 'f':
        return read_word("false");
      case 'n':
        return read_word("null");
      default:
        return read_number();
    }
  }

  bool read_word(std::string_view word) {
    const auto value = text_.substr(position_, word.size());
    position_ += value.size();
    return value == word && writer_.add(name_, value) && end_value();
  }

  bool digits() {
    const size_t begin = position_;
    while (is_digit(peek())) {
      ++position_;
    }
    return position_ > begin;
  }

  bool read_number() {
    const size_t begin = position_;
    take('-');
    if (!take('0') && !digits()) {
      return false;
    }
    if (take('.') && !digits()) {
      return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      ++position_;
      if (peek() == '+' || peek() == '-') {
        ++position_;
      }
      if (!digits()) {
        return false;
      }
    }
    return writer_.add(name_, text_.substr(begin, position_ - begin)) && end_value();
  }

  bool read_string(std::string_view& value) {
    if (!take('"')) {
      return false;
    }
    const size_t begin = position_;
    for (; position_ < text_.size(); ++position_) {
      const char c = text_[position_];
      if (c == '"') {
        value = text_.substr(begin, position_ - begin);
        ++position_;
        return true;
      }
      if (c == '\\') {
        return read_escaped_string(begin, value);
      }
      if (static_cast<unsigned char>(c) < 0x20) {
        return false;
      }
    }
    return false;
  }

  // A string with escapes, the first of which is at the position.
  bool read_escaped_string(size_t begin, std::string_view& value) {
    const size_t mark = writer_.mark();
    if (!writer_.append(text_.substr(begin, position_ - begin))) {
      return false;
    }
    while (position_ < text_.size()) {
      const char c = text_[position_++];
      if (c == '"') {
        value = writer_.since(mark);
        return true;
      }
      const bool written = c == '\\' ? read_escape() : static_cast<unsigned char>(c) >= 0x20 && writer_.append(c);
      if (!written) {
        return false;
      }
    }
    return false;
  }

  // What follows a backslash.
  bool read_escape() {
    static constexpr std::string_view letters = "\"\\/bfnrt";
    static constexpr std::string_view bytes = "\"\\/\b\f\n\r\t";
    const char letter = peek();
    ++position_;
    if (letter == 'u') {
      return read_code_point();
    }
    if (letter == 'x') {
      return read_byte();
    }
    const size_t index = position_ <= text_.size() ? letters.find(letter) : std::string_view::npos;
    return index != std::string_view::npos && writer_.append(bytes[index]);
  }

  // Behind "\x", which is no JSON: nginx writes it for quotes, backslashes and whatever is not ASCII, unless its
  // log_format says escape=json. A client could else choose that his lines are not read.
  bool read_byte() {
    const int32_t byte = hex2(text_.substr(std::min(position_, text_.size())));
    position_ += 2;
    return byte >= 0 && writer_.append(static_cast<char>(byte));
  }

  // Behind "\u".
  bool read_code_point() {
    const int32_t first = hex4(text_.substr(std::min(position_, text_.size())));
    if (first < 0) {
      return false;
    }
    position_ += 4;
    auto code = static_cast<uint32_t>(first);
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(position_, 2) == "\\u") {
      const int32_t second = hex4(text_.substr(position_ + 2));
      if (second >= 0xdc00 && second < 0xe000) {
        position_ += 6;
        code = 0x10000 + ((code - 0xd800) << 10) + (static_cast<uint32_t>(second) - 0xdc00);
      }
    }
    return writer_.append_code_point(code);
  }

  std::string_view text_;
  size_t position_ = 0;
  RecordWriter writer_;
  std::array<Level, deepest_record> levels_{};
  int depth_ = 0;
  bool after_comma_ = false;
  std::string_view name_;  // of the value that comes next
};

}  // namespace

bool parse_json_record(std::string_view text, RecordScratch& scratch) { return JsonReader(text, scratch).read(); }

}  // namespace ipguard::match
