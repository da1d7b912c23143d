// links: whois
// What a whois client sends: the first line as a query, all of it as a bulk query, whole and in pieces.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "../unit/whois/fake_directory.h"
#include "whois/answer.h"
#include "whois/bulk.h"
#include "whois/connection.h"

using namespace ipguard::whois;

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// Lines end in CRLF; nothing else is below a blank.
void require_lines(const std::string& text) {
  require(text.empty() || text.ends_with("\r\n"));
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    require(byte >= 0x20 || (byte == '\r' && text[i + 1] == '\n') || (byte == '\n' && i > 0 && text[i - 1] == '\r'));
  }
}

std::string bulk(std::string_view input, size_t piece, const Directory& directory) {
  BulkSession session(directory);
  std::string output;
  for (size_t at = 0; at < input.size(); at += piece) {
    if (!session.feed(input.substr(at, piece), output)) {
      break;
    }
  }
  return output;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Directory directory = testing::fake_directory();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string answer;
  const auto received = receive(input, directory, answer);
  require((received.state == Received::State::answered) == !answer.empty());
  require_lines(answer);
  const std::string whole = bulk(input, size + 1, directory);
  require_lines(whole);
  require(whole == bulk(input, 1, directory));
  require(whole == bulk(input, 7, directory));
  return 0;
}
