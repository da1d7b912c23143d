#include "input/inputs.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "input/part_joiner.h"
#include "input/source_choice.h"

namespace ipguard::input {
namespace {

// The two kinds of ids, side by side: whoever keeps a table by id keeps a short one.
constexpr model::SourceId file_id(model::SourceId follower_id) { return follower_id * 2; }
constexpr model::SourceId other_id(size_t index) { return static_cast<model::SourceId>(index * 2 + 1); }
constexpr bool is_file(model::SourceId id) { return id % 2 == 0; }

// What evidence names as the lines' origin.
std::string path_of(const config::SourceConfig& source) {
  switch (source.kind) {
    case config::SourceKind::standard_input:
      return "standard input";
    case config::SourceKind::journal:
      return source.journal == "system" ? "journal" : "journal in " + source.journal;
    case config::SourceKind::listener:
      return source.listen.size() == 1 ? source.listen.front().to_string() : "syslog listener";
    case config::SourceKind::files:
      break;
  }
  return {};
}

std::vector<model::Cursor> take_prefixed(std::vector<model::Cursor>& cursors, const std::string& prefix) {
  const auto taken = std::ranges::stable_partition(
      cursors, [&](const model::Cursor& cursor) { return !cursor.path.starts_with(prefix); });
  std::vector<model::Cursor> result(std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end()));
  cursors.erase(taken.begin(), taken.end());
  return result;
}

// Where reading begins between two parts of a container's line.
void look_before(PartJoiner& joiner, const Block& block, size_t max_line) {
  constexpr uint64_t most = 256UL << 10;  // several parts as docker writes them at most, all escaped
  const uint64_t begin = block.offset - std::min(block.offset, most);
  std::string before(block.offset - begin, '\0');
  if (block.fd < 0 || read_at(block.fd, before, begin) != std::ssize(before)) {
    return;
  }
  std::string_view lines = before;
  if (begin > 0) {
    lines.remove_prefix(std::min(lines.find('\n'), lines.size() - 1) + 1);
  }
  joiner.begin_behind(lines, block.offset, begin == 0, max_line);
}

}  // namespace

struct Inputs::Impl {
  // A slot without `input` is free.
  struct Other {
    const config::SourceConfig* config = nullptr;
    std::string name;
    config::SourceKind kind = config::SourceKind::files;
    std::string path;
    std::unique_ptr<LineInput> input;
  };

  Impl(loop::EventLoop& event_loop, const std::vector<config::SourceConfig>& sources,
       std::vector<model::Cursor> cursors, uint64_t replay, Follower::BlockCallback callback, FollowerTiming timing,
       size_t most_open)
      : loop(event_loop),
        declared(&sources),
        replay_bytes(replay),
        started_at(timing.started),
        on_block(std::move(callback)) {
    choices.begin(sources, cursors);
    followed = choices.followed(sources);
    // What is left of these belongs to sources that are named no more.
    auto of_others = take_prefixed(cursors, cursor_prefix({}).substr(0, cursor_prefix({}).size() - 1));
    follower = std::make_unique<Follower>(
        loop, followed, std::move(cursors), replay_bytes, [this](const Block& block) { return take_file(block); },
        timing, most_open);
    for (const auto& source : sources) {
      if (source.kind != config::SourceKind::files) {
        add(source, take_prefixed(of_others, cursor_prefix(source.name)));
      }
    }
  }

  // A file's block under our ids, with lines whole that a container runtime has split.
  Follower::Consumed take_file(const Block& block) {
    Block ours = block;
    ours.source = file_id(block.source);
    Follower::Consumed consumed;
    if (block.source >= joiners.size()) {
      joiners.resize(block.source + 1);
    }
    auto& joiner = joiners[block.source];
    const auto& config = *follower->source(block.source).config;
    const auto max_line = config.max_line;
    if (!choices.empty()) {
      note_read(config.name, block.fd);
    }
    if (joiner.wants_before(ours)) {
      look_before(joiner, ours, max_line);
    }
    joiner.feed(ours, max_line, [&](const Block& each) {
      const auto more = on_block(each);
      consumed.lines += more.lines;
      consumed.hits += more.hits;
    });
    return consumed;
  }

