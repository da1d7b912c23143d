// links: daemon
// What is asked of a running daemon, over the control socket and over HTTP: a line is a request of the control
// protocol, or "GET /v1/bans?ended=1", or "POST /v1/ban BODY". Never a crash or a 500, answers are of their form, and
// whatever is asked, nobody bans what is allowed or protected.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "daemon/commands.h"
#include "daemon/http_api.h"
#include "daemon/metrics.h"
#include "enrich/mmdb_writer.h"
#include "require.h"

namespace {

using namespace ipguard;
using control::Json;
using fuzz::require;

constexpr std::string_view token = "0123456789abcdef";
constexpr size_t most_requests = 12;
constexpr size_t most_steps = 1000;

// Two AS with two routes each, of two countries.
std::shared_ptr<const enrich::RouteTable> routes() {
  enrich::MmdbWriter writer;
  const auto put = [&](const char* network, const char* asn, const char* country) {
    writer.put(
        *net::Prefix::parse(network),
        {{"as_name", std::string("Example")}, {"asn", std::string(asn)}, {"country_code", std::string(country)}});
  };
  put("192.0.2.0/25", "AS64496", "CH");
  put("192.0.2.128/25", "AS64497", "DE");
  put("198.51.100.0/24", "AS64496", "CH");
  put("2001:db8::/33", "AS64497", "DE");
  const auto file = writer.build({.type = "fuzz", .description = "fuzz", .build_epoch = 1});
  const UniqueFd fd(::memfd_create("mmdb", MFD_CLOEXEC));
  require(file && ::write(fd.get(), file->data(), file->size()) == static_cast<ssize_t>(file->size()));
  auto table = enrich::RouteTable::open({"/proc/self/fd/" + std::to_string(fd.get())});
  require(table.has_value());
  (void)(*table)->systems();  // what the daemon does beside the loop
  return *table;
}

// Nobody may ban 192.0.2.64/26, AS64497, or this host's loopback.
std::unique_ptr<daemon::Guard> new_guard() {
  static const auto table = routes();
  static const auto rules = [] {
    config::Diagnostics diagnostics;
    return match::RuleSet::compile({}, diagnostics);
  }();
  daemon::Loaded loaded;
  loaded.config.protect.own_addresses = loaded.config.protect.gateways = false;  // whatever this machine has
  loaded.config.protect.resolvers = loaded.config.protect.ssh_sessions = false;
  loaded.config.allow.prefixes = {*net::Prefix::parse("192.0.2.64/26")};
  loaded.config.allow.asns = {net::Asn{64497}};
  loaded.rules = rules;
  loaded.routes = table;
  auto guard = std::make_unique<daemon::Guard>(std::move(loaded), daemon::State(store::Store::in_memory()));
  require(guard->start(wall_clock_now()).has_value());
  return guard;
}

// The reply as it goes over the socket; what comes in portions is put together.
std::string whole_reply(control::Answer answer) {
  if (answer.result) {
    return control::format_reply(*answer.result);
  }
  if (answer.items) {
    std::string text(control::list_begin);
    bool first = true;
    while (const auto portion = answer.items()) {
      for (const auto& item : *portion) {
        text += (std::exchange(first, false) ? "" : ",") + item;
      }
    }
    return text.append(control::list_end);
  }
  for (size_t i = 0; i < most_steps; ++i) {
    if (const auto result = answer.work()) {
      return control::format_reply(*result);
    }
  }
  require(false, "a command that never ends");
  return {};
}

class Daemon {
 public:
  Daemon()
      : guard_(new_guard()),
        context_{.guard = *guard_,
                 .sources = [] { return std::vector<model::SourceStatus>(); },
                 .reload = [] { return control::Answer(Result<Json>(Json{{"reloaded", true}})); },
                 .started = wall_clock_now()},
        api_(*guard_,
             {.run = [this](const control::Request& request,
                            bool may_change) { return run_command(context_, request, may_change, wall_clock_now()); },
              .metrics =
                  [this](http::Exposition format) {
                    return daemon::metrics_text(
                        {.guard = *guard_, .sources = {}, .sinks = {}, .started = context_.started}, format);
                  },
              .ailments = [] { return std::vector<std::string>(); }},
             {.listen = "127.0.0.1:1"}, std::string(token)) {}

  void ask_socket(std::string_view line) {
    const auto request = control::parse_request(line);
    if (!request) {
      return;
    }
    const bool may_change = line.size() % 8 != 0;
    const size_t before = bans();
    const auto reply = control::parse_reply(whole_reply(run_command(context_, *request, may_change, wall_clock_now())));
    require(reply || !reply.error().message.empty());
    require(may_change || bans() == before, "who may not change anything has changed something");
  }

  void ask_http(std::string_view line) {
    const auto parts = split(line, ' ');
    http::Request request{.method = std::string(parts[0]), .authorization = "Bearer " + std::string(token)};
    if (parts.size() > 1) {
      const auto mark = parts[1].find('?');
      request.path = parts[1].substr(0, mark);
      for (const auto argument : split(mark == std::string_view::npos ? "" : parts[1].substr(mark + 1), '&')) {
        const auto equals = std::min(argument.find('='), argument.size());
        request.query.emplace_back(argument.substr(0, equals), argument.substr(std::min(equals + 1, argument.size())));
      }
      request.body = line.substr(std::min(line.size(), parts[0].size() + parts[1].size() + 2));
    }
    const auto response = whole(api_.answer(request));
    require(response.status < 500 && response.status >= 200, response.body);
    require(response.type != http::json_type || Json::accept(response.body), "what is called JSON is none");
  }

  // Whatever was asked.
  void check() {
    const auto now = wall_clock_now();
    guard_->flush(now, nullptr);
    for (const auto* text : {"192.0.2.64", "192.0.2.127", "192.0.2.200", "2001:db8::1", "127.0.0.1", "::1"}) {
      const auto address = *net::Address::parse(text);
      require(guard_->engine().explain(address, now).decisions.empty(), text);
      require(std::ranges::none_of(guard_->engine().desired(),
                                   [&](const auto& element) { return element.prefix.contains(address); }),
              text);
    }
  }

 private:
  [[nodiscard]] size_t bans() const { return guard_->engine().decisions().size(); }

  static http::Response whole(http::Reply reply) {
    for (size_t i = 0; reply.later.work && i < most_steps; ++i) {
      if (auto response = reply.later.work()) {
        reply = http::Reply(std::move(*response));
      }
    }
    require(!reply.later.work, "a request that never ends");
    while (reply.response.pieces) {
      const auto piece = reply.response.pieces();
      if (!piece) {
        break;
      }
      reply.response.body += *piece;
    }
    return std::move(reply.response);
  }

  std::unique_ptr<daemon::Guard> guard_;
  daemon::CommandContext context_;
  daemon::HttpApi api_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  set_log_level(LogLevel::error);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Daemon daemon;
  size_t asked = 0;
  for (const auto line : split(input, '\n')) {
    if (++asked > most_requests) {
      break;
    }
    line.starts_with('{') ? daemon.ask_socket(line) : daemon.ask_http(line);
    daemon.check();
  }
  return 0;
}
