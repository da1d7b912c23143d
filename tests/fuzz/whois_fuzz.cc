// links: whois
// What a whois client sends: the first line as a query, all of it as a bulk query, whole and in pieces.
#include <cstddef>
#include <cstdint>
#include <string>

#include "../unit/whois/fake_directory.h"
#include "require.h"
#include "whois/answer.h"
#include "whois/bulk.h"
#include "whois/connection.h"

using namespace ipguard::whois;
using ipguard::fuzz::require;

namespace {

// Lines end in CRLF; nothing else is below a blank.
void require_lines(const std::string& text) {
  require(text.empty() || text.ends_with("\r\n"));
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    require(byte >= 0x20 || (byte == '\r' && text[i + 1] == '\n') || (byte == '\n' && i > 0 && text[i - 1] == '\r'));
  }
}

// The bytes come in pieces of this size, and so many lines are answered at a time.
std::string bulk(std::string_view input, size_t piece, size_t most_rows, const Directory& directory) {
  BulkBatch batch;
  BulkSession session(directory, batch);
  std::string output;
  std::string left;
  for (size_t at = 0; at < input.size(); at += piece) {
    left += input.substr(at, piece);
    BulkSession::Fed fed;
    do {
      fed = session.feed(left, most_rows, output);
      require(fed.rows <= most_rows + 4);
      left.erase(0, fed.taken);
    } while (fed.state == BulkSession::Fed::State::paused);
    require(batch.addresses.empty());
    if (fed.state == BulkSession::Fed::State::over) {
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
  Counters counters;
  const auto received = receive(input, directory, counters, answer);
  require((received.state == Received::State::answered) == !answer.empty());
  require_lines(answer);
  if (received.state == Received::State::queued) {
    append_answer(answer, received.query, directory);
    require_lines(answer);
  }
  const std::string whole = bulk(input, size + 1, SIZE_MAX - 4, directory);
  require_lines(whole);
  require(whole == bulk(input, 1, 1, directory));
  require(whole == bulk(input, 7, 3, directory));
  return 0;
}