  Other& add(const config::SourceConfig& source, std::vector<model::Cursor> saved) {
    auto slot = std::ranges::find_if(others, [](const Other& other) { return !other.input; });
    if (slot == others.end()) {
      slot = others.insert(others.end(), Other{});
    }
    const auto id = other_id(static_cast<size_t>(slot - others.begin()));
    *slot = {.config = &source, .name = source.name, .kind = source.kind, .path = path_of(source), .input = nullptr};
    slot->input = make_line_input(loop, source, id, std::move(saved), replay_bytes, on_block, stand_in_for(source.name),
                                  started_at);
    return *slot;
  }

  // --- the journal or its fallback files ---
  StandIn stand_in_for(const std::string& source);
  bool give_way(const std::string& source);
  void step_in(const std::string& source);
  void note_read(const std::string& source, int fd);
  void follow(std::vector<model::Cursor> saved);
  // Where the files of sources whose journal is read end.
  [[nodiscard]] std::vector<model::Cursor> ends_of_files();

  void change(const std::vector<config::SourceConfig>& sources);
  // The input that goes on, nullptr if the source takes a new one.
  Other* go_on(const config::SourceConfig& source);

  loop::EventLoop& loop;
  const std::vector<config::SourceConfig>* declared;
  SourceChoices choices;
  std::vector<config::SourceConfig> followed;  // as chosen: the follower's
  bool started = false;
  bool choose_again = false;  // when it has started
  uint64_t replay_bytes;
  TimePoint started_at;
  Follower::BlockCallback on_block;
  std::unique_ptr<Follower> follower;
  std::vector<PartJoiner> joiners;  // by the follower's ids
  std::vector<Other> others;        // their indexes make their ids
  uint64_t ended_versions = 0;
  std::map<std::string, model::Losses> ended_losses;  // of inputs that are no more
};

Inputs::Impl::Other* Inputs::Impl::go_on(const config::SourceConfig& source) {
  const auto same = std::ranges::find_if(others, [&](const Other& other) {
    return other.input && other.kind == source.kind && other.name == source.name;
  });
  if (same == others.end()) {
    return nullptr;
  }
  // Before it is asked: it may hand out what it has read already.
  same->config = &source;
  same->path = path_of(source);
  if (same->input->reconfigure(source)) {
    return &*same;
  }
  same->config = nullptr;
  return nullptr;
}

StandIn Inputs::Impl::stand_in_for(const std::string& source) {
  return {.give_way = [this, source] { return give_way(source); }, .step_in = [this, source] { step_in(source); }};
}

bool Inputs::Impl::give_way(const std::string& source) {
  if (!choices.reads_files(source)) {
    return true;
  }
  if (!started || !follower->is_read(source)) {
    return false;
  }
  choices.to_journal(source);
  follow({});
  log_info("source " + printable(source) + ": the journal is read from now on");
  return true;
}

void Inputs::Impl::step_in(const std::string& source) {
  std::vector<model::Cursor> ends;
  if (choices.to_files(source, ends)) {
    log_warning("source " + printable(source) +
                ": the journal cannot be read: its fallback files are read from now on");
    follow(std::move(ends));
  }
}

void Inputs::Impl::note_read(const std::string& source, int fd) {
  const auto until = choices.note_read(source, fd);
  for (const auto& other : others) {
    if (until && other.input && other.name == source) {
      other.input->was_read_elsewhere(*until);
    }
  }
}

void Inputs::Impl::follow(std::vector<model::Cursor> saved) {
  if (!started) {
    choose_again = true;
    return;
  }
  auto chosen = choices.followed(*declared);
  follower->change_sources(chosen, std::move(saved));
  followed = std::move(chosen);
}

std::vector<model::Cursor> Inputs::Impl::ends_of_files() {
  for (const auto& other : others) {
    if (!other.input || other.kind != config::SourceKind::journal || choices.reads_files(other.name)) {
      continue;
    }
    auto ends = choices.ends_of_files(other.name);
    if (!ends.empty() && other.input->caught_up()) {
      choices.keep_ends(other.name, std::move(ends));
    }
  }
  return choices.kept_ends();
}

void Inputs::Impl::change(const std::vector<config::SourceConfig>& sources) {
  declared = &sources;
  choices.change(sources);
  follow({});
  std::vector<const config::SourceConfig*> fresh;
  for (auto& other : others) {
    other.config = nullptr;  // it has gone with the old configuration
  }
  for (const auto& source : sources) {
    if (source.kind != config::SourceKind::files && go_on(source) == nullptr) {
      fresh.push_back(&source);
    }
  }
  // The old ones end before the new ones begin: they may want the same port.
  std::vector<model::Cursor> left;
  for (auto& other : others) {
    if (other.input && other.config == nullptr) {
      std::ranges::move(other.input->cursors(), std::back_inserter(left));
      ended_versions += other.input->cursor_version() + 1;
      other.input->stop();
      ended_losses[other.name] += other.input->losses();
      other.input.reset();
    }
  }
  for (const auto* source : fresh) {
    if (const auto& other = add(*source, take_prefixed(left, cursor_prefix(source->name))); other.input) {
      other.input->start();
    }
  }
}

