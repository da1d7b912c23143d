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

bool by_place(const model::SetElement& a, const model::SetElement& b) {
  return a.scope != b.scope ? a.scope < b.scope : a.prefix < b.prefix;
}

// The last of equal elements, in the order of the sets.
std::vector<model::SetElement> without_repetitions(std::vector<model::SetElement> elements) {
  const auto out_of_order = [](const auto& a, const auto& b) { return !by_place(a, b); };
  if (std::ranges::adjacent_find(elements, out_of_order) == elements.end()) {
    return elements;  // as the planner's batches are
  }
  std::stable_sort(elements.begin(), elements.end(), by_place);
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
                                   TimePoint now, AddressShare share,
                                   const std::function<bool(const model::SetElement&)>& is_there,
                                   std::vector<model::ElementFailure>& failures) {
  std::vector<model::SetElement> result = without_repetitions(additions);
  std::vector<net::Prefix> prefixes;
  prefixes.reserve(result.size());
  for (const model::SetElement& element : result) {
    prefixes.push_back(element.prefix);
  }
  std::vector<std::optional<std::string>> refusals = protection.refusals(prefixes);
  const uint8_t largest_share = protection.largest_share();
  size_t kept = 0;
  for (size_t i = 0; i < result.size(); ++i) {
    const model::SetElement& element = result[i];
    std::optional<std::string> reason = std::move(refusals[i]);
    if (!reason) {
      reason = nonsense(element, now);
    }
    if (!reason && !is_there(element)) {
      reason = share.refusal(element.prefix, largest_share);
      if (!reason) {
        share.add(element.prefix);
      }
    }
    if (reason) {
      failures.push_back({element, *std::move(reason), true});
    } else {
      result[kept++] = element;
    }
  }
  result.resize(kept);
  return result;
}

}  // namespace ipguard::enforce
