// Law 1 for patterns: whether an attacker who writes into a line can choose the address that a pattern captures.
//
// Messages of syslog hold text that attackers write (user names, client versions, host names), so an address capture
// counts as safe only in one of three shapes, and every way through the pattern has to be in one of them:
//
//  From the front. The pattern begins with ^, and what stands between ^ and the address group ends in one place only:
//    fixed text and fixed choices such as (?:invalid )?, and repeats of a class that the text behind them ends (the
//    first byte behind, past bytes of the class, that the class does not hold). Such a repeat must be a field that the
//    program itself delimits: opened by one of ( [ { < " ', or ended by a bracket or quote as in `[^\[\]]*\[`, or
//    between = and , or ; as in `method=[^,]*, rip=`, or made of digits or blanks only. `user \S+ from (?P<address>…)`
//    is refused: a user name may hold blanks, and so is `ruser=\S* rhost=`, which `x rhost=…` as name plays just as
//    well, and a counted stretch of any text, `.{20}`. The class says what the field cannot hold, and the rule answers
//    for that. If the rule says that the name in front of the group does not occur twice (not_message =
//    'rhost=.*rhost='), repeats opened by = may end anywhere: the one name is the program's.
//
//  From the end. The pattern ends with $, behind the address group there is only fixed text, choices of fixed text and
//    repeats of digits or blanks, and the address group is ended, backwards, by the byte in front of it. Then the
//    last place in the line is the only one that matches, and that is the one which the program itself wrote:
//    `^Failed \S+ for (?P<user>.*) from (?P<address>\S+) port \d+(?: ssh2)?$`.
//
//  By count. The pattern begins with ^ and ends with $, and there is a byte, mostly the blank or |, that stands in it
//  as
//    fixed text only, as often on every way through it; the address follows the last of them with nothing but fixed
//    text between. The program's own text has as many of them as the pattern, so a line that matches has none in its
//    fields, and each of its parts is the program's: `^Failed attempt for [^ ]+ from (?P<address>\S+): no user [^ ]+$`.
//
// In all shapes the address must not be cut short: the group ends in a greedy open repeat such as \S+, or what follows
// cannot be part of it. Names are refused at run time: the captured text must be an address and nothing else.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "match/pattern_syntax.h"

namespace ipguard::match {

struct Finding {
  std::string message;
  std::string hint;
};

// What is wrong with the capture named `group` ("address", and "session", which says whose address is taken); nullopt
// if it is safe. The pattern holds exactly one such group. `excluded`: the patterns that its rule forbids in the same
// text.
[[nodiscard]] std::optional<Finding> check_capture(const PatternNode& pattern, std::string_view group,
                                                   std::span<const std::string> excluded = {});

}  // namespace ipguard::match