Inputs::Inputs(loop::EventLoop& loop, const std::vector<config::SourceConfig>& sources,
               std::vector<model::Cursor> cursors, uint64_t replay_bytes, Follower::BlockCallback on_block,
               FollowerTiming timing, size_t most_open)
    : impl_(std::make_unique<Impl>(loop, sources, std::move(cursors), replay_bytes, std::move(on_block), timing,
                                   most_open)) {}

Inputs::~Inputs() = default;

Result<> Inputs::start() {
  for (const auto& other : impl_->others) {
    if (other.input) {
      other.input->start();
    }
  }
  auto started = impl_->follower->start();
  impl_->started = started.has_value();
  if (impl_->started && std::exchange(impl_->choose_again, false)) {
    impl_->follow({});
  }
  return started;
}

void Inputs::change_sources(const std::vector<config::SourceConfig>& sources) { impl_->change(sources); }

void Inputs::drain() {
  for (const auto& other : impl_->others) {
    if (other.input) {
      other.input->drain();
    }
  }
}

void Inputs::restore() {
  for (const auto& other : impl_->others) {
    if (other.input) {
      other.input->restore();
    }
  }
}

void Inputs::stop() {
  for (const auto& other : impl_->others) {
    if (other.input) {
      other.input->stop();
    }
  }
}

bool Inputs::caught_up() const {
  return impl_->follower->caught_up() &&
         std::ranges::all_of(impl_->others, [](const auto& other) { return !other.input || other.input->caught_up(); });
}

std::vector<model::Cursor> Inputs::cursors() const {
  auto cursors = impl_->follower->cursors();
  if (!impl_->choices.empty()) {
    for (auto& end : impl_->ends_of_files()) {
      // Another source may follow the file.
      if (std::ranges::find(cursors, end.path, &model::Cursor::path) == cursors.end()) {
        cursors.push_back(std::move(end));
      }
    }
  }
  for (const auto& other : impl_->others) {
    if (other.input) {
      std::ranges::move(other.input->cursors(), std::back_inserter(cursors));
    }
  }
  return cursors;
}

uint64_t Inputs::cursor_version() const {
  auto version = impl_->follower->cursor_version() + impl_->ended_versions;
  for (const auto& other : impl_->others) {
    version += other.input ? other.input->cursor_version() : 0;
  }
  return version;
}

SourceInfo Inputs::source(model::SourceId id) const {
  if (is_file(id)) {
    return impl_->follower->source(id / 2);
  }
  if (id / 2 >= impl_->others.size()) {
    return {};
  }
  const auto& other = impl_->others[id / 2];
  return {.config = other.config, .path = other.path};
}

std::map<std::string, model::Losses> Inputs::losses() const {
  auto all = impl_->follower->losses();
  for (const auto& [name, losses] : impl_->ended_losses) {
    all[name] += losses;
  }
  for (const auto& other : impl_->others) {
    if (other.input) {
      all[other.name] += other.input->losses();
    }
  }
  return all;
}

std::vector<model::SourceStatus> Inputs::status() const {
  auto all = impl_->follower->status();
  for (size_t id = 0; id < impl_->joiners.size(); ++id) {
    if (const auto overlong = impl_->joiners[id].overlong(); overlong > 0) {
      const auto path = impl_->follower->source(static_cast<model::SourceId>(id)).path;
      const auto status = std::ranges::find(all, path, &model::SourceStatus::path);
      if (status != all.end()) {
        status->overlong_lines += overlong;
      }
    }
  }
  std::vector<const Impl::Other*> others;
  for (const auto& other : impl_->others) {
    if (other.input) {
      others.push_back(&other);
    }
  }
  // The configurations lie in one vector, in the order of the sources.
  std::ranges::sort(others, std::less<>{}, &Impl::Other::config);
  for (const auto* other : others) {
    std::ranges::move(other->input->status(), std::back_inserter(all));
  }
  return all;
}

}  // namespace ipguard::input
