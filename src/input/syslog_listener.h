// Syslog messages that others send: by UDP, TCP and Unix sockets.
#pragma once

#include <chrono>
#include <memory>

#include "input/line_input.h"

namespace ipguard::input {

struct ListenerLimits {
  size_t connections = 256;  // at a time; one more takes the place of the one that has been quiet for longest
  std::chrono::milliseconds retry{10'000};  // what is taken, or not there yet, is tried again
};

// One message is one line (syslog_framing.h). A datagram is a message; a stream's are framed by RFC 6587. What comes
// from others than the configured senders is dropped and counted; what the kernel dropped for lack of room, and what of
// a message was torn when its connection broke, is counted as lost. status() has an entry for each address.
[[nodiscard]] std::unique_ptr<LineInput> make_syslog_listener(loop::EventLoop& loop, const config::SourceConfig& config,
                                                              model::SourceId id, Follower::BlockCallback on_block,
                                                              ListenerLimits limits = {});

}  // namespace ipguard::input
