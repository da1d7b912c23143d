// Diagnostics: everything that is wrong with what people wrote, collected, with file:line:column, caret and hint.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/rule.h"

namespace ipguard::config {

enum class Severity { warning, error };

struct Diagnostic {
  Severity severity = Severity::error;
  model::Location location;
  std::string message;  // what is wrong, without a full stop
  std::string hint;     // what to write instead; may be empty
  std::string source;   // the source line, for the caret; may be empty

  // "FILE:LINE:COLUMN: error: MESSAGE\n  12 | threshold = -1\n     |             ^\n  hint: …\n", everything
  // from files escaped by printable(), except that a backslash stays single: regular expressions are full of them,
  // and nobody parses this text. A long source line is cut around the column.
  [[nodiscard]] std::string to_string() const;
};

// "FILE:LINE:COLUMN", as far as the parts are known.
[[nodiscard]] std::string location_text(const model::Location& location);

// Not bound to a thread; copies are independent.
class Diagnostics {
 public:
  // So many problems are kept and shown; later ones are only counted.
  static constexpr size_t max_kept = 1000;

  // Keeps the text of `file`, so that everyone who finds a problem at a Location in it, then or later, has the source
  // line shown as it was parsed.
  void keep_text(const std::string& file, std::string_view text);
  // The text that was kept; empty if none was. Valid until the next keep_text().
  [[nodiscard]] std::string_view text_of(const std::string& file) const;

  void error(model::Location location, std::string message, std::string hint = {});
  void warning(model::Location location, std::string message, std::string hint = {});
  // Fills in the source line where it is known. The same problem at the same place is kept and counted once.
  void add(Diagnostic diagnostic);

  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  [[nodiscard]] size_t error_count() const { return errors_; }
  [[nodiscard]] size_t warning_count() const { return warnings_; }  // (tests)
  // In the order of their finding.
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return all_; }
  // All of them, the files in the order in which they were read (so the configuration comes before what it names), each
  // in line order; followed by "2 errors, 1 warning"; empty if there is none.
  [[nodiscard]] std::string to_string() const;

 private:
  void note_file(const std::string& file);

  std::vector<Diagnostic> all_;
  std::map<std::string, std::string, std::less<>> texts_;
  std::map<std::string, size_t, std::less<>> ranks_;  // of files, by when they were first heard of
  size_t errors_ = 0;
  size_t warnings_ = 0;
};

}  // namespace ipguard::config
