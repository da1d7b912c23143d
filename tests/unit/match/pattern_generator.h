// Random patterns in RE2 syntax over a small alphabet, and texts that they have a fair chance to match.
#pragma once

#include <random>
#include <string>

namespace ipguard::match::test {

class PatternGenerator {
 public:
  explicit PatternGenerator(std::mt19937& random) : random_(random) {}

  std::string pattern() { return (chance(4) ? "(?i)" : "") + choice(3); }

  std::string text() {
    static const std::string alphabet = "aabbABcC1 /.-_\x0b\t\r\xe9\xc9";
    std::string result;
    for (size_t length = below(14); length > 0; --length) {
      result += alphabet[below(alphabet.size())];
    }
    return result;
  }

 private:
  size_t below(size_t limit) { return random_() % limit; }
  bool chance(size_t one_in) { return below(one_in) == 0; }

  std::string choice(int depth) {
    std::string result = sequence(depth);
    while (chance(4)) {
      result += "|" + sequence(depth);
    }
    return result;
  }

  std::string sequence(int depth) {
    std::string result;
    for (size_t count = 1 + below(4); count > 0; --count) {
      result += item(depth);
    }
    return result;
  }

  std::string item(int depth) {
    static const char* const assertions[] = {"^", "$", "\\b", "\\B", "\\A", "\\z", "(?m)"};
    if (chance(12)) {
      return assertions[below(std::size(assertions))];
    }
    static const char* const repeats[] = {"*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "+?"};
    return atom(depth) + (chance(3) ? repeats[below(std::size(repeats))] : "");
  }

  std::string atom(int depth) {
    if (depth > 0 && chance(4)) {
      static const char* const openings[] = {"(", "(?:", "(?i:", "(?s:", "(?-i:"};
      return openings[below(std::size(openings))] + choice(depth - 1) + ")";
    }
    static const char* const atoms[] = {"a",
                                        "b",
                                        "A",
                                        "c",
                                        "1",
                                        " ",
                                        "/",
                                        "\\.",
                                        ".",
                                        "\\s",
                                        "\\S",
                                        "\\w",
                                        "\\W",
                                        "\\d",
                                        "\\D",
                                        "[ab]",
                                        "[^a]",
                                        "[^ ]",
                                        "[a-c]",
                                        "[[:alpha:]]",
                                        "[[:space:]]",
                                        "[^[:upper:]]",
                                        "[\\w-]",
                                        "[]a]",
                                        "[^]a]",
                                        "[^\\s/]",
                                        "[\\x0b-\\r]",
                                        "\\x61",
                                        "\\x{62}",
                                        "\\101",
                                        "\\Qa.\\E",
                                        "\\C",
                                        "\xe9",
                                        "[\xc0-\xd0]",
                                        "[[:^lower:]]",
                                        "\\-"};
    return atoms[below(std::size(atoms))];
  }

  std::mt19937& random_;
};

}  // namespace ipguard::match::test
