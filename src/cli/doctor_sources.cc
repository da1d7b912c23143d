// What doctor finds of the sources: it reads the last lines of each file and the last entries of each journal.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/file.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "cli/doctor.h"
#include "cli/input_file.h"
#include "input/journal_files.h"
#include "input/journal_line.h"
#include "input/journal_sender.h"
#include "input/sd_journal.h"
#include "input/source_choice.h"
#include "match/source_reading.h"

namespace ipguard::cli {
namespace {

using Verdict = Finding::Verdict;

constexpr size_t sample_bytes = 64UL << 10;
constexpr size_t sample_lines = 200;
constexpr size_t sample_entries = 500;
constexpr size_t shown_names = 6;
// Of a glob: the rest is like them.
constexpr size_t most_files = 10;

// What a sample's lines turned out to be.
struct Sample {
  size_t lines = 0;
  size_t hits = 0;
  std::map<std::string, size_t> formats;  // "" = not recognised
  std::set<model::LogKind> kinds;
  std::map<std::string, size_t> programs;  // of syslog lines
};

class SampleReader {
 public:
  SampleReader(std::shared_ptr<const match::RuleSet> rules, const match::SourceReadings* readings, TimePoint now)
      : rules_(std::move(rules)), readings_(readings), now_(now) {}

  [[nodiscard]] Sample read(std::string_view lines, const config::SourceConfig& source) {
    Sample sample;
    match::Matcher matcher(rules_);
    const match::LineOptions options{.format = source.format,
                                     .reading = readings_ == nullptr ? nullptr : readings_->of_source(source.name)};
    for_each_line(lines, [&](std::string_view text) {
      matcher.match_line({.text = text}, options, now_, [&](const model::RawLine&, const match::LineResult& result) {
        ++sample.lines;
        sample.hits += result.hits.empty() ? 0U : 1U;
        ++sample.formats[std::string(result.event.format)];
        sample.kinds.insert(result.event.kind);
        if (const auto program = result.event[model::Field::program]; !program.empty()) {
          ++sample.programs[std::string(program)];
        }
      });
    });
    return sample;
  }

  // Whose lines such a log may hold. Applications' rules also read what their program says to syslog.
  [[nodiscard]] std::pair<size_t, std::set<std::string>> possible_rules(const Sample& sample) const {
    size_t count = 0;
    std::set<std::string> services;
    for (const auto& rule : rules_->rules()) {
      const bool program_fits = std::ranges::any_of(
          rule.programs, [&](const std::string& program) { return sample.programs.contains(program); });
      if (rule.log == model::LogKind::syslog || !rule.programs.empty() ? program_fits
                                                                       : sample.kinds.contains(rule.log)) {
        ++count;
        services.insert(rule.service);
      }
    }
    return {count, std::move(services)};
  }

 private:
  std::shared_ptr<const match::RuleSet> rules_;
  const match::SourceReadings* readings_;
  TimePoint now_;
};

template <typename Names>
std::string some_of(const Names& names) {
  std::string text;
  size_t shown = 0;
  for (const auto& name : names) {
    if (shown++ == shown_names) {
      return text + ", …";
    }
    text += (text.empty() ? "" : ", ") + printable(name);
  }
  return text;
}

// The most frequent first.
std::vector<std::pair<std::string, size_t>> by_count(const std::map<std::string, size_t>& counts) {
  std::vector<std::pair<std::string, size_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::greater<>{}, &std::pair<std::string, size_t>::second);
  return sorted;
}

std::string per_cent(size_t part, size_t whole) { return std::to_string(part * 100 / whole) + " %"; }

void add_rules(const SampleReader& reader, const Sample& sample, Finding& finding) {
  const auto [count, services] = reader.possible_rules(sample);
  finding.details["rules"] = count;
  finding.details["services"] = services;
  finding.text +=
      count == 0 ? "; no rule looks for such lines"
                 : "; " + counted(count, "rule looks", "rules look") + " for such lines (" + some_of(services) + ')';
  if (sample.hits > 0) {
    finding.text += ", and " + counted(sample.hits, "of the lines is", "of the lines are") + " hit";
  }
}

void judge_sample(const SampleReader& reader, const Sample& sample, Finding& finding) {
  const auto found = sample.formats.find("");
  const size_t unknown = found == sample.formats.end() ? 0 : found->second;
  Json formats = Json::object();
  std::string text;
  for (const auto& [format, count] : by_count(sample.formats)) {
    if (!format.empty()) {
      formats[format] = count * 100 / sample.lines;
      text += (text.empty() ? "" : ", ") + format + ' ' + per_cent(count, sample.lines);
    }
  }
  finding.details["lines"] = sample.lines;
  finding.details["formats"] = formats;
  finding.details["recognised_percent"] = (sample.lines - unknown) * 100 / sample.lines;
  finding.text += "the last " + counted(sample.lines, "line is", "lines are") + ' ' + text;
  if (unknown > 0) {
    finding.text += (text.empty() ? "" : ", ") + ("not recognised " + per_cent(unknown, sample.lines));
  }
  add_rules(reader, sample, finding);
  if (unknown * 2 > sample.lines) {
    finding.verdict = Verdict::problem;
    finding.remedy =
        "see the lines with 'ipguardctl match --all FILE'; name the source's format, or describe it in a [[format]]";
  }
}

// The last whole lines of a file.
Result<std::string> read_last_lines(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // NOLINT(*-vararg)
  struct stat info{};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) {
    return fail_errno("cannot be read", errno);
  }
  if (!S_ISREG(info.st_mode)) {
    return fail("is no file");
  }
  const auto size = static_cast<size_t>(info.st_size);
  const size_t begin = size - std::min(size, sample_bytes);
  std::string text(size - begin, '\0');
  const ssize_t count = ::pread(fd.get(), text.data(), text.size(), static_cast<off_t>(begin));
  if (count < 0) {
    return fail_errno("cannot be read", errno);
  }
  text.resize(static_cast<size_t>(count));
  if (begin > 0) {
    text.erase(0, text.find('\n') + 1);
  }
  text.erase(text.rfind('\n') + 1);  // one that is being written
  size_t lines = 0;
  for (size_t at = text.size(); at > 0; --at) {
    if (text[at - 1] == '\n' && ++lines > sample_lines) {
      return text.substr(at);
    }
  }
  return text;
}

