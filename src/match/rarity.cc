#include "match/rarity.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "match/pattern_texts.h"

namespace ipguard::match {
namespace {

using Kind = PatternNode::Kind;

// What is known of the bytes that every match holds, in bits.
struct Runs {
  double best = 0;    // the best run anywhere
  double prefix = 0;  // the run at the beginning
  double suffix = 0;  // the run at the end
  bool whole = true;  // the match is one run, prefix == suffix == best
};

Runs join(const Runs& left, const Runs& right) {
  return {.best = std::max({left.best, right.best, left.suffix + right.prefix}),
          .prefix = left.whole ? left.prefix + right.prefix : left.prefix,
          .suffix = right.whole ? left.suffix + right.suffix : right.suffix,
          .whole = left.whole && right.whole};
}

Runs measure(const PatternNode& node) {
  switch (node.kind) {
    case Kind::bytes: {
      const size_t size = node.bytes.count();
      if (size > widest_informative_set) {
        return {.whole = false};
      }
      const double bits = 8 - std::log2(static_cast<double>(size));
      return {.best = bits, .prefix = bits, .suffix = bits};
    }
    case Kind::sequence: {
      Runs runs;
      for (const PatternNode& child : node.children) {
        runs = join(runs, measure(child));
      }
      return runs;
    }
    case Kind::choice: {
      Runs runs = measure(node.children.front());
      for (const PatternNode& child : node.children) {
        const Runs other = measure(child);
        runs = {.best = std::min(runs.best, other.best),
                .prefix = std::min(runs.prefix, other.prefix),
                .suffix = std::min(runs.suffix, other.suffix),
                .whole = runs.whole && other.whole};
      }
      return runs;
    }
    case Kind::repeat: {
      const Runs once = measure(node.children.front());
      if (node.min == 0) {
        // A few bytes that may be there or not ("() {" or "(){") leave the run whole: it has a few forms.
        return {.whole = once.whole && node.max <= most_optional};
      }
      Runs runs = once;
      for (uint32_t i = 1; i < node.min; ++i) {
        runs = join(runs, once);
      }
      runs.whole = runs.whole && node.min == node.max;
      return runs;
    }
    default:
      return {};
  }
}

// What ordinary lines are full of: to look for it would find nearly all of them.
constexpr std::string_view ordinary_text =
    R"(mozilla/5.0 (compatible; windows nt 10.0; win64; x64; linux x86_64; macintosh; intel mac os x; rv:) applewebkit/537.36
(khtml, like gecko) chrome/ safari/537.36 firefox/ edg/ mobile/ version/ bot/ +http://www. https://www. .com/ .html)
" 200 " 301 " 302 " 304 " 404 "get / http/1.1" "post / http/1.0" "head / http/2.0" "-" "http:// index.php index.html ?page=
/wp-content/ /wp-includes/ /images/ .css .js .png .jpg .gif .ico robots.txt favicon.ico for user root from port ssh2
(sshd:session): session opened for user by (uid=0) pam_unix( [error] [client [pid , client: , server: , request: host: )";

}  // namespace

bool is_ordinary(std::string_view text) { return ordinary_text.find(lower_case(text)) != std::string_view::npos; }

double rarity(const PatternNode& node) {
  return std::ranges::any_of(texts(folded(node)), is_ordinary) ? 0 : measure(node).best;
}

}  // namespace ipguard::match
