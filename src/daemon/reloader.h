// Reloader: loads the configuration again beside the loop, so that following goes on while rules are compiled.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "control/protocol.h"
#include "control/server.h"
#include "daemon/load.h"
#include "loop/background.h"

namespace ipguard::daemon {

// Owned by the loop thread.
class Reloader {
 public:
  // Puts what was loaded in force, in the loop; `warnings` is what the load has to say. Gives the reply to `reload`.
  using TakeOver = std::function<Result<control::Json>(Loaded loaded, control::Json warnings)>;

  // Told when a load begins, and when it has come to an end and no other one begins.
  using OnLoading = std::function<void(bool loading)>;

  Reloader(loop::EventLoop& loop, std::string config_path, TakeOver take_over, OnLoading on_loading = {});

  // Asks for a load that begins now or, if one is under way, behind it: that one may have read the file before it was
  // changed. Returns the request's number.
  uint64_t request();
  // The same as the answer to a command: the load's outcome, when it has come to an end.
  [[nodiscard]] control::Answer answer();
  // Of the request: nullopt until it is done. A configuration that was refused is a reply, too, for it has to tell what
  // is wrong: {"reloaded": false, "problems": […], "text": the same for people}.
  [[nodiscard]] std::optional<Result<control::Json>> outcome(uint64_t request) const;
  // A sentence for `status` if the last load was refused; empty if it was not.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

 private:
  struct Loading {
    std::optional<Loaded> loaded;
    config::Diagnostics problems;
  };

  void start();
  void on_loaded(Loading loading);
  void note_refusal(const std::string& reason);

  std::string config_path_;
  TakeOver take_over_;
  OnLoading on_loading_;
  uint64_t requested_ = 0;
  uint64_t started_ = 0;
  uint64_t done_ = 0;
  std::optional<Result<control::Json>> last_;  // of done_
  std::string refusal_;
  loop::Background<Loading> loader_;
};

}  // namespace ipguard::daemon
