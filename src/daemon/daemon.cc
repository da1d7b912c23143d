#include "daemon/daemon.h"

#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>
#include <thread>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "control/access.h"
#include "daemon/commands.h"
#include "daemon/confinement.h"
#include "daemon/control_socket.h"
#include "daemon/database_watch.h"
#include "daemon/descriptors.h"
#include "daemon/guard.h"
#include "daemon/kernel_watch.h"
#include "daemon/load.h"
#include "daemon/outlets.h"
#include "daemon/pruning.h"
#include "daemon/reloader.h"
#include "daemon/service_manager.h"
#include "daemon/start_values.h"
#include "daemon/state.h"
#include "daemon/status.h"
#include "daemon/trap_service.h"
#include "daemon/whois_service.h"
#include "daemon/writer_process.h"
#include "input/inputs.h"
#include "loop/event_loop.h"

namespace ipguard::daemon {
namespace {

// Cursors are saved this long after lines were read (and with every manual command at once).
constexpr std::chrono::milliseconds cursor_delay{1000};
// Files tell of new resolvers and SSH ports; what can be seen right before a ban is seen there, too.
constexpr std::chrono::seconds protection_interval{30};
// How far before a saved cursor the log is read again at start, to refill the windows.
constexpr uint64_t replay_bytes = 4U << 20;

class Daemon {
 public:
  // `descriptors`: that the process may have. `writer`: none in a dry run.
  Daemon(std::string config_path, Loaded loaded, State state, size_t descriptors,
         const std::shared_ptr<enforce::WriterClient>& writer, std::optional<gid_t> readers)
      : config_path_(std::move(config_path)),
        start_values_(loaded.config),
        most_files_(descriptors_for_files(descriptors)),
        writer_(writer),
        guard_(std::move(loaded), std::move(state), writer),
        context_{.guard = guard_,
                 .sources = [this] { return sources(); },
                 .reload = [this] { return reloader_.answer(); },
                 .services = [this] { return Services{whois_, database_watch_, &outlets_}; },
                 .warnings = [this] { return own_warnings(); },
                 .started = wall_clock_now()},
        control_(
            loop_, guard_.loaded().config.control_socket,
            [this](const control::Request& request, const control::Peer&, bool may_change) {
              return answer(request, may_change);
            },
            readers),
        whois_(loop_, guard_),
        traps_(loop_, guard_, [this] { schedule(); }),
        outlets_(loop_, guard_, context_,
                 [this](const control::Request& request, bool may_change) { return answer(request, may_change); }),
        reloader_(
            loop_, config_path_,
            [this](Loaded fresh, control::Json warnings) { return take_over(std::move(fresh), std::move(warnings)); },
            [this](bool loading) { loading ? manager_.reloading() : manager_.reloaded(); }),
        database_watch_(loop_, [this](auto routes) { on_new_database(std::move(routes)); }),
        expiry_timer_(loop_, [this] { then_schedule([this](TimePoint now) { guard_.expire(now); }); }),
        behind_timer_(loop_, [this] { then_schedule([this](TimePoint now) { guard_.flush(now, nullptr); }); }),
        retry_timer_(loop_, [this] { then_schedule([this](TimePoint now) { guard_.retry(now); }); }),
        pruning_(loop_, [this]() -> store::Store& { return guard_.store(); }),
        cursor_timer_(loop_, [this] { save_cursors(); }),
        protection_timer_(loop_, [this] { on_protection_timer(); }),
        protection_watcher_(loop_, [this](unsigned) { guard_.on_protection_notification(wall_clock_now()); }),
        kernel_watch_(loop_, guard_, [this] { schedule(); }),
        writer_watcher_(loop_, [this](unsigned) { on_writer_gone(); }),
        manager_(loop_, [this] { return standing(guard_); }),
        term_(loop_, SIGTERM, [this] { stop("TERM"); }),
        interrupt_(loop_, SIGINT, [this] { stop("INT"); }),
        hang_up_(loop_, SIGHUP, [this] {
          restore_sockets();
          (void)reloader_.request();
        }) {}

  Result<> start() {
    // The socket first: it tells whether another daemon is running, before anything is touched.
    if (auto listening = control_.listen(); !listening) {
      return listening;
    }
    // Then, with the table's lock, whether one with another socket enforces here already.
    outlets_.notify();
    if (auto started = guard_.start(wall_clock_now()); !started) {
      return started;
    }
    pruning_.begin();
    watch_kernel_side();
    if (writer_) {
      writer_watcher_.start(writer_->fd(), loop::IoWatcher::readable);
    }
    watch_databases();
    traps_.apply();
    serve();
    protection_timer_.start(protection_interval);
    // The files last: they take what descriptors they may have.
    auto followed = follow(guard_.saved_cursors(), replay_bytes);
    release_free_memory();
    save_reading();  // else who is killed before the first line begins at what is the end by then
    return followed;
  }

