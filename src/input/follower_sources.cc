// The sources of Follower: at the beginning, and others while it runs.
#include "input/follower_impl.h"

namespace ipguard::input {

void Follower::Impl::set_patterns(const std::vector<config::SourceConfig>& sources) {
  patterns.clear();
  for (const config::SourceConfig& source : sources) {
    for (const std::string& path : source.paths) {
      Pattern& pattern = patterns.emplace_back();
      pattern.config = &source;
      pattern.text = without_extra_slashes(path);
      pattern.wildcards = has_wildcards(pattern.text);
    }
  }
}

void Follower::Impl::change_sources(const std::vector<config::SourceConfig>& sources) {
  set_patterns(sources);
  assign_patterns();
  book.keep_only([this](const std::string& path) { return pattern_of(path) != nullptr; });
  const size_t known = slots.size();
  scan();
  for (size_t i = known; i < slots.size(); ++i) {
    slots[i]->there_at_start = exists(slots[i]->path);
  }
  examine_all();  // before files are dropped: one may go on under another path that leads to it
  drop_unnamed();
  settle();
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
    if (slot->config == nullptr) {
      slot->had_file = false;
      slot->waiting.clear();
      slot->read_error.clear();
      // Counted since its source was there: the next one begins at zero.
      slot->counters = {.name = {}, .path = slot->path, .state = {}};
    }
  }
}

}  // namespace ipguard::input
