#include "enforce/wire.h"

#include <algorithm>
#include <functional>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "enforce/wire_bytes.h"

namespace ipguard::enforce::wire {

namespace {

constexpr size_t element_bytes = 26;
constexpr size_t failure_bytes = element_bytes + 5;
constexpr size_t text_bytes = 4;  // at least
constexpr size_t counter_bytes = 17;
constexpr size_t peer_bytes = 17 + text_bytes;

void put_elements(Encoder& to, std::span<const model::SetElement> elements) {
  to.put_u32(static_cast<uint32_t>(elements.size()));
  for (const model::SetElement& element : elements) {
    to.put_element(element);
  }
}

std::vector<model::SetElement> take_elements(Decoder& from) {
  const auto count = from.take_count(element_bytes);
  std::vector<model::SetElement> elements;
  elements.reserve(count);
  for (uint32_t i = 0; i < count && !from.failed(); ++i) {
    elements.push_back(from.take_element());
  }
  return elements;
}

// Thousands of elements fail for the same reason: each reason is written once.
void put_failures(Encoder& to, const std::vector<model::ElementFailure>& failures) {
  std::unordered_map<std::string_view, uint32_t> numbers;
  std::vector<std::string_view> reasons;
  for (const model::ElementFailure& failure : failures) {
    if (numbers.try_emplace(failure.reason, static_cast<uint32_t>(reasons.size())).second) {
      reasons.emplace_back(failure.reason);
    }
  }
  to.put_u32(static_cast<uint32_t>(reasons.size()));
  for (const std::string_view reason : reasons) {
    to.put_text(reason);
  }
  to.put_u32(static_cast<uint32_t>(failures.size()));
  for (const model::ElementFailure& failure : failures) {
    to.put_element(failure.element);
    to.put_u32(numbers.find(failure.reason)->second);
    to.put_u8(static_cast<uint8_t>((failure.refused ? 1 : 0) | (failure.for_room ? 2 : 0)));
  }
}

std::vector<model::ElementFailure> take_failures(Decoder& from) {
  std::vector<std::string> reasons;
  for (uint32_t left = from.take_count(text_bytes); left > 0 && !from.failed(); --left) {
    reasons.push_back(from.take_text());
  }
  std::vector<model::ElementFailure> failures;
  const auto count = from.take_count(failure_bytes);
  failures.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    const auto element = from.take_element();
    const auto reason = from.take_u32();
    const auto flags = from.take_u8();
    if (reason >= reasons.size() || flags > 3) {
      from.fail("a failure without a reason");
    }
    if (from.failed()) {
      return {};
    }
    failures.push_back({element, reasons[reason], (flags & 1) != 0, (flags & 2) != 0});
  }
  return failures;
}

void put(Encoder& /*to*/, std::monostate /*nothing*/) {}
void put(Encoder& to, bool value) { to.put_bool(value); }
void put(Encoder& to, const std::vector<model::SetElement>& elements) { put_elements(to, elements); }
void put(Encoder& to, const std::vector<model::ElementFailure>& failures) { put_failures(to, failures); }

void put(Encoder& to, const model::ApplyReport& report) {
  to.put_u32(report.added);
  to.put_u32(report.removed);
  put_failures(to, report.failures);
}

void put(Encoder& to, const Repair& repair) {
  to.put_bool(repair.table);
  to.put_u64(repair.added);
  to.put_u64(repair.removed);
  to.put_u64(repair.rewritten);
  put_failures(to, repair.failures);
}

void put(Encoder& to, const DropCounters& counters) {
  to.put_u64(counters.packets);
  to.put_u64(counters.bytes);
}

void put(Encoder& to, const SetCounters& counters) {
  for (const DropCounters& counter : counters) {
    put(to, counter);
  }
}

void put(Encoder& to, const std::vector<std::optional<DropCounters>>& counters) {
  to.put_u32(static_cast<uint32_t>(counters.size()));
  for (const auto& counter : counters) {
    to.put_bool(counter.has_value());
    put(to, counter.value_or(DropCounters{}));
  }
}

void put(Encoder& to, const std::vector<ProtectedPrefix>& prefixes) {
  to.put_u32(static_cast<uint32_t>(prefixes.size()));
  for (const ProtectedPrefix& each : prefixes) {
    to.put_prefix(each.prefix);
    to.put_text(each.reason);
  }
}

DropCounters take_counters(Decoder& from) {
  DropCounters counters;
  counters.packets = from.take_u64();
  counters.bytes = from.take_u64();
  return counters;
}

template <typename T>
T take(Decoder& from) {
  T value{};
  if constexpr (std::is_same_v<T, bool>) {
    value = from.take_bool();
  } else if constexpr (std::is_same_v<T, std::vector<model::SetElement>>) {
    value = take_elements(from);
  } else if constexpr (std::is_same_v<T, std::vector<model::ElementFailure>>) {
    value = take_failures(from);
  } else if constexpr (std::is_same_v<T, model::ApplyReport>) {
    value.added = from.take_u32();
    value.removed = from.take_u32();
    value.failures = take_failures(from);
  } else if constexpr (std::is_same_v<T, Repair>) {
    value.table = from.take_bool();
    value.added = from.take_u64();
    value.removed = from.take_u64();
    value.rewritten = from.take_u64();
    value.failures = take_failures(from);
  } else if constexpr (std::is_same_v<T, SetCounters>) {
    for (DropCounters& counter : value) {
      counter = take_counters(from);
    }
  } else if constexpr (std::is_same_v<T, std::vector<std::optional<DropCounters>>>) {
    value.resize(from.take_count(counter_bytes));
    for (auto& counter : value) {
      const bool counted = from.take_bool();
      const auto counters = take_counters(from);
      counter = counted ? std::optional(counters) : std::nullopt;
    }
  } else if constexpr (std::is_same_v<T, std::vector<ProtectedPrefix>>) {
    for (uint32_t left = from.take_count(peer_bytes); left > 0 && !from.failed(); --left) {
      const auto prefix = from.take_prefix();
      value.push_back({prefix, from.take_text()});
    }
  }
  return value;
}

// The body whose place among Body's is `kind`.
template <size_t index = 0>
Body take_body(Decoder& from, size_t kind) {
  if constexpr (index < std::variant_size_v<Body>) {
    if (kind == index) {
      return Body(std::in_place_index<index>, take<std::variant_alternative_t<index, Body>>(from));
    }
    return take_body<index + 1>(from, kind);
  } else {
    from.fail("an answer of no kind");
    return {};
  }
}

void put(Encoder& to, const Standing& standing) {
  to.put_u64(standing.enforced);
  to.put_u64(standing.repairs.times);
  to.put_u64(standing.repairs.added);
  to.put_u64(standing.repairs.removed);
  to.put_u64(standing.connections.ended);
  to.put_u64(standing.connections.skipped);
  to.put_text(standing.connections.problem);
  to.put_bool(standing.watched);
}

Standing take_standing(Decoder& from) {
  Standing standing;
  standing.enforced = from.take_u64();
  standing.repairs.times = from.take_u64();
  standing.repairs.added = from.take_u64();
  standing.repairs.removed = from.take_u64();
  standing.connections.ended = from.take_u64();
  standing.connections.skipped = from.take_u64();
  standing.connections.problem = from.take_text();
  standing.watched = from.take_bool();
  return standing;
}

std::unexpected<Error> corrupt(std::string_view problem) {
  return fail(Errc::corrupt, "a message that is none: " + std::string(problem));
}

}  // namespace

