// The sources of Follower: at the beginning, and others while it runs.
#include <algorithm>
#include <utility>

#include "input/follower_impl.h"

namespace ipguard::input {

void Follower::Impl::set_patterns(const std::vector<config::SourceConfig>& sources) {
  const std::vector<Pattern> before = std::exchange(patterns, {});
  for (const config::SourceConfig& source : sources) {
    for (const std::string& path : source.paths) {
      Pattern& pattern = patterns.emplace_back();
      pattern.config = &source;
      pattern.text = without_extra_slashes(path);
      pattern.wildcards = has_wildcards(pattern.text);
      pattern.done = {.name = source.name, .path = pattern.text, .state = {}, .files = 0};
      const auto same = std::ranges::find_if(
          before, [&](const Pattern& old) { return old.done.name == source.name && old.text == pattern.text; });
      if (same != before.end()) {
        pattern.done = same->done;
      }
    }
  }
}

void Follower::Impl::change_sources(const std::vector<config::SourceConfig>& sources,
                                    std::vector<model::Cursor> saved) {
  // What stands before these was judged already, and not by an earlier run.
  const uint64_t replay = saved.empty() ? replay_bytes : std::exchange(replay_bytes, 0);
  book.add_saved(std::move(saved));
  set_patterns(sources);
  assign_patterns();
  book.keep_only([this](const std::string& path) { return pattern_of(path) != nullptr; });
  changing = true;
  scan();
  changing = false;
  examine_all();  // before files are dropped: one may go on under another path that leads to it
  drop_unnamed();
  settle();
  replay_bytes = replay;
  ++version;
  if (!ready.empty()) {
    reading.start();
  }
}

// Gives each path its new source, or none.
void Follower::Impl::assign_patterns() {
  for (const auto& slot : slots) {
    Pattern* pattern = pattern_of(slot->path);
    if (pattern == nullptr) {
      slot->config = nullptr;
      aliases.erase(slot.get());
      continue;
    }
    pattern->has_paths = true;
    // One that comes back after it was named by no source is as new.
    slot->there_at_start = slot->config == nullptr ? exists(slot->path) : slot->there_at_start;
    slot->config = pattern->config;
    slot->counters.name = pattern->config->name;
    for (const auto& file : slot->old) {
      file->tail->set_max_line(slot->config->max_line);
    }
    if (slot->current) {
      slot->current->tail->set_max_line(slot->config->max_line);
    }
  }
}

void Follower::Impl::drop_unnamed() {
  for (OpenFile* file : all_files()) {
    if (file->slot->config == nullptr) {
      drop(*file);
    }
  }
  for (const auto& slot : slots) {
    if (slot->config == nullptr && !slot->path.empty()) {
      release(*slot);
    }
  }
  // Those who learned from the paths have begun anew, too.
  std::vector<Slot*> free;
  for (const auto& [source, its_slots] : std::exchange(free_slots, {})) {
    free.insert(free.end(), its_slots.begin(), its_slots.end());
  }
  free_slots[""] = std::move(free);
}

// The slot keeps its id and, if it still stands in a queue, its place there.
void Follower::Impl::release(Slot& slot) {
  by_path.erase(slot.path);
  aliases.erase(&slot);
  const model::SourceId id = slot.id;
  const bool queued = slot.queued;
  free_slots[slot.config == nullptr ? "" : slot.config->name].push_back(&slot);
  slot = {};
  slot.id = id;
  slot.queued = queued;
}

void Follower::Impl::forget_paths() {
  bool forgot = false;
  for (const auto& slot : slots) {
    if (slot->config == nullptr || slot->current || !slot->old.empty() || exists(slot->path)) {
      continue;
    }
    Pattern* pattern = pattern_of(slot->path);
    // A path that is named in full is waited for.
    if (pattern == nullptr || std::ranges::any_of(patterns, [&](const Pattern& each) {
          return !each.wildcards && each.text == slot->path;
        })) {
      continue;
    }
    model::SourceStatus& done = pattern->done;
    const model::SourceStatus& counters = slot->counters;
    done.files += slot->had_file ? 1U : 0U;
    done.bytes += counters.bytes;
    done.lines += counters.lines;
    done.hits += counters.hits;
    done.lost_bytes += counters.lost_bytes;
    done.reread_bytes += counters.reread_bytes;
    done.losses_of_unknown_size += counters.losses_of_unknown_size;
    done.overlong_lines += counters.overlong_lines;
    done.rotations += counters.rotations;
    done.truncations += counters.truncations;
    release(*slot);
    forgot = true;
  }
  for (Pattern& pattern : patterns) {
    pattern.has_paths =
        pattern.has_paths &&
        (!forgot || std::ranges::any_of(by_path, [&](const auto& entry) { return pattern.matches(entry.first); }));
  }
}

}  // namespace ipguard::input
