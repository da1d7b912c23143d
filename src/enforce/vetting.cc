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

// What the mirror would be after a transaction; it is as before once this has gone.
class Trial {
 public:
  Trial(ElementMirror& mirror, const std::vector<model::SetElement>& removals) : mirror_(mirror) {
    for (const model::SetElement& element : removals) {
      if (const auto* until = mirror_.until(element)) {
        removed_.push_back({element.scope, element.prefix, until->optional()});
        mirror_.erase(element);
      }
    }
  }
  ~Trial() {
    for (const model::SetElement& element : added_) {
      mirror_.erase(element);
    }
    for (const model::SetElement& element : removed_) {
      mirror_.put(element);
    }
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  // Why it would be too much; added if it would not.
  std::optional<std::string> add(const model::SetElement& element, uint8_t largest_share) {
    if (mirror_.has(element)) {
      return std::nullopt;
    }
    auto reason = mirror_.share().refusal(element.prefix.family(), mirror_.alone(element), largest_share);
    if (!reason) {
      mirror_.put(element);
      added_.push_back(element);
    }
    return reason;
  }

 private:
  ElementMirror& mirror_;
  std::vector<model::SetElement> removed_;
  std::vector<model::SetElement> added_;
};

// Whether the additions are within the share even if nothing of them is covered yet and nothing goes: nearly always.
bool surely_fit(const std::vector<model::SetElement>& additions, const ElementMirror& mirror, uint8_t largest_share) {
  AddressShare most = mirror.share();
  for (const model::SetElement& element : additions) {
    const net::Family family = element.prefix.family();
    most.add(family, AddressShare::size(element.prefix));
    if (most.exceeds(family, largest_share)) {
      return false;
    }
  }
  return true;
}

void refuse_surplus(std::vector<model::SetElement>& additions, const std::vector<model::SetElement>& removals,
                    uint8_t largest_share, ElementMirror& mirror, std::vector<model::ElementFailure>& failures) {
  Trial trial(mirror, removals);
  std::erase_if(additions, [&](const model::SetElement& element) {
    auto reason = trial.add(element, largest_share);
    if (!reason) {
      return false;
    }
    failures.push_back({element, *std::move(reason), true, true});
    return true;
  });
}

}  // namespace

std::vector<model::SetElement> vet(const std::vector<model::SetElement>& additions,
                                   const std::vector<model::SetElement>& removals, Protection& protection,
                                   TimePoint now, ElementMirror& mirror, std::vector<model::ElementFailure>& failures) {
  std::vector<model::SetElement> result = without_repetitions(additions);
  std::vector<net::Prefix> prefixes;
  prefixes.reserve(result.size());
  for (const model::SetElement& element : result) {
    prefixes.push_back(element.prefix);
  }
  std::vector<std::optional<std::string>> refusals = protection.refusals(prefixes);
  size_t kept = 0;
  for (size_t i = 0; i < result.size(); ++i) {
    const model::SetElement& element = result[i];
    std::optional<std::string> reason = std::move(refusals[i]);
    if (!reason) {
      reason = nonsense(element, now);
    }
    if (reason) {
      failures.push_back({element, *std::move(reason), true, false});
    } else {
      result[kept++] = element;
    }
  }
  result.resize(kept);
  if (!surely_fit(result, mirror, protection.largest_share())) {
    refuse_surplus(result, removals, protection.largest_share(), mirror, failures);
  }
  return result;
}

}  // namespace ipguard::enforce
