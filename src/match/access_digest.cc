#include "match/access_digest.h"

#include "base/line_counter.h"
#include "match/superset.h"

namespace ipguard::match {
namespace {

// Gathers what stands in a line while its bytes pass by.
class LineMarks {
 public:
  // `take` is called with each line's beginning, end and quotes.
  template <typename Take>
  void mark(std::string_view block, size_t at, const Take& take) {
    switch (block[at]) {
      case '"':
        if (quotes_.count < QuoteMarks::most) {
          quotes_.at[quotes_.count++] = static_cast<uint32_t>(at - begin_);
        }
        break;
      case '\\':
        quotes_.backslash = true;
        break;
      case '\n':
        take(begin_, at, quotes_);
        begin_ = at + 1;
        quotes_ = {};
        break;
      default:
        break;
    }
  }

  [[nodiscard]] size_t begin() const { return begin_; }
  [[nodiscard]] const QuoteMarks& quotes() const { return quotes_; }

 private:
  size_t begin_ = 0;  // of the line
  QuoteMarks quotes_;
};

// A last line without LF counts as one that ends at the block's end.
template <typename Take>
void for_each_line(std::string_view block, const Take& take) {
  LineMarks marks;
  size_t at = 0;
  for (; at + sizeof(ByteVector) <= block.size(); at += sizeof(ByteVector)) {
    const ByteVector here = load_bytes(block.data() + at);
    for_each_marked(static_cast<ByteVector>((here == '\n') | (here == '"') | (here == '\\')),
                    [&](size_t i) { marks.mark(block, at + i, take); });
  }
  for (; at < block.size(); ++at) {
    marks.mark(block, at, take);
  }
  if (marks.begin() < block.size()) {
    take(marks.begin(), block.size(), marks.quotes());
  }
}

}  // namespace

uint64_t AccessDigest::digest(std::string_view block) {
  text_.clear();
  extracts_.clear();
  known_.clear();
  uint64_t lines = 0;
  for_each_line(block, [&](size_t begin, size_t end, const QuoteMarks& quotes) {
    take(block.substr(begin, end - begin), quotes, static_cast<uint32_t>(end));
    lines += end < block.size() ? 1U : 0U;
  });
  return lines;
}

void AccessDigest::take(std::string_view line, const QuoteMarks& quotes, uint32_t line_end) {
  const bool has_cr = line.ends_with('\r');
  const auto fields = skim_.skim(line.substr(0, line.size() - (has_cr ? 1 : 0)), quotes);
  if (!fields) {
    add(line, anywhere, line_end);
    return;
  }
  add(fields->request, in_request, line_end);
  take_field(fields->vhost, in_vhost, line_end);
  take_field(fields->referer, in_referer, line_end);
  take_field(fields->user_agent, in_user_agent, line_end);
  if (const auto id = statuses_.id_of(fields->status)) {
    known_.push_back({.line_end = line_end, .id = *id});
  }
}

void AccessDigest::take_field(std::string_view field, LineParts part, uint32_t line_end) {
  if (field.size() < shortest_useful) {
    return;
  }
  const auto place = memory_.look_up(field);
  if (place.found == nullptr) {
    Extract& extract = add(field, part, line_end);
    extract.may_be_rewritten = false;
    extract.comes_again = place.comes_again;
    extract.hash = place.hash;
    return;
  }
  for (const uint32_t id : *place.found) {
    if (says_something(id, part)) {
      known_.push_back({.line_end = line_end, .id = id});
    }
  }
}

AccessDigest::Extract& AccessDigest::add(std::string_view text, LineParts part, uint32_t line_end) {
  text_.append(text);
  extracts_.push_back({.end = static_cast<uint32_t>(text_.size()), .line_end = line_end, .part = part});
  text_.push_back('\n');
  return extracts_.back();
}

void AccessDigest::locate(std::vector<Finding>& found) {
  size_t next = 0;
  size_t kept = 0;
  size_t begin = 0;  // of the extract
  for (const Extract& extract : extracts_) {
    found_in_extract_.clear();
    for (; next < found.size() && found[next].line_end == extract.end; ++next) {
      const uint32_t id = found[next].id;
      found_in_extract_.push_back(id);
      if (says_something(id, extract.part)) {
        found[kept++] = {.line_end = extract.line_end, .id = id};
      }
    }
    if (extract.comes_again) {
      memory_.remember(extract.hash, std::string_view(text_).substr(begin, extract.end - begin), found_in_extract_);
    }
    begin = extract.end + 1;
  }
  found.resize(kept);
}

void AccessDigest::locate_rewritten(std::vector<uint32_t>& line_ends) const {
  size_t extract = 0;
  size_t kept = 0;
  for (const uint32_t end : line_ends) {
    while (extracts_[extract].end < end) {
      ++extract;
    }
    if (extracts_[extract].may_be_rewritten) {
      line_ends[kept++] = extracts_[extract].line_end;
    }
  }
  line_ends.resize(kept);
}

}  // namespace ipguard::match
