#include "daemon/whois_service.h"

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

namespace ipguard::daemon {
namespace {

bool same(const config::WhoisConfig& a, const config::WhoisConfig& b) {
  return a.listen == b.listen && a.connections == b.connections && a.client_connections == b.client_connections &&
         a.own_knowledge == b.own_knowledge;
}

}  // namespace

WhoisService::WhoisService(loop::EventLoop& loop, const Guard& guard)
    : loop_(loop),
      guard_(guard),
      index_builder_(loop, [](bool) {}),
      systems_waiter_(loop,
                      [this](bool) {
                        if (server_) {
                          server_->resume();
                        }
                      }),
      serving_(loop, [this] { return serve_as_configured(); }) {}

Result<> WhoisService::serve_as_configured() {
  const auto& wanted = guard_.loaded().config.whois;
  if (routes_ != guard_.loaded().routes) {
    routes_ = guard_.loaded().routes;
    source_ = std::make_unique<enrich::WhoisSource>(routes_);
    index_wanted_ = false;
  }
  if (server_ && same(wanted, current_)) {
    return {};
  }
  server_.reset();
  current_ = wanted;
  if (wanted.listen.empty()) {
    return {};
  }
  auto directory = whois::directory_over([this] { return source(); }, [] { return format_rfc3339(wall_clock_now()); });
  directory.systems_ready = [this] { return systems_ready(); };
  if (wanted.own_knowledge) {
    directory.own_knowledge = [this](const net::Address& address) { return own_knowledge(address); };
  }
  server_.emplace(loop_, std::move(directory),
                  whois::Limits{.connections = wanted.connections, .client_connections = wanted.client_connections});
  if (auto listening = server_->listen(wanted.listen); !listening) {
    server_.reset();
    current_.listen.clear();  // so that the next time it is tried again
    return std::unexpected(add_context(listening, "[whois] is not served"));
  }
  log_info("whois on " + wanted.listen);
  return {};
}

// The index for look-ups is built beside the loop, and only if somebody asks for a great many.
enrich::WhoisSource* WhoisService::source() {
  if (!index_wanted_ && source_->wants_index() && !index_builder_.running()) {
    index_wanted_ = true;
    index_builder_.start([routes = routes_] {
      routes->index_lookups();
      return true;
    });
  }
  return source_.get();
}

// Mostly it is being built already, by others: they are waited for, beside the loop.
bool WhoisService::systems_ready() {
  if (routes_->systems_known()) {
    return true;
  }
  if (!systems_waiter_.running()) {
    systems_waiter_.start([routes = routes_] {
      (void)routes->systems();
      return true;
    });
  }
  return false;
}

std::vector<std::pair<std::string, std::string>> WhoisService::own_knowledge(const net::Address& address) const {
  const auto known = guard_.engine().explain(address, wall_clock_now());
  std::vector<std::pair<std::string, std::string>> result;
  result.reserve(known.decisions.size() + 1);
  for (const auto& decision : known.decisions) {
    result.emplace_back("ipguard-ban",
                        decision.target.to_string() + ' ' +
                            (decision.until ? "until " + format_rfc3339(*decision.until) : "permanently") + ": " +
                            printable(decision.reason));
  }
  uint64_t hits = 0;
  for (const auto& counting : known.counting) {
    hits += counting.count;
  }
  result.emplace_back("ipguard-hits", std::to_string(hits));
  return result;
}

}  // namespace ipguard::daemon
