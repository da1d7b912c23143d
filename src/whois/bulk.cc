#include "whois/bulk.h"

#include <algorithm>

#include "base/text.h"
#include "whois/answer.h"

namespace ipguard::whois {
namespace {

constexpr size_t batch_size = 512;

}  // namespace

std::string BulkSession::greeting() const { return "Bulk mode; ipguard [" + directory_.now() + "]\r\n"; }

BulkSession::Fed BulkSession::feed(std::string_view bytes, size_t most_rows, std::string& output) {
  Fed fed;
  const size_t begin = output.size();
  while (fed.state == Fed::State::hungry) {
    const auto line = first_line(bytes.substr(fed.taken));
    if (line.state == Line::State::partial) {
      break;
    }
    if (fed.rows > 0 && (fed.rows >= most_rows || output.size() - begin >= most_output)) {
      fed.state = Fed::State::paused;
      break;
    }
    if (line.state == Line::State::too_long) {
      answer(output);
      output += error_line("a line is longer than " + std::to_string(longest_line) + " bytes");
      fed.state = Fed::State::over;
      break;
    }
    fed.state = take_line(line.text, fed, output);
    if (fed.state != Fed::State::waiting) {
      fed.taken += line.taken;
      ++lines_;
    }
  }
  answer(output);
  return fed;
}

BulkSession::Fed::State BulkSession::take_line(std::string_view line, Fed& fed, std::string& output) {
  line = trim(line);
  auto word = line.substr(0, line.find_first_of(" \t"));
  if (word.empty() || word.front() == '#') {
    return Fed::State::hungry;
  }
  word = without_dot(word);
  ++fed.rows;
  if (const auto address = net::Address::parse(word)) {
    batch_.addresses.push_back(*address);
    if (batch_.addresses.size() == batch_size) {
      answer(output);
    }
    return Fed::State::hungry;
  }
  answer(output);
  if (const auto asn = parse_system(word)) {
    if (!directory_.systems_ready()) {
      --fed.rows;
      return Fed::State::waiting;
    }
    put_header(output);
    append_system_row(output, *asn, directory_, verbose_);
    fed.rows += system_row_cost - 1;
  } else if (is_word(word, "end")) {
    return Fed::State::over;
  } else if (is_word(word, "verbose") || is_word(word, "noverbose")) {
    verbose_ = is_word(word, "verbose");
  } else if (is_word(word, "header") || is_word(word, "noheader")) {
    header_ = is_word(word, "header");
  } else {
    output += error_line("line " + std::to_string(lines_ + 1) + ": '" + printable(word, 80) +
                         "' is no IPv4 or IPv6 address and no AS number");
  }
  return Fed::State::hungry;
}

void BulkSession::put_header(std::string& output) {
  if (header_) {
    append_header(output, verbose_);
    header_ = false;
  }
}

void BulkSession::answer(std::string& output) {
  auto& [addresses, rows] = batch_;
  if (addresses.empty()) {
    return;
  }
  put_header(output);
  rows.resize(addresses.size());
  directory_.rows(addresses, rows);
  for (size_t i = 0; i < addresses.size(); ++i) {
    append_row(output, addresses[i], rows[i], verbose_);
  }
  addresses.clear();
}

}  // namespace ipguard::whois
