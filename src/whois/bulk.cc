#include "whois/bulk.h"

#include <algorithm>

#include "base/text.h"
#include "whois/answer.h"

namespace ipguard::whois {
namespace {

constexpr size_t batch = 512;

}  // namespace

BulkSession::BulkSession(const Directory& directory) : directory_(directory) { addresses_.reserve(batch); }

std::string BulkSession::greeting() const { return "Bulk mode; ipguard [" + directory_.now() + "]\r\n"; }

bool BulkSession::feed(std::string_view bytes, std::string& output) {
  bool more = true;
  while (more && !bytes.empty()) {
    const size_t end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    if (partial_.size() + piece.size() > longest_line) {
      answer(output);
      output += error_line("a line is longer than " + std::to_string(longest_line) + " bytes");
      return false;
    }
    if (end == std::string_view::npos) {
      partial_ += piece;
      break;
    }
    if (partial_.empty()) {
      more = take_line(piece, output);
    } else {
      partial_ += piece;
      more = take_line(partial_, output);
      partial_.clear();
    }
    bytes.remove_prefix(end + 1);
  }
  answer(output);
  return more;
}

bool BulkSession::take_line(std::string_view line, std::string& output) {
  ++lines_;
  line = trim(line);
  const auto word = line.substr(0, line.find_first_of(" \t"));
  if (const auto address = net::Address::parse(word)) {
    addresses_.push_back(*address);
    if (addresses_.size() == batch) {
      answer(output);
    }
    return true;
  }
  if (word.empty() || word.front() == '#') {
    return true;
  }
  answer(output);
  if (word == "end") {
    return false;
  }
  if (word == "verbose" || word == "noverbose") {
    verbose_ = word == "verbose";
  } else if (word == "header" || word == "noheader") {
    header_ = word == "header";
  } else {
    output +=
        error_line("line " + std::to_string(lines_) + ": '" + printable(word, 80) + "' is no IPv4 or IPv6 address");
  }
  return true;
}

void BulkSession::answer(std::string& output) {
  if (addresses_.empty()) {
    return;
  }
  if (header_) {
    append_header(output, verbose_);
    header_ = false;
  }
  rows_.resize(addresses_.size());
  directory_.rows(addresses_, rows_);
  for (size_t i = 0; i < addresses_.size(); ++i) {
    append_row(output, addresses_[i], rows_[i], verbose_);
  }
  addresses_.clear();
}

}  // namespace ipguard::whois
