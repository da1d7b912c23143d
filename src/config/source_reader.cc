// [[source]]: what is read.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "config/config_reader.h"

namespace ipguard::config {
namespace {

constexpr std::array<std::string_view, 2> start_names = {"end", "start"};

constexpr std::array<std::pair<std::string_view, SourceKind>, 3> kind_keys = {{
    {"paths", SourceKind::files},
    {"journal", SourceKind::journal},
    {"listen", SourceKind::listener},
}};

bool has_open_bracket(std::string_view glob) {
  // The first character behind '[' (or "[!") belongs to the set, even if it is ']': glob(7).
  for (size_t at = 0; at < glob.size(); ++at) {
    if (glob[at] == '\\') {
      ++at;
    } else if (glob[at] == '[') {
      const size_t first = at + (at + 1 < glob.size() && glob[at + 1] == '!' ? 2 : 1);
      at = glob.find(']', first + 1);
      if (at == std::string_view::npos) {
        return true;
      }
    }
  }
  return false;
}

// What would be waited for in vain.
void check_path(const Text& path, ReadContext& context) {
  check_from_root(path, context);
  if (has_open_bracket(path.text)) {
    context.warning(path.place, "paths: the '[' has no ']': it stands for itself",
                    "close it, as in \"/var/log/[a-z]*.log\", or write \"\\\\[\" for the character");
  }
}

// Which of the kinds the table is of: exactly one of the keys that say so is written.
std::optional<SourceKind> read_kind(TableReader& table, ReadContext& context) {
  std::optional<SourceKind> kind;
  for (const auto& [key, its_kind] : kind_keys) {
    if (table.find(key) == nullptr) {
      continue;
    }
    if (kind) {
      context.error(table.place_of(key), "a source has either paths or journal or listen",
                    "make a [[source]] of its own for '" + std::string(key) + "'");
      continue;
    }
    kind = its_kind;
  }
  if (!kind) {
    context.error(table.value().place, "a source needs paths (or journal, or listen)",
                  "add paths = [\"/var/log/nginx/*access.log\"]");
  }
  return kind;
}

// What is written and means nothing for the kind would be believed to have an effect.
void refuse_keys_of_others(TableReader& table, SourceKind kind) {
  struct Owned {
    std::string_view key;
    std::initializer_list<SourceKind> kinds;
    std::string_view whose;
  };
  const std::array<Owned, 7> owned = {{
      {"units", {SourceKind::journal}, "a source with `journal`"},
      {"identifiers", {SourceKind::journal}, "a source with `journal`"},
      {"fallback", {SourceKind::journal}, "a source with `journal`"},
      {"format",
       {SourceKind::files, SourceKind::standard_input, SourceKind::listener},
       "other sources: the journal's lines are always syslog's"},
      {"senders", {SourceKind::listener}, "a source with `listen`"},
      {"socket_mode", {SourceKind::listener}, "a source with `listen`"},
      {"from", {SourceKind::files, SourceKind::journal}, "files and the journal: here everything is read"},
  }};
  for (const auto& [key, kinds, whose] : owned) {
    if (const auto* value = table.find(key); value != nullptr && std::ranges::find(kinds, kind) == kinds.end()) {
      table.error(*value, key, "this is a key of " + std::string(whose), "take it out");
    }
  }
}

// What the sources before said.
struct Earlier {
  std::map<std::string, Place> names;
  std::map<std::string, std::pair<std::string, Place>> paths;  // whose, and where
};

// A file is followed once, however many sources name it.
void check_shared(const Text& path, const SourceConfig& source, Earlier& earlier, ReadContext& context) {
  const auto [first, fresh] = earlier.paths.try_emplace(path.text, source.name, path.place);
  const auto& [owner, place] = first->second;
  if (!fresh && owner != source.name) {
    context.warning(path.place,
                    "paths: " + in_quotes(path.text) + " is named by source '" + owner + "' already, at " +
                        location_text(context.location(place)) + ": its lines are read once, as that source's",
                    "take it out of one of the two");
  }
}

void read_paths(SourceConfig& source, TableReader& table, Earlier& earlier, ReadContext& context) {
  auto paths = table.texts("paths");
  for (const auto& path : paths) {
    if (path.text != "-") {
      check_path(path, context);
      check_shared(path, source, earlier, context);
    } else if (paths.size() == 1) {
      source.kind = SourceKind::standard_input;
      return;
    } else {
      context.error(path.place, "paths: \"-\" is standard input and takes a source of its own",
                    "make a [[source]] with paths = [\"-\"]");
    }
  }
  source.paths = plain(std::move(paths));
}

// "ssh" is ssh.service, as for journalctl(1) and systemctl(1).
std::string unit_name(std::string name) {
  // systemd.unit(5)
  constexpr std::array<std::string_view, 11> suffixes = {".service",   ".socket", ".device", ".mount",
                                                         ".automount", ".swap",   ".target", ".path",
                                                         ".timer",     ".slice",  ".scope"};
  const bool is_glob = name.find_first_of("*?[") != std::string::npos;
  const bool whole = std::ranges::any_of(suffixes, [&](std::string_view suffix) { return name.ends_with(suffix); });
  return is_glob || whole ? name : name + ".service";
}

void read_journal(SourceConfig& source, TableReader& table, Earlier& earlier, ReadContext& context) {
  if (const auto journal = table.text("journal")) {
    source.journal = *journal;
    if (source.journal != "system" && !source.journal.starts_with('/')) {
      table.error(*table.find("journal"), "journal", in_quotes(source.journal) + " is no journal",
                  "write \"system\", or the whole path of a folder of journal files");
    }
  }
  source.units = plain(table.texts("units", true));
  std::ranges::transform(source.units, source.units.begin(), unit_name);
  source.identifiers = plain(table.texts("identifiers", true));
  auto fallback = table.texts("fallback", true);
  for (const auto& path : fallback) {
    check_path(path, context);
    check_shared(path, source, earlier, context);
  }
  source.fallback = plain(std::move(fallback));
}

SourceConfig read_source(const Value& value, Earlier& earlier, ReadContext& context) {
  TableReader table(value, "[[source]]", context);
  SourceConfig source;
  source.location = context.location(value.place);
  source.format_location = context.location(table.place_of("format"));
  source.name = read_name(table, "source", "web", earlier.names);
  if (const auto kind = read_kind(table, context)) {
    source.kind = *kind;
    read_paths(source, table, earlier, context);
    read_journal(source, table, earlier, context);
    read_listener(source, table, context);
    refuse_keys_of_others(table, source.kind);
  }
  keep(source.format, table.text("format"));
  keep(source.from, table.choice("from", start_names));
  keep(source.max_line, table.size("max_line", 1U << 10, 16U << 20));
  read_reading(source, table, context);
  table.finish();
  return source;
}

}  // namespace

void check_from_root(const Text& path, ReadContext& context) {
  if (path.text.starts_with('~')) {
    context.error(path.place, "paths: '~' stands for itself here, not for a home folder",
                  "write the whole path, such as \"/home/NAME/x.log\"");
  } else if (!path.text.starts_with('/')) {
    context.warning(path.place, "paths: not from the root: looked for in whatever folder ipguardd is started in",
                    "write the whole path, such as \"/var/log/x.log\"");
  }
}

std::string read_name(TableReader& table, std::string_view what, std::string_view example,
                      std::map<std::string, Place>& names) {
  auto& context = table.context();
  const auto* written = table.find("name");
  if (written == nullptr) {
    context.error(table.value().place, "a " + std::string(what) + " needs a name",
                  "add name = \"" + std::string(example) + "\" (or what it is)");
    return {};
  }
  std::string name = table.label("name").value_or("");
  if (name.empty()) {
    return {};
  }
  const auto [first, fresh] = names.try_emplace(name, written->place);
  if (!fresh) {
    table.error(*written, "name", "another " + std::string(what) + " is called '" + name + "' already",
                "the first is at " + location_text(context.location(first->second)));
  }
  return name;
}

std::vector<SourceConfig> read_sources(TableReader& root, ReadContext& context) {
  std::vector<SourceConfig> sources;
  Earlier earlier;
  for (const auto* value : root.tables("source")) {
    sources.push_back(read_source(*value, earlier, context));
    if (sources.back().kind == SourceKind::standard_input &&
        std::ranges::count(sources, SourceKind::standard_input, &SourceConfig::kind) > 1) {
      context.error(value->place, "two sources read standard input", "there is only one: take one of them out");
    }
  }
  const auto* written = root.find("source");
  if (written == nullptr) {
    return default_sources();
  }
  if (written->type == Value::Type::array && written->items.empty()) {
    context.warning(
        written->place, "no [[source]]: no log is followed, only manual bans are possible",
        "take the line out to read the journal and the well-known logs, or add [[source]] with name and paths");
  }
  return sources;
}

}  // namespace ipguard::config
