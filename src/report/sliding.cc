#include "report/sliding.h"

#include <algorithm>
#include <ranges>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "model/country.h"

namespace ipguard::report {
namespace {

// Of the memory, what the different things of one step take before they are estimated sooner.
constexpr size_t distinct_share = 8;
// Of the memory, what clients that decisions met may take in one step.
constexpr size_t balance_share = 128;
// Memory is looked at after so many hits.
constexpr uint64_t hits_between_checks = 256;

// With its texts' own memory.
size_t bytes_of(const EvidenceRow& row) {
  return sizeof(row) + row.rule.size() + row.attack_class.size() + row.address.size() + row.source.size() +
         row.line.size();
}

}  // namespace

struct SlidingAggregates::Step {
  Step(int64_t number_of_step, size_t memory, const Lookup& lookup)
      : number(number_of_step),
        aggregates(memory,
                   {.owner = [this, &lookup](const net::Address& address) { return owner_of(address, lookup); },
                    .facts = [this](uint32_t /*facts*/) -> const model::Route& { return nobody; }},
                   memory / distinct_share),
        balance(memory / balance_share) {}

  Owner owner_of(const net::Address& address, const Lookup& lookup) {
    const model::Route route = lookup(address);
    const auto country = model::Country::parse(route.country_code).value_or(model::Country{});
    Owner owner{.length = static_cast<uint8_t>(route.prefix.length()),
                .asn = route.asn ? route.asn->number : 0,
                .country = static_cast<uint16_t>(country.number())};
    owner.facts = owners.number_of(owner.asn, owner.country, address);
    if (owner.facts == 0) {  // the book is full
      owner.asn = 0;
      owner.country = 0;
    }
    return owner;
  }

  [[nodiscard]] size_t bytes() const {
    size_t sum = aggregates.bytes() + owners.bytes() + balance.bytes();
    for (const auto& line : evidence) {
      sum += bytes_of(line);
    }
    return sum;
  }

