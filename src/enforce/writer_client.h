// WriterClient: the daemon's end of its writer, the process that may change nftables (writer/writer_service.h).
#pragma once

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "enforce/channel.h"
#include "enforce/enforcer.h"
#include "enforce/protection.h"
#include "enforce/wire.h"

namespace ipguard::enforce {

// The program, and so what ps(1) calls its process; at most 15 bytes.
inline constexpr std::string_view writer_name = "ipguard-writer";
// Longer than the kernel takes for the most elements of a message by far, shorter than WatchdogSec of the unit: a
// writer that hangs is told of, before the service manager ends a daemon that waits for it.
inline constexpr std::chrono::milliseconds writer_patience = std::chrono::seconds(30);

// Owned by the loop thread. A writer that does not answer in time has gone. Once it has, every question fails in the
// same words: nobody starts another one, because who asks has lost the privilege to do so; the service manager starts
// both again.
class WriterClient {
 public:
  // `questions`: a connected socket whose other end is the writer's standard input. Over it goes, before the first
  // question, the end of a pipe that the writer rings on when somebody else changes nftables.
  // `patience` is for tests.
  [[nodiscard]] static Result<std::shared_ptr<WriterClient>> open(UniqueFd questions,
                                                                  std::chrono::milliseconds patience = writer_patience);

  // Waits for the answer; an error of the writer's is this one's.
  [[nodiscard]] Result<wire::Body> ask(const wire::Question& question);
  // The peers of authenticated SSH sessions, which only the writer can tell; `look_again`: who has left is seen as
  // well. None if the writer has gone.
  [[nodiscard]] std::vector<ProtectedPrefix> ssh_peers(bool look_again);

  // As of the last answer.
  [[nodiscard]] const wire::Standing& standing() const { return standing_; }
  // Readable, while nothing is asked, when the writer has gone.
  [[nodiscard]] int fd() const { return channel_.fd(); }
  // Readable when it has rung; -1 when it does not listen.
  [[nodiscard]] int bell_fd() const { return standing_.watched ? bell_.get() : -1; }
  void silence_bell() const;

 private:
  WriterClient(Channel questions, UniqueFd bell) : channel_(std::move(questions)), bell_(std::move(bell)) {}

  Channel channel_;
  UniqueFd bell_;
  wire::Standing standing_;
  bool gone_ = false;
};

// An enforcer whose work the writer does. Chains, protection and allowlist are those that the writer itself reads from
// the configuration; what is given to reconfigure() has to say the same.
[[nodiscard]] std::unique_ptr<Enforcer> make_remote_enforcer(std::shared_ptr<WriterClient> writer,
                                                             const config::EnforceConfig& config,
                                                             Protection& protection);

}  // namespace ipguard::enforce
