#include "match/scanner.h"

#include <hs/hs.h>

#include <cassert>
#include <new>
#include <vector>

namespace ipguard::match {
namespace {

int HS_CDECL forward_match(unsigned int id, unsigned long long /*from*/, unsigned long long to, unsigned int /*flags*/,
                           void* context) {
  static_cast<ScanReceiver*>(context)->on_match(id, static_cast<size_t>(to));
  return 0;
}

}  // namespace

std::expected<std::unique_ptr<const Scanner>, ScannerRefusal> Scanner::compile(std::span<const std::string> expressions,
                                                                               std::span<const uint32_t> ids) {
  assert(expressions.size() == ids.size());
  std::vector<const char*> texts;
  std::vector<unsigned int> flags(expressions.size(), 0);
  for (const std::string& expression : expressions) {
    texts.push_back(expression.c_str());
  }
  hs_database* database = nullptr;
  hs_compile_error_t* problem = nullptr;
  const hs_error_t result =
      hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned int>(texts.size()), HS_MODE_BLOCK,
                       nullptr, &database, &problem);
  if (result != HS_SUCCESS) {
    ScannerRefusal refusal;
    if (problem != nullptr) {
      refusal.expression = problem->expression >= 0 ? static_cast<size_t>(problem->expression) : 0;
      refusal.message = problem->message;
      hs_free_compile_error(problem);
    }
    return std::unexpected(std::move(refusal));
  }
  return std::unique_ptr<const Scanner>(new Scanner(database));
}

Scanner::~Scanner() { hs_free_database(database_); }

ScanState::ScanState(const Scanner& scanner) {
  // The database is valid, so memory is the only thing that can be missing.
  if (hs_alloc_scratch(scanner.database_, &scratch_) != HS_SUCCESS) {
    throw std::bad_alloc();
  }
}

ScanState::~ScanState() { hs_free_scratch(scratch_); }

void ScanState::scan(const Scanner& scanner, std::string_view block, ScanReceiver& receiver) {
  [[maybe_unused]] const hs_error_t result = hs_scan(
      scanner.database_, block.data(), static_cast<unsigned int>(block.size()), 0, scratch_, forward_match, &receiver);
  assert(result == HS_SUCCESS);
}

}  // namespace ipguard::match