void examine_file(const config::SourceConfig& source, const std::string& path, SampleReader* reader,
                  Findings& findings) {
  Finding finding{.subject = "source " + source.name,
                  .text = printable(path) + ": ",
                  .details = {{"source", source.name}, {"path", to_valid_utf8(path)}}};
  const auto lines = read_last_lines(path);
  finding.details["readable"] = lines.has_value();
  if (!lines) {
    finding.verdict = Verdict::problem;
    finding.text += printable(lines.error().message);
    finding.remedy =
        "run this as the user that ipguardd runs as (root); on Debian members of the group adm may read logs";
  } else if (lines->empty()) {
    finding.verdict = Verdict::note;
    finding.text += "readable, nothing in it yet";
  } else if (reader != nullptr) {
    judge_sample(*reader, reader->read(*lines, source), finding);
  } else {
    finding.text += "readable";
  }
  findings.push_back(std::move(finding));
}

// How many files there are.
size_t examine_files(const config::SourceConfig& source, SampleReader* reader, Findings& findings) {
  size_t total = 0;
  std::vector<std::string> missing;
  for (const auto& glob : source.paths) {
    const auto paths = expand_glob(glob);
    total += paths.size();
    for (size_t i = 0; i < paths.size() && i < most_files; ++i) {
      examine_file(source, paths[i], reader, findings);
    }
    if (paths.empty()) {
      missing.push_back(glob);
    } else if (paths.size() > most_files) {
      findings.push_back({.verdict = Verdict::note,
                          .subject = "source " + source.name,
                          .text = printable(glob) + ": " + counted(paths.size(), "file", "files") +
                                  ", of which the first were looked at"});
    }
  }
  if (!missing.empty()) {
    findings.push_back({.verdict = Verdict::note,
                        .subject = "source " + source.name,
                        .text = "not here, and waited for: " + some_of(missing),
                        .details = {{"source", source.name}, {"missing", missing}}});
  }
  return total;
}

struct JournalSample {
  std::string lines;
  size_t untrusted = 0;
  std::map<std::string, size_t> untrusted_names;
  std::map<std::string, size_t> services;
};

Result<JournalSample> read_last_entries(const config::SourceConfig& source) {
  auto journal = input::SdJournal::open(source.journal, source.max_line);
  if (!journal) {
    return std::unexpected(std::move(journal.error()));
  }
  if (auto sought = journal->seek_end(); !sought) {
    return std::unexpected(std::move(sought.error()));
  }
  JournalSample sample;
  const input::NamedSenders named{.units = source.units, .identifiers = source.identifiers};
  input::JournalEntry entry;
  input::JournalLine line;
  if (const auto back = journal->go_back(sample_entries); !back) {
    return std::unexpected(back.error());
  }
  for (auto more = journal->next(); more && *more; more = journal->next()) {
    if (!journal->read(entry) || !input::is_chosen(entry, named)) {
      continue;
    }
    const auto sender = input::attribute(entry, named);
    if (!sender.trusted) {
      ++sample.untrusted;
      ++sample.untrusted_names[std::string(entry[input::JournalField::identifier])];
      continue;
    }
    ++sample.services[std::string(sender.program)];
    const size_t begin = sample.lines.size();
    if (line.append(entry, sender, journal->received(), source.max_line, sample.lines)) {
      sample.lines.resize(begin);
    }
  }
  return sample;
}