  Result<> run() {
    log_info(announcement(guard_, sources()));
    warm_as_index();
    schedule();
    manager_.ready();
    loop_.run();
    manager_.stopping();
    inputs_->drain();
    inputs_->stop();
    save_reading();
    return writer_gone_ ? fail("the process that writes to nftables has gone: bans stay, no more can be enforced")
                        : guard_.stop();
  }

 private:
  Result<> follow(std::vector<model::Cursor> cursors, uint64_t replay) {
    inputs_ = std::make_unique<input::Inputs>(
        loop_, guard_.loaded().config.sources, std::move(cursors), replay,
        [this](const input::Block& block) { return on_block(block); },
        input::FollowerTiming{.started = wall_clock_now()}, most_files_);
    return inputs_->start();
  }

  input::Follower::Consumed on_block(const input::Block& block) {
    const auto now = wall_clock_now();
    const auto consumed = guard_.judge(block, inputs_->source(block.source), now);
    if (consumed.hits > 0) {
      guard_.flush(now, nullptr);
      schedule();
    }
    if (!cursor_timer_.running()) {
      cursor_timer_.start(cursor_delay);
    }
    return consumed;
  }

  control::Answer answer(const control::Request& request, bool may_change) {
    auto answer = run_command(context_, request, may_change, wall_clock_now());
    if (answer.work) {
      return {control::Work([this, work = std::move(answer.work)] {
                auto reply = work();
                after_command(reply.has_value());
                return reply;
              }),
              answer.pause};
    }
    may_change ? after_command(true) : pruning_.wanted();  // it gives back what the answer took
    return answer;
  }

  void after_command(bool whole) {
    if (whole) {
      save_cursors();
    }
    schedule();
  }

  void save_cursors() {
    guard_.note_losses(inputs_->losses(), wall_clock_now());
    if (reading_version() != saved_version_) {
      save_reading();
      schedule();
    }
  }

  uint64_t reading_version() const { return inputs_->cursor_version() + guard_.state().losses().version(); }

  // Where it stands, and what was lost up to there.
  void save_reading() {
    const auto now = wall_clock_now();
    guard_.note_losses(inputs_->losses(), now);
    saved_version_ = reading_version();
    const auto cursors = inputs_->cursors();
    guard_.flush(now, &cursors);
  }

  template <typename Act>
  void then_schedule(const Act& act) {
    act(wall_clock_now());
    schedule();
  }

  // Sets the timers for what is to be done next; called after every change.
  void schedule() {
    if (guard_.behind() && !behind_timer_.running()) {
      behind_timer_.start(std::chrono::milliseconds{0});
    }
    if (guard_.unfinished() && !retry_timer_.running()) {
      retry_timer_.start(guard_.retry_delay());
    }
    pruning_.wanted();
    if (const auto delay = guard_.expiry_delay(wall_clock_now())) {
      expiry_timer_.start(*delay);
    } else {
      expiry_timer_.stop();
    }
  }

  void restore_sockets() {
    control_.restore();
    outlets_.restore();
    inputs_->restore();
  }

  void on_protection_timer() {
    restore_sockets();
    guard_.check_protection(wall_clock_now());
    if (!guard_.dry_run() && guard_.kernel_fd() < 0) {
      guard_.verify_kernel(wall_clock_now());  // nobody tells us
    }
    schedule();
    protection_timer_.start(protection_interval);
  }

  void watch_kernel_side() {
    if (guard_.protection_fd() >= 0) {
      protection_watcher_.start(guard_.protection_fd(), loop::IoWatcher::readable);
    }
    kernel_watch_.start();
  }

  // Who has given up the privilege cannot start another one; bans stay in force, and the service manager starts both.
  void on_writer_gone() {
    writer_gone_ = true;
    writer_watcher_.stop();
    loop_.stop();
  }

  // What is asked for from outside; what cannot be had is said.
  std::vector<std::string> serve() {
    std::vector<std::string> problems;
    for (auto served : {whois_.apply(), outlets_.serve()}) {
      if (!served) {
        log_error(printable(served.error().message));
        problems.push_back(served.error().message);
      }
    }
    return problems;
  }

