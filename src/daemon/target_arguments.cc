#include "daemon/target_arguments.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "base/time.h"
#include "daemon/render_json.h"
#include "model/issuer.h"

namespace ipguard::daemon {
namespace {

constexpr size_t longest_reason = 512;  // bytes
constexpr size_t most_answered = 1000;  // targets that are answered one by one

Result<const Json*> target_list(const Json& arguments, bool summary) {
  const auto it = arguments.find("targets");
  if (it == arguments.end() || !it->is_array() || it->empty()) {
    return fail(Errc::invalid, "'targets' must be a list of addresses, prefixes, AS numbers or country codes");
  }
  if (!summary && it->size() > most_answered) {
    return fail(Errc::invalid, "more than " + group_digits(most_answered) + " targets need 'summary'");
  }
  return &*it;
}

Result<std::optional<Seconds>> parse_span(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) {
    return std::nullopt;
  }
  auto span =
      it->is_string()
          ? parse_duration(it->get_ref<const std::string&>())
          : Result<Seconds>(fail(Errc::invalid, '\'' + std::string(key) + "' must be a duration such as \"2h\""));
  if (!span) {
    return std::unexpected(std::move(span.error()));
  }
  if (span->count() == 0) {
    return fail(Errc::invalid, std::string(key) == "for"
                                   ? "a ban for 0s would be none; leave --for away for a permanent one"
                                   : "there must be time to confirm it");
  }
  return *span;
}

// "until": a stamp, or null for a ban without end.
Result<std::optional<TimePoint>> parse_until(const Json& until) {
  if (until.is_null()) {
    return std::nullopt;
  }
  const auto end = until.is_string() ? parse_rfc3339(until.get_ref<const std::string&>()) : std::nullopt;
  if (!end) {
    return fail(Errc::invalid, "'until' must be a time such as \"2026-02-25T04:30:17Z\"");
  }
  return *end;  // perhaps over already: the engine refuses it
}

Result<> check_reason(const std::string& reason) {
  if (reason.size() > longest_reason) {
    return fail(Errc::invalid, "the reason is longer than " + std::to_string(longest_reason) + " bytes");
  }
  return {};
}

// The others are those of decisions that nobody gave.
Result<std::string> parse_issuer(const Json& arguments) {
  auto issuer = arguments.value("issuer", std::string(model::manual_issuer));
  if (issuer != model::manual_issuer && issuer != model::import_issuer) {
    return fail(Errc::invalid, "'issuer' must be \"manual\" or \"import\", not " + in_quotes(issuer, 40));
  }
  return issuer;
}

// What an entry of `targets` says besides its target; `order` holds what holds for all.
Result<> read_entry(const Json& entry, BanOrder& order) {
  const std::string* text = entry.get_ptr<const std::string*>();
  if (entry.is_object()) {
    for (const auto& [name, value] : entry.items()) {
      if (name != "target" && name != "until" && name != "for" && name != "reason") {
        return fail(Errc::invalid,
                    "an entry of 'targets' has no " + in_quotes(name, 40) + "; known: target until for reason");
      }
    }
    const auto named = entry.find("target");
    text = named == entry.end() ? nullptr : named->get_ptr<const std::string*>();
    if (entry.contains("until")) {
      auto until = parse_until(entry["until"]);
      if (!until) {
        return std::unexpected(std::move(until.error()));
      }
      order.until = *until;
      order.duration.reset();
    } else if (entry.contains("for")) {
      auto duration = parse_span(entry, "for");
      if (!duration) {
        return std::unexpected(std::move(duration.error()));
      }
      order.duration = *duration;
    }
    order.reason = entry.value("reason", order.reason);
  }
  if (text == nullptr) {
    return fail(Errc::invalid, "'targets' must hold strings, or objects with a \"target\"");
  }
  auto target = model::Target::parse(*text);
  if (!target) {
    return std::unexpected(std::move(target.error()));
  }
  order.target = *target;
  if (order.duration && order.confirm_within && *order.confirm_within > *order.duration) {
    return fail(Errc::invalid, "a ban for " + format_duration(*order.duration) + " ends before the " +
                                   format_duration(*order.confirm_within) + " to confirm it: shorten --confirm-within");
  }
  return check_reason(order.reason);
}

}  // namespace

Result<std::vector<model::Target>> parse_targets(const Json& arguments, bool summary) {
  const auto list = target_list(arguments, summary);
  if (!list) {
    return std::unexpected(list.error());
  }
  std::vector<model::Target> targets;
  targets.reserve((*list)->size());
  for (const auto& entry : **list) {
    if (!entry.is_string()) {
      return fail(Errc::invalid, "'targets' must hold strings");
    }
    auto target = model::Target::parse(entry.get_ref<const std::string&>());
    if (!target) {
      return std::unexpected(std::move(target.error()));
    }
    targets.push_back(*target);
  }
  return targets;
}

Result<std::vector<BanOrder>> parse_orders(const Json& arguments, bool summary) {
  auto duration = parse_span(arguments, "for");
  auto confirm = parse_span(arguments, "confirm_within");
  if (!duration || !confirm) {
    return std::unexpected(std::move(duration ? confirm.error() : duration.error()));
  }
  auto issuer = parse_issuer(arguments);
  if (!issuer) {
    return std::unexpected(std::move(issuer.error()));
  }
  const BanOrder common{.target = {},
                        .duration = *duration,
                        .reason = arguments.value("reason", std::string("banned by hand")),
                        .issuer = *issuer,
                        .force = arguments.value("force", false),
                        .confirm_within = *confirm};
  if (auto checked = check_reason(common.reason); !checked) {
    return std::unexpected(std::move(checked.error()));
  }
  const auto list = target_list(arguments, summary);
  if (!list) {
    return std::unexpected(list.error());
  }
  std::vector<BanOrder> orders;
  orders.reserve((*list)->size());
  for (const auto& entry : **list) {
    if (auto read = read_entry(entry, orders.emplace_back(common)); !read) {
      return std::unexpected(std::move(read.error()));
    }
  }
  return orders;
}

}  // namespace ipguard::daemon