std::string encode(const Question& question) {
  Encoder to;
  to.reserve(64 + (question.remove.size() + question.add.size()) * element_bytes);
  to.put_u8(static_cast<uint8_t>(question.verb));
  to.put_time(question.now);
  to.put_u64(question.settings);
  to.put_address(question.address);
  to.put_bool(question.look_again);
  put_elements(to, question.remove);
  put_elements(to, question.add);
  return to.take();
}

Result<Request> decode_request(std::string_view bytes) {
  Decoder from(bytes);
  Request request;
  const auto verb = from.take_u8();
  if (verb < static_cast<uint8_t>(Verb::prepare) || verb > static_cast<uint8_t>(Verb::remove_all)) {
    from.fail("a verb that there is none of");
  }
  request.verb = static_cast<Verb>(verb);
  request.now = from.take_time();
  request.settings = from.take_u64();
  request.address = from.take_address();
  request.look_again = from.take_bool();
  request.batch.remove = take_elements(from);
  request.batch.add = take_elements(from);
  if (const auto problem = from.finish(); !problem.empty()) {
    return corrupt(problem);
  }
  return request;
}

std::string encode(const Reply& reply) {
  Encoder to;
  put(to, reply.standing);
  if (!reply.body) {
    to.put_u8(static_cast<uint8_t>(reply.body.error().code) + 1);
    to.put_text(reply.body.error().message);
    return to.take();
  }
  to.put_u8(0);
  to.put_u8(static_cast<uint8_t>(reply.body->index()));
  std::visit([&](const auto& body) { put(to, body); }, *reply.body);
  return to.take();
}

Result<Reply> decode_reply(std::string_view bytes) {
  Decoder from(bytes);
  Reply reply{.standing = take_standing(from), .body = Body{}};
  const auto outcome = from.take_u8();
  if (outcome > static_cast<uint8_t>(Errc::configuration) + 1) {
    from.fail("an error of no kind");
  } else if (outcome > 0) {
    reply.body = fail(static_cast<Errc>(outcome - 1), from.take_text());
  } else {
    const auto kind = from.take_u8();
    reply.body = take_body(from, kind);
  }
  if (const auto problem = from.finish(); !problem.empty()) {
    return corrupt(problem);
  }
  return reply;
}

uint64_t fingerprint(const config::EnforceConfig& enforce, const config::ProtectConfig& protect,
                     std::span<const net::Prefix> allowlist) {
  Encoder to;
  to.put_u8(static_cast<uint8_t>(enforce.hook));
  to.put_u32(static_cast<uint32_t>(enforce.priority));
  to.put_u8(static_cast<uint8_t>(enforce.action));
  to.put_bool(enforce.end_connections);
  to.put_bool(enforce.element_counters);
  to.put_bool(enforce.keep_on_stop);
  to.put_bool(protect.own_addresses);
  to.put_bool(protect.gateways);
  to.put_bool(protect.resolvers);
  to.put_bool(protect.ssh_sessions);
  to.put_u32(static_cast<uint32_t>(protect.ssh_ports.size()));
  for (const uint16_t port : protect.ssh_ports) {
    to.put_u32(port);
  }
  to.put_u8(protect.widest_ipv4);
  to.put_u8(protect.widest_ipv6);
  to.put_u8(protect.largest_share);
  for (const auto prefixes : {std::span<const net::Prefix>(protect.proxies), allowlist}) {
    to.put_u32(static_cast<uint32_t>(prefixes.size()));
    for (const net::Prefix& prefix : prefixes) {
      to.put_prefix(prefix);
    }
  }
  return std::hash<std::string>{}(to.take());
}

}  // namespace ipguard::enforce::wire
