#include "writer/set_audit.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ipguard::writer {
namespace {

using model::Scope;
using std::chrono::milliseconds;

const TimePoint now = from_civil(2026, 2, 25, 4, 30, 17);

net::Address address(std::string_view text) { return net::Address::parse(text).value(); }

struct Range {
  const char* first;
  const char* last;
  std::optional<int> left;  // seconds, of the kernel's time-out
};
struct Wanted {
  const char* prefix;
  std::optional<int> left;  // seconds, of the ban
};
struct Case {
  const char* name;
  Scope scope;
  std::vector<Range> present;
  std::vector<Wanted> believed;
  std::vector<std::string> foreign;
  std::vector<std::string> altered;
  std::vector<std::string> missing;
  std::vector<std::string> departed;
};

std::vector<std::string> texts(const std::vector<ElementOp>& operations) {
  std::vector<std::string> result;
  for (const ElementOp& op : operations) {
    result.push_back(op.first.to_string() + "-" + op.last.to_string());
  }
  std::ranges::sort(result);
  return result;
}

std::vector<std::string> texts(const std::vector<model::SetElement>& elements) {
  std::vector<std::string> result;
  for (const auto& element : elements) {
    result.push_back(element.prefix.to_string() + (element.until ? "" : " permanent"));
  }
  std::ranges::sort(result);
  return result;
}

class SetAudit : public ::testing::TestWithParam<Case> {};

TEST_P(SetAudit, TellsWhatIsForeignAndWhatIsGone) {
  const Case& test = GetParam();
  enforce::ElementMirror believed;
  for (const Wanted& wanted : test.believed) {
    believed.put({test.scope, net::Prefix::parse(wanted.prefix).value(),
                  wanted.left ? std::optional(now + Seconds(*wanted.left)) : std::nullopt});
  }
  std::vector<KernelElement> present;
  for (const Range& range : test.present) {
    present.push_back({address(range.first), address(range.last),
                       range.left ? std::optional<milliseconds>(Seconds(*range.left)) : std::nullopt});
  }
  const auto audit = audit_set(enforce::set_index(test.scope, net::Family::ipv4), present, believed, now);
  EXPECT_EQ(texts(audit.foreign), test.foreign);
  EXPECT_EQ(texts(audit.altered), test.altered);
  EXPECT_EQ(texts(audit.missing), test.missing);
  EXPECT_EQ(texts(audit.departed), test.departed);
}

INSTANTIATE_TEST_SUITE_P(
    Sets, SetAudit,
    ::testing::Values(Case{"Same",
                           Scope::address,
                           {{"192.0.2.7", "192.0.2.7", 660}, {"192.0.2.8", "192.0.2.8", {}}},
                           {{"192.0.2.7", 600}, {"192.0.2.8", {}}},
                           {},
                           {},
                           {},
                           {}},
                      Case{"Flushed",
                           Scope::address,
                           {},
                           {{"192.0.2.7", 600}, {"192.0.2.8", {}}},
                           {},
                           {},
                           {"192.0.2.7/32", "192.0.2.8/32 permanent"},
                           {}},
                      Case{"Added",
                           Scope::address,
                           {{"192.0.2.7", "192.0.2.7", 660}, {"192.0.2.9", "192.0.2.9", {}}},
                           {{"192.0.2.7", 600}},
                           {"192.0.2.9-192.0.2.9"},
                           {},
                           {},
                           {}},
                      // The kernel's clock and ours differ a little; a longer or a shorter ban is somebody's doing.
                      Case{"TimeOuts",
                           Scope::address,
                           {{"192.0.2.1", "192.0.2.1", 656},
                            {"192.0.2.2", "192.0.2.2", 664},
                            {"192.0.2.3", "192.0.2.3", 650},
                            {"192.0.2.4", "192.0.2.4", 900},
                            {"192.0.2.5", "192.0.2.5", {}},
                            {"192.0.2.6", "192.0.2.6", 660}},
                           {{"192.0.2.1", 600},
                            {"192.0.2.2", 600},
                            {"192.0.2.3", 600},
                            {"192.0.2.4", 600},
                            {"192.0.2.5", 600},
                            {"192.0.2.6", {}}},
                           {},
                           {"192.0.2.3-192.0.2.3", "192.0.2.4-192.0.2.4", "192.0.2.5-192.0.2.5", "192.0.2.6-192.0.2.6"},
                           {"192.0.2.3/32", "192.0.2.4/32", "192.0.2.5/32", "192.0.2.6/32 permanent"},
                           {}},
                      // What is over is about to be lifted: not put back, and left alone where it still is.
                      Case{"Over",
                           Scope::address,
                           {{"192.0.2.7", "192.0.2.7", 59}},
                           {{"192.0.2.7", -1}, {"192.0.2.8", -1}},
                           {},
                           {},
                           {},
                           {"192.0.2.8/32"}},
                      Case{"Halves",
                           Scope::route,
                           {{"198.51.100.0", "198.51.100.127", {}}, {"198.51.100.128", "198.51.100.255", {}}},
                           {{"198.51.100.0/24", {}}},
                           {"198.51.100.0-198.51.100.127", "198.51.100.128-198.51.100.255"},
                           {},
                           {"198.51.100.0/24 permanent"},
                           {}},
                      Case{"NoPrefix",
                           Scope::asn,
                           {{"198.51.100.1", "198.51.100.4", {}}, {"203.0.113.0", "203.0.113.255", 100}},
                           {{"203.0.113.0/24", 40}},
                           {"198.51.100.1-198.51.100.4"},
                           {},
                           {},
                           {}}),
    [](const auto& chosen) { return chosen.param.name; });

}  // namespace
}  // namespace ipguard::writer
