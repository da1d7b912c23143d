#include "enforce/writer_client.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/log.h"

namespace ipguard::enforce {

namespace {

constexpr const char* writer_gone = "the process that writes to nftables has gone";

// The body as the kind that the verb has.
template <typename T>
Result<T> body_of(Result<wire::Body> body) {
  if (!body) {
    return std::unexpected(std::move(body.error()));
  }
  if (auto* value = std::get_if<T>(&*body)) {
    return std::move(*value);
  }
  return fail(Errc::corrupt, "the process that writes to nftables answered something else");
}

class RemoteEnforcer final : public Enforcer {
 public:
  RemoteEnforcer(std::shared_ptr<WriterClient> writer, const config::EnforceConfig& config, Protection& protection)
      : writer_(std::move(writer)), settings_(wire::fingerprint(config, protection.config(), protection.allowlist())) {}

  Result<> prepare() override { return nothing({.verb = wire::Verb::prepare, .settings = settings_}); }

  Result<> reconfigure(const config::EnforceConfig& config, Protection& protection) override {
    const auto settings = wire::fingerprint(config, protection.config(), protection.allowlist());
    return nothing({.verb = wire::Verb::reconfigure, .settings = settings});
  }

  Result<std::vector<model::SetElement>> list(TimePoint now) override {
    return answer<std::vector<model::SetElement>>({.verb = wire::Verb::list, .now = now});
  }

  model::ApplyReport apply(const model::SetBatch& batch, TimePoint now) override {
    if (batch.remove.size() + batch.add.size() <= wire::most_elements) {
      return transact(batch.remove, batch.add, now);
    }
    // More than a message holds: then it is no single transaction.
    model::ApplyReport whole;
    const auto in_portions = [&](std::span<const model::SetElement> elements, bool add) {
      while (!elements.empty()) {
        const auto portion = elements.first(std::min(elements.size(), wire::most_elements));
        elements = elements.subspan(portion.size());
        auto report = add ? transact({}, portion, now) : transact(portion, {}, now);
        whole.added += report.added;
        whole.removed += report.removed;
        std::ranges::move(report.failures, std::back_inserter(whole.failures));
      }
    };
    in_portions(batch.remove, false);
    in_portions(batch.add, true);
    return whole;
  }

  std::vector<model::ElementFailure> refusals(const std::vector<model::SetElement>& additions, TimePoint now) override {
    auto failures = answer<std::vector<model::ElementFailure>>(
        {.verb = wire::Verb::refusals, .now = now, .add = std::span(additions).first(most(additions.size()))});
    return failures ? std::move(*failures) : failures_of(additions, failures.error().message);
  }

  void distrust() override { (void)nothing({.verb = wire::Verb::distrust}); }

  Result<Repair> verify(TimePoint now) override {
    writer_->silence_bell();  // beforehand: it rings anew for what comes meanwhile
    return answer<Repair>({.verb = wire::Verb::verify, .now = now});
  }

  int notification_fd() const override { return writer_->bell_fd(); }
  const RepairCounters& repairs() const override { return writer_->standing().repairs; }
  Result<bool> holds(const net::Address& address) override {
    return answer<bool>({.verb = wire::Verb::holds, .address = address});
  }
  uint64_t enforced() const override { return writer_->standing().enforced; }
  Result<SetCounters> counters() override { return answer<SetCounters>({.verb = wire::Verb::counters}); }

  Result<std::vector<std::optional<DropCounters>>> element_counters(
      std::span<const model::SetElement> elements) override {
    auto counters = answer<std::vector<std::optional<DropCounters>>>(
        {.verb = wire::Verb::element_counters, .add = elements.first(most(elements.size()))});
    if (counters) {
      counters->resize(elements.size());
    }
    return counters;
  }

  ConnectionCounters connections() const override { return writer_->standing().connections; }
  Result<> remove_all() override { return nothing({.verb = wire::Verb::remove_all}); }

 private:
  static size_t most(size_t elements) { return std::min(elements, wire::most_elements); }

  Result<> nothing(const wire::Question& question) {
    auto body = body_of<std::monostate>(writer_->ask(question));
    return body ? Result<>() : std::unexpected(std::move(body.error()));
  }

  template <typename T>
  Result<T> answer(const wire::Question& question) {
    return body_of<T>(writer_->ask(question));
  }

  static std::vector<model::ElementFailure> failures_of(std::span<const model::SetElement> elements,
                                                        const std::string& reason) {
    std::vector<model::ElementFailure> failures;
    failures.reserve(elements.size());
    for (const model::SetElement& element : elements) {
      failures.push_back({element, reason, false, false});
    }
    return failures;
  }

  model::ApplyReport transact(std::span<const model::SetElement> remove, std::span<const model::SetElement> add,
                              TimePoint now) {
    auto report = answer<model::ApplyReport>({.verb = wire::Verb::apply, .now = now, .remove = remove, .add = add});
    if (report) {
      return std::move(*report);
    }
    auto failures = failures_of(remove, report.error().message);
    std::ranges::move(failures_of(add, report.error().message), std::back_inserter(failures));
    return {.added = 0, .removed = 0, .failures = std::move(failures)};
  }

  std::shared_ptr<WriterClient> writer_;
  uint64_t settings_;  // at start
};

}  // namespace

Result<std::shared_ptr<WriterClient>> WriterClient::open(UniqueFd questions, std::chrono::milliseconds patience) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return fail_errno("cannot make a pipe", errno);
  }
  UniqueFd heard(pipe[0]);
  const UniqueFd rung(pipe[1]);
  Channel channel(std::move(questions), wire::longest_message);
  channel.give_up_after(patience);
  if (auto passed = channel.send_descriptor(rung.get()); !passed) {
    return std::unexpected(add_context(passed, writer_gone));
  }
  return std::shared_ptr<WriterClient>(new WriterClient(std::move(channel), std::move(heard)));
}

Result<wire::Body> WriterClient::ask(const wire::Question& question) {
  if (gone_) {
    return fail(writer_gone);
  }
  const auto sent = channel_.send(wire::encode(question));
  auto received = sent ? channel_.receive() : Result<std::optional<std::string>>(std::unexpected(sent.error()));
  auto reply = received && *received ? wire::decode_reply(**received) : Result<wire::Reply>(fail(writer_gone));
  if (!reply) {
    gone_ = true;
    standing_.enforced = 0;
    standing_.watched = false;
    (void)::shutdown(channel_.fd(), SHUT_RDWR);  // an answer that comes late belongs to no question; fd() tells it, too
    log_error(std::string(writer_gone) + (received ? "" : ": " + received.error().message));
    return fail(writer_gone);
  }
  standing_ = std::move(reply->standing);
  return std::move(reply->body);
}

std::vector<ProtectedPrefix> WriterClient::ssh_peers(bool look_again) {
  auto peers = body_of<std::vector<ProtectedPrefix>>(ask({.verb = wire::Verb::ssh_peers, .look_again = look_again}));
  return peers ? std::move(*peers) : std::vector<ProtectedPrefix>();
}

void WriterClient::silence_bell() const {
  std::array<char, 64> rings{};
  while (read(bell_.get(), rings.data(), rings.size()) == static_cast<ssize_t>(rings.size())) {
  }
}

std::unique_ptr<Enforcer> make_remote_enforcer(std::shared_ptr<WriterClient> writer,
                                               const config::EnforceConfig& config, Protection& protection) {
  return std::make_unique<RemoteEnforcer>(std::move(writer), config, protection);
}

}  // namespace ipguard::enforce
