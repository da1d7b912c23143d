#include "daemon/reloader.h"

#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "control/problems.h"

namespace ipguard::daemon {
namespace {

// On one line, and how many more there are.
std::string first_error(const config::Diagnostics& diagnostics) {
  for (const auto& problem : diagnostics.all()) {
    if (problem.severity == config::Severity::error) {
      const auto more = diagnostics.error_count() - 1;
      return printable(config::location_text(problem.location)) + ": " + printable(problem.message) +
             (more == 0 ? "" : " (and " + group_digits(more) + " more)");
    }
  }
  return "unknown";
}

}  // namespace

Reloader::Reloader(loop::EventLoop& loop, std::string config_path, TakeOver take_over, OnLoading on_loading)
    : config_path_(std::move(config_path)),
      take_over_(std::move(take_over)),
      on_loading_(std::move(on_loading)),
      loader_(loop, [this](Loading loading) { on_loaded(std::move(loading)); }) {}

uint64_t Reloader::request() {
  requested_ = started_ + 1;
  if (!loader_.running()) {
    start();
  }
  return requested_;
}

control::Answer Reloader::answer() {
  constexpr std::chrono::milliseconds look_again{20};
  return {control::Work([this, asked = request()] { return outcome(asked); }), look_again};
}

std::optional<Result<control::Json>> Reloader::outcome(uint64_t request) const {
  return done_ >= request ? last_ : std::nullopt;
}

void Reloader::start() {
  ++started_;
  if (on_loading_) {
    on_loading_(true);
  }
  loader_.start([path = config_path_] {
    Loading loading;
    loading.loaded = load(path, loading.problems);
    if (loading.loaded) {
      (void)loading.loaded->routes->systems();  // so that the loop need not wait for the index when it is wanted
    }
    return loading;
  });
}

void Reloader::on_loaded(Loading loading) {
  const std::string text(trim(loading.problems.to_string()));
  if (loading.loaded) {
    control::Json warnings = control::Json::array();
    if (!text.empty()) {
      warnings.push_back(text);
    }
    for (const auto& note : loading.loaded->notes) {
      log_info(note);
    }
    last_ = take_over_(std::move(*loading.loaded), std::move(warnings));
    refusal_.clear();
    if (!*last_) {
      note_refusal(printable(last_->error().message));
    }
  } else {
    log_error("reload refused, the old configuration stays in force:\n" + text);
    last_ = control::Json{{"reloaded", false}, {"problems", control::problems_json(loading.problems)}, {"text", text}};
    note_refusal(first_error(loading.problems));
  }
  done_ = started_;
  if (requested_ > started_) {
    start();
  } else if (on_loading_) {
    on_loading_(false);
  }
}

void Reloader::note_refusal(const std::string& reason) {
  refusal_ = "the configuration was refused at " + format_rfc3339(std::chrono::floor<Seconds>(wall_clock_now())) +
             ", the old one is in force: " + reason;
}

}  // namespace ipguard::daemon
