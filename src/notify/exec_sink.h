// ExecSink: a program an event, with the event's JSON on its standard input.
#pragma once

#include <sys/types.h>

#include <list>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "notify/sink.h"

namespace ipguard::notify {

// No shell: the configuration's words are the arguments, and nothing that comes from a log is among them. The program
// has no descriptors of ours, /dev/null as its output, "/" as its folder, PATH and LANG as its environment, a process
// group of its own, and the daemon's user and rights. At most four run at a time; one that takes longer than the
// configuration allows is killed with its group. Its status other than 0 counts as failed; it is not run again.
class ExecSink : public Sink {
 public:
  ExecSink(loop::EventLoop& loop, const config::NotifyConfig& config, size_t most = most_waiting);
  ~ExecSink() override;  // kills what still runs

  void take(std::shared_ptr<const Event> event) override;

 private:
  struct Child;

  [[nodiscard]] size_t under_way() const override { return children_.size(); }
  void begin_some();
  [[nodiscard]] Result<> begin(const Event& event);
  void on_exit(std::list<Child>::iterator child);
  void note_failure(const std::string& problem);

  loop::EventLoop& loop_;
  std::string name_;
  std::vector<std::string> command_;
  Seconds timeout_;
  std::list<Child> children_;
  loop::Timer timer_;
};

}  // namespace ipguard::notify