  Result<control::Json> take_over(Loaded loaded, control::Json warnings) {
    auto pending = start_values_.keep_in(loaded.config);
    inputs_->drain();
    protection_watcher_.stop();
    kernel_watch_.stop();
    auto reloaded = guard_.reload(std::move(loaded), wall_clock_now());
    // In any case: it refers to the configuration that may have gone.
    inputs_->change_sources(guard_.loaded().config.sources);
    traps_.apply();
    watch_kernel_side();
    watch_databases();
    for (const auto& problems : {outlets_.notify(), serve()}) {
      std::ranges::copy(problems, std::back_inserter(warnings));
    }
    schedule();
    if (!reloaded) {
      return std::unexpected(std::move(reloaded.error()));
    }
    set_log_level(guard_.loaded().config.log_level);
    log_info("reloaded " + config_path_);
    pending_ = std::move(pending);
    for (const auto& sentence : pending_) {
      log_warning(sentence);
      warnings.push_back(sentence);
    }
    const auto rules = guard_.loaded().rules->rules().size();
    return control::Json{{"reloaded", true}, {"rules", rules}, {"warnings", std::move(warnings)}};
  }

  std::vector<std::string> own_warnings() const {
    auto warnings = pending_;
    for (const auto& sentence : {reloader_.refusal(), control_.problem()}) {
      if (!sentence.empty()) {
        warnings.push_back(sentence);
      }
    }
    return warnings;
  }

  void watch_databases() {
    database_watch_.watch(guard_.loaded().config.database_paths, guard_.loaded().config.state_path);
  }

  // The index of all AS prefixes takes a second to build: beside the loop (a RouteTable may be asked by any thread).
  void warm_as_index() {
    as_index_thread_ = std::jthread([routes = guard_.loaded().routes] {
      loop::leave_signals_to_the_loop();
      (void)routes->systems();
      release_idle_memory();
    });
  }

  void on_new_database(std::shared_ptr<const enrich::RouteTable> routes) {
    guard_.replace_routes(std::move(routes), wall_clock_now());
    (void)whois_.apply();  // it listens already; this gives it the new databases
    schedule();
  }

  std::vector<model::SourceStatus> sources() {
    guard_.note_losses(inputs_->losses(), wall_clock_now());
    auto all = inputs_->status();
    traps_.append_status(all);
    return all;
  }

  void stop(std::string_view signal_name) {
    log_info(std::string(signal_name) + ": stopping" +
             (guard_.dry_run() || !guard_.loaded().config.enforce.keep_on_stop ? "" : "; bans stay in the kernel"));
    loop_.stop();
  }

  std::string config_path_;
  StartValues start_values_;
  std::vector<std::string> pending_;  // what only the next start will take over
  size_t most_files_;
  std::shared_ptr<enforce::WriterClient> writer_;
  bool writer_gone_ = false;
  loop::EventLoop loop_;
  Guard guard_;
  CommandContext context_;
  std::unique_ptr<input::Inputs> inputs_;
  ControlSocket control_;
  WhoisService whois_;
  TrapService traps_;
  Outlets outlets_;
  Reloader reloader_;
  DatabaseWatch database_watch_;
  loop::Timer expiry_timer_;
  loop::Timer behind_timer_;
  loop::Timer retry_timer_;
  Pruning pruning_;
  loop::Timer cursor_timer_;
  loop::Timer protection_timer_;
  loop::IoWatcher protection_watcher_;
  KernelWatch kernel_watch_;
  loop::IoWatcher writer_watcher_;
  ServiceManager manager_;
  loop::SignalWatcher term_;
  loop::SignalWatcher interrupt_;
  loop::SignalWatcher hang_up_;
  uint64_t saved_version_ = 0;
  std::jthread as_index_thread_;
};

}  // namespace

Result<> run(const Options& options) {
  loop::hold_signals({SIGTERM, SIGINT, SIGHUP});  // until the loop answers them
  // Before anything is read: what needs privilege goes to a process of its own, and this one gives it up.
  auto writer = options.dry_run ? Result<WriterProcess>(WriterProcess()) : WriterProcess::start(options.config_path);
  if (!writer) {
    return std::unexpected(std::move(writer.error()));
  }
  const auto readers = control::readers_group();
  if (auto confined = confine_daemon(readers); !confined) {
    return confined;
  }
  keep_memory_small();
  auto loaded = load_or_tell(options.config_path);
  if (!loaded) {
    return fail(Errc::configuration, "");
  }
  init_log(loaded->config.log_level);
  const bool dry_run = options.dry_run || loaded->config.enforce.mode == config::Mode::dry_run;
  if (auto settled = writer->settle(dry_run); !settled) {
    return settled;
  }
  if (auto confined = finish_confinement(loaded->config); !confined) {
    return confined;
  }
  const size_t descriptors = raise_descriptor_limit();
  auto state = State::open(loaded->config, dry_run);
  if (!state) {
    return std::unexpected(std::move(state.error()));
  }
  Daemon daemon(options.config_path, std::move(*loaded), std::move(*state), descriptors, writer->client(), readers);
  if (auto started = daemon.start(); !started) {
    return started;
  }
  return daemon.run();
}

}  // namespace ipguard::daemon
