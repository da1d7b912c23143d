#include "enforce/vetting.h"

#include <algorithm>
#include <optional>
#include <string>

#include "enforce/nft_sets.h"

namespace ipguard::enforce {

namespace {

bool same_place(const model::SetElement& a, const model::SetElement& b) {
  return a.scope == b.scope && a.prefix == b.prefix;
}

// The last of equal elements, in the order of the sets.
std::vector<model::SetElement> without_repetitions(std::vector<model::SetElement> elements) {
  std::stable_sort(elements.begin(), elements.end(), [](const model::SetElement& a, const model::SetElement& b) {
    return a.scope != b.scope ? a.scope < b.scope : a.prefix < b.prefix;
  });
  std::vector<model::SetElement> result;
  result.reserve(elements.size());
  for (model::SetElement& element : elements) {
    if (!result.empty() && same_place(result.back(), element)) {
      result.back() = element;
    } else {
      result.push_back(element);
    }
  }
  return result;
}

std::optional<std::string> nonsense(const model::SetElement& element, TimePoint now) {
  if (!sets.at(set_index(element.scope, element.prefix.family())).interval && !element.prefix.is_single()) {
    return "a network cannot be banned with scope address";
  }
  if (element.until && *element.until <= now) {
    return "its time is over already";
  }
  return std::nullopt;
}

}  // namespace

std::vector<model::SetElement> vet(const std::vector<model::SetElement>& additions, Protection& protection,
                                   TimePoint now, std::vector<model::ElementFailure>& failures) {
  const std::vector<model::SetElement> unique = without_repetitions(additions);
  std::vector<net::Prefix> prefixes;
  prefixes.reserve(unique.size());
  for (const model::SetElement& element : unique) {
    prefixes.push_back(element.prefix);
  }
  const std::vector<std::optional<std::string>> refusals = protection.refusals(prefixes);
  std::vector<model::SetElement> result;
  result.reserve(unique.size());
  for (size_t i = 0; i < unique.size(); ++i) {
    std::optional<std::string> reason = refusals[i];
    if (!reason) {
      reason = nonsense(unique[i], now);
    }
    if (reason) {
      failures.push_back({unique[i], *std::move(reason), true});
    } else {
      result.push_back(unique[i]);
    }
  }
  return result;
}

}  // namespace ipguard::enforce
