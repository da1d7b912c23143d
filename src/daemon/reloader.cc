#include "daemon/reloader.h"

#include <utility>

#include "base/log.h"

namespace ipguard::daemon {

Reloader::Reloader(loop::EventLoop& loop, std::string config_path, TakeOver take_over)
    : config_path_(std::move(config_path)),
      take_over_(std::move(take_over)),
      loader_(loop, [this](Loading loading) { on_loaded(std::move(loading)); }) {}

uint64_t Reloader::request() {
  requested_ = started_ + 1;
  if (!loader_.running()) {
    start();
  }
  return requested_;
}

std::optional<Result<control::Json>> Reloader::outcome(uint64_t request) const {
  return done_ >= request ? last_ : std::nullopt;
}

void Reloader::start() {
  ++started_;
  loader_.start([path = config_path_] {
    config::Diagnostics diagnostics;
    Loading loading{.loaded = load(path, diagnostics), .problems = {}};
    loading.problems = diagnostics.to_string();
    if (loading.loaded) {
      (void)loading.loaded->routes->systems();  // so that the loop need not wait for the index when it is wanted
    }
    return loading;
  });
}

void Reloader::on_loaded(Loading loading) {
  if (loading.loaded) {
    control::Json warnings = control::Json::array();
    if (!loading.problems.empty()) {
      warnings.push_back(loading.problems);
    }
    last_ = take_over_(std::move(*loading.loaded), std::move(warnings));
  } else {
    log_error("reload refused, the old configuration stays in force:\n" + loading.problems);
    last_ = fail(Errc::configuration, "reload refused, the old configuration stays in force\n" + loading.problems);
  }
  done_ = started_;
  if (requested_ > started_) {
    start();
  }
}

}  // namespace ipguard::daemon