std::vector<std::string> names_of(const std::map<std::string, size_t>& counts) {
  std::vector<std::string> names;
  for (const auto& [name, count] : by_count(counts)) {
    names.push_back(name);
  }
  return names;
}

// How many journal files there are that can be read.
size_t examine_journal(const config::SourceConfig& source, SampleReader* reader, Findings& findings) {
  const auto files = input::find_journal_files(source.journal);
  Finding finding{.subject = "source " + source.name,
                  .text = source.journal == "system" ? "the journal" : "the journal in " + printable(source.journal),
                  .details = {{"source", source.name}, {"journal", to_valid_utf8(source.journal)}}};
  const auto why_not = input::why_no_journal(files);
  finding.details["readable"] = why_not.empty();
  if (!why_not.empty()) {
    finding.verdict = files.unreadable.empty() ? Verdict::note : Verdict::problem;
    finding.text = printable(why_not) + (files.unreadable.empty() ? "; it is waited for" : "");
    finding.remedy = files.unreadable.empty()
                         ? ""
                         : "run this as the user that ipguardd runs as (root), or join the group systemd-journal";
    findings.push_back(std::move(finding));
    return 0;
  }
  const auto sample = read_last_entries(source);
  if (!sample) {
    finding.verdict = Verdict::problem;
    finding.text += ": " + printable(sample.error().message);
    finding.remedy = "journalctl --verify tells which file is corrupt";
    findings.push_back(std::move(finding));
    return 0;
  }
  finding.text += " (" + counted(files.readable.size(), "file", "files") + "): ";
  const bool asks = !source.units.empty() || !source.identifiers.empty();
  if (asks && sample->services.empty() && sample->untrusted == 0) {
    finding.verdict = Verdict::note;
    finding.text +=
        "none of its last " + group_digits(sample_entries) + " entries is of the units or identifiers asked for";
  } else {
    finding.text +=
        "its last entries are from " + (sample->services.empty() ? "nobody" : some_of(names_of(sample->services)));
  }
  finding.details["programs"] = sample->services;
  finding.details["untrusted"] = sample->untrusted;
  if (reader != nullptr) {
    const auto read = reader->read(sample->lines, source);
    finding.details["lines"] = read.lines;
    add_rules(*reader, read, finding);
  }
  if (sample->untrusted > 0) {
    finding.text += "; " + counted(sample->untrusted, "entry is", "entries are") +
                    " from senders who may not be who they say and count for nothing (" +
                    some_of(names_of(sample->untrusted_names)) + ')';
  }
  findings.push_back(std::move(finding));
  return files.readable.size();
}

}  // namespace

void examine_sources(const config::Config& config, const std::shared_ptr<const match::RuleSet>& rules, TimePoint now,
                     Findings& findings) {
  auto sources = config.sources;
  for (auto& sentence : input::choose_inputs(sources)) {
    findings.push_back({.verdict = Verdict::note, .subject = "choice", .text = std::move(sentence)});
  }
  config::Diagnostics ignored;  // examine_configuration() has told of them, --check does
  const auto readings = match::SourceReadings::compile(config.formats, sources, ignored);
  std::optional<SampleReader> reader;
  if (rules != nullptr) {
    reader.emplace(rules, readings.get(), now);
  }
  SampleReader* const use = reader ? &*reader : nullptr;
  size_t found = 0;
  for (const auto& source : sources) {
    switch (source.kind) {
      case config::SourceKind::files:
        found += examine_files(source, use, findings);
        break;
      case config::SourceKind::journal:
        found += examine_journal(source, use, findings);
        break;
      default:
        ++found;
        findings.push_back(
            {.subject = "source " + source.name, .text = "lines that others send or write: not looked at"});
    }
  }
  if (found == 0 && config.traps.empty()) {
    findings.push_back({.verdict = Verdict::problem,
                        .subject = "sources",
                        .text = "there is no log here that could be read: nothing can be recognised",
                        .remedy = "name the logs of this machine in a [[source]]"});
  }
}

}  // namespace ipguard::cli