  int64_t number;
  model::Route nobody;  // names are asked for when steps are put together
  OwnerBook owners;
  Aggregates aggregates;
  BalanceSums balance;
  std::vector<EvidenceRow> evidence;
  std::unordered_map<std::string, size_t, StringHash, std::equal_to<>> evidence_counts;  // by rule
  uint64_t lines = 0;
  uint64_t bytes_read = 0;
  uint64_t lines_hit = 0;
  TimePoint first = TimePoint::max();  // of its hits
  TimePoint last = TimePoint::min();
};

SlidingAggregates::SlidingAggregates(SlidingOptions options, Lookup lookup)
    : options_(options),
      step_(std::max<int64_t>((options.period.count() + steps - 1) / steps, 1)),
      lookup_(std::move(lookup)),
      ring_(steps + 1) {}

SlidingAggregates::~SlidingAggregates() = default;

int64_t SlidingAggregates::number_of(TimePoint time) const {
  const int64_t seconds = seconds_since_epoch(time);
  return seconds >= 0 ? seconds / step_ : (seconds - step_ + 1) / step_;
}

SlidingAggregates::Step* SlidingAggregates::step_at(int64_t number, int64_t current) {
  number = std::min(number, current);
  if (number < current - steps) {
    return nullptr;
  }
  const auto size = static_cast<int64_t>(ring_.size());
  auto& place = ring_[static_cast<size_t>((number % size + size) % size)];
  if (place == nullptr || place->number != number) {
    const bool thrifty = bytes() > options_.memory / 4 * 3;
    place = std::make_unique<Step>(number, std::max(options_.memory, Aggregates::least_budget), lookup_);
    if (thrifty) {
      place->aggregates.set_thrifty();
    }
  }
  return place.get();
}

bool SlidingAggregates::take(const Fact& fact, TimePoint now) {
  Step* const step = step_at(number_of(fact.time), number_of(now));
  if (step == nullptr) {
    ++too_old_;
    return false;
  }
  step->aggregates.take(fact);
  step->first = std::min(step->first, fact.time);
  step->last = std::max(step->last, fact.time);
  if (++taken_ % hits_between_checks == 0) {
    keep_within_memory();
  }
  return true;
}

bool SlidingAggregates::wants_evidence(std::string_view rule, TimePoint now) {
  const Step& step = current(now);
  const auto known = step.evidence_counts.find(rule);
  return step.evidence.size() < most_evidence &&
         (known == step.evidence_counts.end() || known->second < evidence_of_rule);
}

void SlidingAggregates::take_evidence(EvidenceRow line, TimePoint now) {
  Step& step = current(now);
  ++step.evidence_counts[line.rule];
  step.evidence.push_back(std::move(line));
}

void SlidingAggregates::count_lines(uint64_t lines, uint64_t bytes, uint64_t lines_hit, TimePoint now) {
  Step& step = current(now);
  step.lines += lines;
  step.bytes_read += bytes;
  step.lines_hit += lines_hit;
}

void SlidingAggregates::take_balance(const BalanceSums& sums, TimePoint now) { current(now).balance.add(sums); }

void SlidingAggregates::prune(TimePoint now) {
  const int64_t current = number_of(now);
  for (auto& step : ring_) {
    if (step != nullptr && (step->number < current - steps || step->number > current)) {
      step.reset();
    }
  }
}

void SlidingAggregates::forget_rules() {
  for (const auto& step : ring_) {
    if (step != nullptr) {
      step->aggregates.forget_rules();
    }
  }
}

size_t SlidingAggregates::bytes() const {
  size_t sum = 0;
  for (const auto& step : ring_) {
    sum += step == nullptr ? 0 : step->bytes();
  }
  return sum;
}

// The step that has most gives way: the large sets, then half of the smallest groups, of an hour with a flood rather
// than those of all.
void SlidingAggregates::keep_within_memory() {
  if (bytes() <= options_.memory) {
    return;
  }
  for (const auto& step : ring_) {
    if (step != nullptr) {
      step->aggregates.set_thrifty();
    }
  }
  while (bytes() > options_.memory) {
    const auto largest = std::ranges::max_element(
        ring_, {}, [](const auto& step) { return step == nullptr ? size_t{0} : step->aggregates.bytes(); });
    if (*largest == nullptr || !(*largest)->aggregates.give_way()) {
      return;
    }
  }
}

PeriodMerge::PeriodMerge(std::shared_ptr<const SlidingAggregates> sliding, std::vector<Dimension> dimensions,
                         TimePoint now)
    : sliding_(std::move(sliding)),
      dimensions_(std::move(dimensions)),
      next_(sliding_->number_of(now) - SlidingAggregates::steps),
      last_(sliding_->number_of(now)),
      begin_(sliding_->begin(now)) {
  if (std::ranges::find(dimensions_, Dimension::address) == dimensions_.end()) {
    dimensions_.push_back(Dimension::address);
  }
  aggregates_ = std::make_unique<Aggregates>(
      std::max(sliding_->options().memory, Aggregates::least_budget),
      Aggregates::Lookups{.owner = [](const net::Address&) { return Owner{}; },
                          .facts = [this](uint32_t facts) -> const model::Route& {
                            const auto& entry = owners_.at(facts);
                            route_ = facts == 0 ? model::Route{} : sliding_->lookup_(entry.example);
                            const auto asn = route_.asn ? route_.asn->number : 0;
                            if (asn != entry.asn) {  // another database by now
                              route_ = {};
                              route_.asn = entry.asn == 0 ? std::nullopt : std::optional(net::Asn{entry.asn});
                            }
                            return route_;
                          }});
}

bool PeriodMerge::advance() {
  const auto size = static_cast<int64_t>(sliding_->ring_.size());
  while (next_ <= last_) {
    const int64_t number = next_++;
    const auto& step = sliding_->ring_[static_cast<size_t>((number % size + size) % size)];
    if (step == nullptr || step->number != number) {
      continue;
    }
    aggregates_->merge(step->aggregates, dimensions_, [&](uint32_t facts) {
      const auto& entry = step->owners.at(facts);
      return owners_.number_of(entry.asn, entry.country, entry.example);
    });
    balance_.add(step->balance);
    lines_ += step->lines;
    bytes_ += step->bytes_read;
    lines_hit_ += step->lines_hit;
    if (step->first <= step->last) {
      first_hit_ = std::min(first_hit_.value_or(step->first), step->first);
      last_hit_ = std::max(last_hit_.value_or(step->last), step->last);
    }
    evidence_.insert(evidence_.end(), step->evidence.begin(), step->evidence.end());
    return true;
  }
  return false;
}

void PeriodMerge::describe(Document& document) const {
  document.live = true;
  document.lines = lines_;
  document.bytes = bytes_;
  document.lines_hit = lines_hit_;
  document.hits = aggregates_->hits();
  document.attacks = aggregates_->attacks();
  document.addresses = aggregates_->addresses();
  document.addresses_error = aggregates_->addresses_error();
  document.first = first_hit_;
  document.last = last_hit_;
  document.memory_budget = sliding_->options().memory;
  document.memory_used = sliding_->bytes();
  document.approximate = aggregates_->approximate();
  document.timeline = aggregates_->timeline();
  Running running = document.running.value_or(Running{});
  running.begin = begin_;
  running.period = sliding_->options().period;
  running.too_old = sliding_->too_old_;
  document.running = running;
  // The latest ones of each rule.
  std::vector<std::pair<std::string_view, size_t>> counts;
  for (const auto& line : std::views::reverse(evidence_)) {
    auto known = std::ranges::find(counts, line.rule, &std::pair<std::string_view, size_t>::first);
    known = known == counts.end() ? counts.insert(counts.end(), {line.rule, 0}) : known;
    if (known->second++ < SlidingAggregates::evidence_of_rule &&
        document.evidence.size() < SlidingAggregates::most_evidence) {
      document.evidence.push_back(line);
    }
  }
  std::ranges::stable_sort(document.evidence, {}, &EvidenceRow::time);
}

}  // namespace ipguard::report
