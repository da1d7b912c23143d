// Law 1, tried: for every sample of every rule, whatever the client can write into the line is replaced by other
// addresses, by the words that stand around addresses, and by whole forged lines. The forged address must never come
// out. Quotes and control characters are written as the program in question writes them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "library.h"

namespace ipguard::rules_test {
namespace {

using model::Field;

const std::string forged = "203.0.113.66";

// How a log writer treats what it does not want in its lines.
enum class Escaping : uint8_t { none, hexadecimal, json };

std::string escaped(std::string_view text, Escaping escaping) {
  static constexpr const char* digits = "0123456789abcdef";
  if (escaping == Escaping::none) {
    return std::string(text);
  }
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool special = byte < 0x20 || c == '"' || c == '\\';
    if (!special) {
      result += c;
    } else if (escaping == Escaping::json) {
      result += "\\u00";
      result += digits[byte >> 4U];
      result += digits[byte & 15U];
    } else {
      result += "\\x";
      result += digits[byte >> 4U];
      result += digits[byte & 15U];
    }
  }
  return result;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

// What an attacker might write. `line` is a line of this kind that would hit the forged address if it were one.
std::vector<std::string> payloads(const std::string& line) {
  std::vector<std::string> result;
  for (const char* shape : {"@",
                            "x from @",
                            "x from @ port 22 ssh2",
                            "@ port 22",
                            "[@]",
                            "x[@]",
                            "(@)",
                            "x ip=@",
                            "rhost=@",
                            "ruser= rhost=@ ",
                            ", client: @, server: x",
                            "' from '@",
                            "\" from \"@",
                            "' failed for '@' - Wrong password",
                            "x IP: @. Username: y",
                            "> from <@>",
                            "@, ",
                            "x, remote_addr=@",
                            "\",\"remote_addr\":\"@",
                            "\" remote_addr=\"@",
                            "::ffff:@",
                            "x\x1b[2K\rfrom @",
                            "%0a@",
                            "${jndi:ldap://@/}"}) {
    result.push_back(replaced(shape, "@", forged));
  }
  for (const char* separator : {"\\n", "\\x0a", "#012", "%0a", "\\r\\n", " ", "\t", "\x01", "\" ", "' "}) {
    result.push_back("x" + std::string(separator) + line);
  }
  result.push_back(std::string("x\0 from ", 8) + forged);
  result.push_back(std::string(9000, 'A') + " from " + forged);
  result.push_back("x" + std::string(3000, ' ') + forged);
  return result;
}

// A server's own words stand between quotes as well (nginx: `by zone "one"`).
bool quotes_client(const model::Event& event, std::string_view before) {
  static constexpr std::array<std::string_view, 4> openings = {"request: ", "referrer: ", "host: ", "user "};
  return event.kind != model::LogKind::error ||
         std::ranges::any_of(openings, [&](std::string_view opening) { return before.ends_with(opening); });
}

// The parts of a line that hold the client's own words, `address` being the client's true one.
std::set<std::string> client_parts(const model::RuleSample& sample, const model::Event& event, std::string_view user) {
  std::set<std::string> parts;
  const auto add = [&](std::string_view part) {
    const bool in_line = part.size() >= 2 && sample.line.find(part) != std::string::npos;
    const auto address = net::Address::parse_logged(part.substr(0, part.find(',')));
    if (in_line && !address && part.find(sample.address ? sample.address->to_string() : "192.0.2.") == part.npos) {
      parts.emplace(part);
    }
  };
  add(user);
  for (const Field field : {Field::user, Field::user_agent, Field::referer, Field::target}) {
    add(event[field]);
  }
  if (!sample.address) {
    return parts;  // of a near miss it is not known which quotes hold the place of the address
  }
  const std::string_view message = event[Field::message];
  for (const auto& [open, close] : {std::pair{'"', '"'}, std::pair{'\'', '\''}, std::pair{'<', '>'}}) {
    for (size_t begin = message.find(open); begin != std::string_view::npos;) {
      const size_t end = message.find(close, begin + 1);
      if (end == std::string_view::npos) {
        break;
      }
      if (quotes_client(event, message.substr(0, begin))) {
        add(message.substr(begin + 1, end - begin - 1));
      }
      begin = message.find(open, end + 1);
    }
  }
  return parts;
}

Escaping escaping_of(const model::Event& event) {
  if (!event.record.empty()) {
    return Escaping::json;
  }
  return event.kind == model::LogKind::access || event.kind == model::LogKind::error ? Escaping::hexadecimal
                                                                                     : Escaping::none;
}

// All forgeries of a sample, one line each.
std::string forgeries(match::Matcher& matcher, const model::RuleSample& sample, model::SourceId source) {
  std::string block;
  const std::string address = sample.address ? sample.address->to_string() : "192.0.2.7";
  const auto forge = [&](const model::RawLine&, const match::LineResult& result) {
    const auto escaping = escaping_of(result.event);
    for (const auto& part : client_parts(sample, result.event, result.user)) {
      for (const auto& payload : payloads(replaced(sample.line, address, forged))) {
        block += replaced(sample.line, part, escaped(payload, escaping)) + "\n";
      }
    }
  };
  matcher.match_line({.text = sample.line, .source = source}, mixed_lines, now, forge);
  return block;
}

// What the program would write about the forged address, from each word on but the last few, of all samples of a
// service.
using Bodies = std::map<std::string, std::set<std::string>, std::less<>>;

Bodies bodies_by_service(match::Matcher& matcher) {
  Bodies bodies;
  model::SourceId source = 500'000;
  for (const auto& rule : library()->rules()) {
    for (const auto& sample : rule.samples) {
      if (!sample.address || sample.line.size() > 600) {
        continue;
      }
      const auto take = [&](const model::RawLine&, const match::LineResult& result) {
        const std::string message(result.event[Field::message]);
        const std::string body = replaced(message, sample.address->to_string(), forged);
        if (result.event.kind == model::LogKind::error || body == message) {
          return;
        }
        const size_t last = body.find(forged);
        size_t taken = 0;
        for (size_t at = 0; at < last && taken < 6; ++taken) {
          bodies[rule.service].insert(body.substr(at));
          const size_t blank = body.find(' ', at);
          at = blank == std::string::npos ? last : blank + 1;
        }
      };
      matcher.match_line({.text = sample.line, .source = source++}, mixed_lines, now, take);
    }
  }
  return bodies;
}

// The places in the message of a near miss where the client's words may stand: what is quoted, without its quotes.
std::set<std::string> open_places(const model::RuleSample& near_miss, const model::Event& event) {
  std::set<std::string> places;
  const std::string_view message = event[Field::message];
  for (const char quote : {'"', '\''}) {
    size_t begin = message.find(quote);
    while (begin != std::string_view::npos) {
      const size_t end = message.find(quote, begin + 1);
      if (end == std::string_view::npos) {
        break;
      }
      const auto part = message.substr(begin + 1, end - begin - 1);
      if (part.size() >= 2 && !net::Address::parse_logged(part) && near_miss.line.find(part) != std::string::npos) {
        places.emplace(part);
      }
      begin = message.find(quote, end + 1);
    }
  }
  return places;
}

TEST(Injection, LinesOfOtherKindsDoNotCarryForgedOnes) {
  ASSERT_NE(library(), nullptr);
  match::Matcher matcher(library());
  const Bodies bodies = bodies_by_service(matcher);
  model::SourceId source = 600'000;
  size_t lines = 0;
  std::set<std::string> told;
  for (const auto& rule : library()->rules()) {
    const auto of_service = bodies.find(rule.service);
    if (of_service == bodies.end()) {
      continue;
    }
    for (const auto& near_miss : rule.near_misses) {
      std::string block = near_miss.line + "\n";
      const auto splice = [&](const model::RawLine&, const match::LineResult& result) {
        if (!result.event.record.empty() || result.event.kind == model::LogKind::error) {
          return;  // their writers escape quotes; the other test tries them
        }
        for (const auto& place : open_places(near_miss, result.event)) {
          for (const auto& body : of_service->second) {
            block += replaced(near_miss.line, place, "a " + body) + "\n";
            block += replaced(near_miss.line, place, "a] " + body) + "\n";
          }
        }
      };
      matcher.match_line({.text = near_miss.line, .source = source++}, mixed_lines, now, splice);
      const auto complain = [&](const model::RawLine& line, const match::LineResult& result) {
        for (const auto& hit : result.hits) {
          if (hit.address.to_string() == forged && told.insert(rule.id + " " + hit.rule->id).second) {
            ADD_FAILURE() << hit.rule->id << " takes the forged address, in a line made from a near miss of " << rule.id
                          << ":\n"
                          << line.text.substr(0, 600);
          }
        }
      };
      lines += matcher.scan_block(block, 0, source++, {}, now, complain);
    }
  }
  std::cout << lines << " lines with a forged one inside\n";
  EXPECT_GT(lines, 10'000U);
}

TEST(Injection, NoForgedAddressComesOut) {
  ASSERT_NE(library(), nullptr);
  match::Matcher matcher(library());
  model::SourceId source = 0;
  size_t lines = 0;
  std::set<std::string> told;  // one complaint a pair of rules is enough
  for (const auto& rule : library()->rules()) {
    for (const auto* samples : {&rule.samples, &rule.near_misses}) {
      for (const auto& sample : *samples) {
        const std::string block = forgeries(matcher, sample, source++);
        const auto complain = [&](const model::RawLine& line, const match::LineResult& result) {
          for (const auto& hit : result.hits) {
            if (hit.address.to_string() == forged && told.insert(rule.id + " " + hit.rule->id).second) {
              ADD_FAILURE() << hit.rule->id << " takes the forged address, in a line made from a sample of " << rule.id
                            << ":\n"
                            << line.text.substr(0, 600);
            }
          }
        };
        // Judged as a source of its own, known by its own lines, as a log is.
        lines += matcher.scan_block(sample.line + "\n" + block, 0, source++, {}, now, complain);
      }
    }
  }
  std::cout << lines << " forged lines\n";
  EXPECT_GT(lines, 10'000U);
}

}  // namespace
}  // namespace ipguard::rules_test
