// Writes a deterministic access log in combined format to standard output:
//   generate_access_log MEGABYTES [ATTACK-PERCENT [NOT-FOUND-PERCENT [each]]]
// Ordinary requests of a site with a few hundred visitors, of which so many per cent (default 2) find nothing; attack
// lines (default 0 %) are probes of the kinds that the rules know, from their own addresses (198.18.0.0/15, RFC 2544;
// with "each", from another /64 of 2001:db8::/32 each).
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

// splitmix64: the same log on every machine.
uint64_t state = 42;
uint64_t random_number() {
  uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}
template <size_t N>
const char* pick(const std::array<const char*, N>& values) {
  return values[random_number() % N];
}

constexpr std::array<const char*, 8> agents = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 "
    "Safari/604.1",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 "
    "Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.6478.71 Mobile Safari/537.36",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Feedly/1.0 (+http://www.feedly.com/fetcher.html)"};
constexpr std::array<const char*, 10> paths = {"/",
                                               "/articles/",
                                               "/images/photo-",
                                               "/static/app.",
                                               "/static/fonts/sans-",
                                               "/api/v2/items/",
                                               "/search?q=winter+shoes&page=",
                                               "/products/category-",
                                               "/blog/2026/05/how-we-moved-",
                                               "/favicon.ico?v="};
constexpr std::array<const char*, 6> referers = {"-",
                                                 "-",
                                                 "https://www.example.com/",
                                                 "https://www.example.com/articles/",
                                                 "https://search.example.net/?q=shoes",
                                                 "https://www.example.com/products/"};
constexpr std::array<const char*, 8> attacks = {"/phpMyAdmin/scripts/setup.php",
                                                "/.env",
                                                "/.git/config",
                                                "/cgi-bin/.%2e/.%2e/.%2e/etc/passwd",
                                                "/wp-login.php",
                                                "/%70%68%70myadmin/scripts/setup.php",
                                                "/..%252f..%252fetc/passwd",
                                                "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php"};
constexpr std::array<int, 7> statuses = {200, 200, 200, 200, 200, 304, 301};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: generate_access_log MEGABYTES [ATTACK-PERCENT [NOT-FOUND-PERCENT [each]]]\n", stderr);
    return 2;
  }
  const uint64_t wanted = std::strtoull(argv[1], nullptr, 10) << 20;
  const uint64_t attack_percent = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  const uint64_t missing_percent = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 2;
  const bool each = argc > 4 && std::string(argv[4]) == "each";
  std::array<char, 1024> line{};
  std::array<char, 64> attacker{};
  uint64_t written = 0;
  for (uint64_t second = 0; written < wanted; ++second) {
    const auto clock = second / 50;  // fifty requests a second
    const int day = static_cast<int>(clock / 86400 % 28) + 1;
    const int hour = static_cast<int>(clock / 3600 % 24);
    const int minute = static_cast<int>(clock / 60 % 60);
    const int sec = static_cast<int>(clock % 60);
    const auto id = random_number();
    const bool attack = id % 100 < attack_percent;
    const bool missing = random_number() % 100 < missing_percent;
    if (each) {
      static_cast<void>(std::snprintf(attacker.data(), attacker.size(), "2001:db8:%x:%x::1",
                                      static_cast<unsigned>(id >> 8 & 0xffffU),
                                      static_cast<unsigned>(id >> 24 & 0xffffU)));
    } else {
      static_cast<void>(std::snprintf(attacker.data(), attacker.size(), "198.%u.%u.%u",
                                      18U + static_cast<unsigned>(id >> 8 & 1U), static_cast<unsigned>(id >> 16 & 255U),
                                      static_cast<unsigned>(id >> 24 & 255U)));
    }
    const int length =
        attack
            ? std::snprintf(line.data(), line.size(),
                            "%s - - [%02d/May/2026:%02d:%02d:%02d +0000] \"GET %s HTTP/1.1\" 404 153 \"-\" \"%s\"\n",
                            attacker.data(), day, hour, minute, sec, pick(attacks), pick(agents))
            : std::snprintf(
                  line.data(), line.size(),
                  "203.0.113.%u - - [%02d/May/2026:%02d:%02d:%02d +0000] \"GET %s%u HTTP/1.1\" %d %u \"%s\" \"%s\"\n",
                  static_cast<unsigned>(id >> 8 & 255U), day, hour, minute, sec, pick(paths),
                  static_cast<unsigned>(id >> 16 & 0xffffU),
                  missing ? 404 : statuses[(id >> 32 & 0xffffU) % statuses.size()],
                  static_cast<unsigned>(id >> 40 & 0xffffU), pick(referers), pick(agents));
    if (std::fwrite(line.data(), 1, static_cast<size_t>(length), stdout) != static_cast<size_t>(length)) {
      return 1;
    }
    written += static_cast<uint64_t>(length);
  }
  return 0;
}
