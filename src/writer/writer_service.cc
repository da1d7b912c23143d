#include "writer/writer_service.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/log.h"
#include "writer/nftables_enforcer.h"

namespace ipguard::writer {

namespace {

Result<std::unique_ptr<TableLock>> take_lock() {
  auto lock = TableLock::take();
  if (!lock) {
    return std::unexpected(std::move(lock.error()));
  }
  return std::make_unique<TableLock>(std::move(*lock));
}

Result<enforce::wire::Body> as_body(Result<> done) {
  return done ? Result<enforce::wire::Body>(enforce::wire::Body()) : std::unexpected(std::move(done.error()));
}

template <typename T>
Result<enforce::wire::Body> as_body(Result<T> value) {
  if (!value) {
    return std::unexpected(std::move(value.error()));
  }
  return enforce::wire::Body(std::move(*value));
}

}  // namespace

WriterParts writer_parts(std::function<Result<WriterSettings>()> load) {
  return {.load = std::move(load),
          .protection =
              [](const WriterSettings& settings) {
                return std::make_unique<enforce::Protection>(settings.protect, settings.allowlist);
              },
          .enforcer = make_nftables_enforcer,
          .lock = take_lock};
}

std::optional<std::string> WriterService::answer(std::string_view message) {
  auto request = enforce::wire::decode_request(message);
  if (!request) {
    log_error("the daemon sends what it never should, and is not listened to any more: " + request.error().message);
    return std::nullopt;
  }
  auto body = run(*request);
  auto bytes = enforce::wire::encode(enforce::wire::Reply{.standing = standing(), .body = std::move(body)});
  if (bytes.size() > enforce::wire::longest_message) {
    bytes = enforce::wire::encode(enforce::wire::Reply{.standing = standing(), .body = fail("the answer is too long")});
  }
  return bytes;
}

Result<enforce::wire::Body> WriterService::run(const enforce::wire::Request& request) {
  if (request.verb == enforce::wire::Verb::prepare) {
    return as_body(prepare(request.settings));
  }
  if (!enforcer_) {
    return fail(Errc::invalid, "the table was not prepared yet");
  }
  return run_prepared(request);
}

Result<enforce::wire::Body> WriterService::run_prepared(const enforce::wire::Request& request) {
  switch (request.verb) {
    case enforce::wire::Verb::prepare:
      break;  // was done
    case enforce::wire::Verb::reconfigure:
      return as_body(reconfigure(request.settings));
    case enforce::wire::Verb::list:
      return as_body(enforcer_->list(request.now));
    case enforce::wire::Verb::apply:
      return enforce::wire::Body(enforcer_->apply(request.batch, request.now));
    case enforce::wire::Verb::refusals:
      return enforce::wire::Body(enforcer_->refusals(request.batch.add, request.now));
    case enforce::wire::Verb::distrust:
      enforcer_->distrust();
      break;
    case enforce::wire::Verb::verify:
      looked_ = true;
      return as_body(enforcer_->verify(request.now));
    case enforce::wire::Verb::holds:
      return as_body(enforcer_->holds(request.address));
    case enforce::wire::Verb::counters:
      return as_body(enforcer_->counters());
    case enforce::wire::Verb::element_counters:
      return as_body(enforcer_->element_counters(request.batch.add));
    case enforce::wire::Verb::ssh_peers:
      if (request.look_again) {
        protection_->check_sessions();
      }
      return enforce::wire::Body(protection_->ssh_peers());
    case enforce::wire::Verb::remove_all:
      if (settings_.enforce.keep_on_stop) {
        return fail(Errc::permission, "the table stays: [enforce] keep_on_stop is true");
      }
      return as_body(enforcer_->remove_all());
  }
  return enforce::wire::Body();
}

Result<WriterSettings> WriterService::load_same(uint64_t fingerprint) const {
  auto settings = parts_.load();
  if (settings &&
      enforce::wire::fingerprint(settings->enforce, settings->protect, settings->allowlist) != fingerprint) {
    return fail(Errc::busy,
                "the daemon has read another configuration: the file was changed meanwhile, or ipguard-writer "
                "was started with another file");
  }
  return settings;
}

Result<> WriterService::prepare(uint64_t fingerprint) {
  if (enforcer_) {
    return enforcer_->prepare();
  }
  auto settings = load_same(fingerprint);
  if (!settings) {
    return std::unexpected(std::move(settings.error()));
  }
  auto lock = parts_.lock();
  if (!lock) {
    return std::unexpected(std::move(lock.error()));
  }
  auto protection = parts_.protection(*settings);
  auto enforcer = parts_.enforcer(settings->enforce, *protection);
  if (auto prepared = enforcer->prepare(); !prepared) {
    return prepared;
  }
  lock_ = std::move(*lock);
  settings_ = std::move(*settings);
  protection_ = std::move(protection);
  enforcer_ = std::move(enforcer);
  return {};
}

Result<> WriterService::reconfigure(uint64_t fingerprint) {
  auto settings = load_same(fingerprint);
  if (!settings) {
    return std::unexpected(std::move(settings.error()));
  }
  auto protection = parts_.protection(*settings);
  if (auto done = enforcer_->reconfigure(settings->enforce, *protection); !done) {
    return done;
  }
  settings_ = std::move(*settings);
  protection_ = std::move(protection);
  return {};
}

enforce::wire::Standing WriterService::standing() const {
  if (!enforcer_) {
    return {};
  }
  return {.enforced = enforcer_->enforced(),
          .repairs = enforcer_->repairs(),
          .connections = enforcer_->connections(),
          .watched = enforcer_->notification_fd() >= 0};
}

Result<> serve(enforce::Channel& questions, int bell, WriterService& service, const std::function<void()>& on_quiet) {
  constexpr int quiet = 10'000;  // milliseconds
  constexpr int forever = -1;
  bool rung = false;
  bool worked = static_cast<bool>(on_quiet);
  while (true) {
    std::array<pollfd, 3> entries = {{{.fd = questions.fd(), .events = POLLIN, .revents = 0},
                                      {.fd = service.protection_fd(), .events = POLLIN, .revents = 0},
                                      {.fd = rung ? -1 : service.kernel_fd(), .events = POLLIN, .revents = 0}}};
    const int ready = poll(entries.data(), entries.size(), worked ? quiet : forever);
    if (ready < 0) {
      if (errno == EINTR) {
        continue;
      }
      return fail_errno("cannot wait for questions", errno);
    }
    worked = ready > 0 && on_quiet;
    if (ready == 0) {
      on_quiet();
      continue;
    }
    if (entries[1].revents != 0) {
      service.on_protection_notification();
    }
    if (entries[2].revents != 0) {
      constexpr char ring = '!';
      rung = write(bell, &ring, 1) == 1 || errno == EAGAIN;  // of several rings one is enough
    }
    if (entries[0].revents == 0) {
      continue;
    }
    auto message = questions.receive();
    if (!message) {
      return std::unexpected(std::move(message.error()));
    }
    if (!*message) {
      return {};
    }
    const auto reply = service.answer(**message);
    if (!reply) {
      return fail(Errc::corrupt, "the daemon is not listened to any more");
    }
    rung = rung && !service.take_looked();
    if (auto sent = questions.send(*reply); !sent) {
      return sent;
    }
  }
}

}  // namespace ipguard::writer
