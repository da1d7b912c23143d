#include "daemon/metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "base/version.h"
#include "enforce/nft_sets.h"
#include "model/ending.h"

namespace ipguard::daemon {
namespace {

using http::ExpositionWriter;
using enum http::MetricType;

uint64_t open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), &::closedir);
  uint64_t count = 0;
  while (folder != nullptr && ::readdir(folder.get()) != nullptr) {
    ++count;
  }
  return count < 3 ? 0 : count - 3;  // ".", ".." and the folder's own
}

uint64_t resident_bytes() {
  const auto text = read_file("/proc/self/statm").value_or("");
  const auto words = split(text, ' ');
  const auto pages = words.size() > 1 ? parse_number(words[1]) : std::nullopt;
  return pages.value_or(0) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

void add_process(ExpositionWriter& out, const MetricsInput& input) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  out.family(gauge, "build_info", "Which ipguardd this is; always 1.");
  out.sample(uint64_t{1}, {{"version", version()}});
  out.family(gauge, "enforcing", "1 where bans go into the kernel, 0 in a dry run.");
  out.sample(uint64_t{input.guard.dry_run() ? 0U : 1U});
  out.family(gauge, "process_start_time_seconds", "When the daemon started, since the epoch.", "seconds");
  out.sample(std::chrono::duration<double>(input.started.time_since_epoch()).count());
  out.family(counter, "process_cpu_seconds", "Processor time used, user and system.", "seconds");
  out.sample(seconds(usage.ru_utime) + seconds(usage.ru_stime));
  out.family(gauge, "process_resident_memory_bytes", "Memory in use.", "bytes");
  out.sample(resident_bytes());
  out.family(gauge, "process_open_fds", "Descriptors in use.");
  out.sample(open_descriptors());
}

// Of a number that each source has.
struct SourceMetric {
  http::MetricType type;
  std::string_view name;
  std::string_view help;
  std::string_view unit;
  uint64_t model::SourceStatus::* value;
};
constexpr std::array<SourceMetric, 13> source_metrics = {{
    {counter, "lines", "Complete lines read.", "", &model::SourceStatus::lines},
    {counter, "read_bytes", "Bytes read.", "bytes", &model::SourceStatus::bytes},
    {counter, "source_hits", "Hits of rules that look for attacks; of those who are allowed or banned, too.", "",
     &model::SourceStatus::hits},
    {counter, "lost_bytes", "Bytes known to have been written and never read.", "bytes",
     &model::SourceStatus::lost_bytes},
    {counter, "losses_of_unknown_size", "Files that were gone or emptied while nobody looked.", "",
     &model::SourceStatus::losses_of_unknown_size},
    {counter, "reread_bytes", "Bytes perhaps read twice.", "bytes", &model::SourceStatus::reread_bytes},
    {counter, "lost_messages", "Messages that the kernel dropped before they could be read.", "",
     &model::SourceStatus::lost_messages},
    {counter, "refused_messages", "Messages of senders that may not send.", "", &model::SourceStatus::refused_messages},
    {counter, "untrusted_lines", "Journal entries whose sender may not be who he says he is.", "",
     &model::SourceStatus::untrusted_lines},
    {counter, "overlong_lines", "Lines longer than the bound, cut.", "", &model::SourceStatus::overlong_lines},
    {counter, "rotations", "Files that were rotated.", "", &model::SourceStatus::rotations},
    {counter, "truncations", "Files that were truncated.", "", &model::SourceStatus::truncations},
    {gauge, "behind_bytes", "Bytes written and not read yet: the depth of the queue that a log is.", "bytes",
     &model::SourceStatus::behind_bytes},
}};

void add_sources(ExpositionWriter& out, const MetricsInput& input) {
  // A glob has many files: their paths would be labels without a bound.
  std::map<std::string, std::array<uint64_t, source_metrics.size()>> sums;
  std::map<std::string, uint64_t> followed;
  for (const auto& source : input.sources) {
    auto& sum = sums[source.name];
    for (size_t i = 0; i < source_metrics.size(); ++i) {
      sum.at(i) += source.*source_metrics.at(i).value;
    }
    followed[source.name] += model::is_followed(source) ? source.files : 0;
  }
  for (size_t i = 0; i < source_metrics.size(); ++i) {
    const auto& metric = source_metrics.at(i);
    out.family(metric.type, metric.name, metric.help, metric.unit);
    for (const auto& [name, sum] : sums) {
      out.sample(sum.at(i), {{"source", name}});
    }
  }
  out.family(gauge, "followed_files", "Files (or other inputs) open and read.");
  for (const auto& [name, files] : followed) {
    out.sample(files, {{"source", name}});
  }
  const auto reading = input.guard.reading_tally().to_json(input.guard.loaded().config.sources);
  constexpr std::array<std::pair<const char*, std::string_view>, 4> tallies = {{
      {"unread_lines", "Lines that looked like attacks and do not fit their source's format."},
      {"doubtful_lines", "Lines that looked like attacks and left in doubt who the client is."},
      {"stamps_ahead", "Hits stamped in the future."},
      {"stale_hits", "Hits so old that they ban nobody."},
  }};
  for (const auto& [key, help] : tallies) {
    out.family(counter, key, help);
    for (const auto& entry : reading) {
      out.sample(entry[key].get<uint64_t>(), {{"source", entry["source"].get_ref<const std::string&>()}});
    }
  }
}

void add_rules(ExpositionWriter& out, const Guard& guard) {
  const auto tally = guard.tally().to_json(guard.loaded().rules->rules(), guard.loaded().traps);
  out.family(counter, "rule_hits", "Events that matched the rule.");
  for (const auto& entry : tally) {
    out.sample(entry["hits"].get<uint64_t>(), {{"rule", entry["rule"].get_ref<const std::string&>()}});
  }
  out.family(counter, "rule_offences", "Times that an offender crossed the rule's threshold.");
  for (const auto& entry : tally) {
    out.sample(entry["offences"].get<uint64_t>(), {{"rule", entry["rule"].get_ref<const std::string&>()}});
  }
}

void add_engine(ExpositionWriter& out, const Guard& guard) {
  const auto& counters = guard.engine().counters();
  const auto count = [&out](std::string_view name, std::string_view help, uint64_t value) {
    out.family(counter, name, help);
    out.sample(value);
  };
  const auto level = [&out](std::string_view name, std::string_view help, uint64_t value) {
    out.family(gauge, name, help);
    out.sample(value);
  };
  count("hits", "Hits that were judged: of those who are allowed or banned, too.", counters.hits);
  count("hits_allowed", "Hits of who is on the allowlist or protected.", counters.hits_allowed);
  count("hits_banned", "Hits of who was banned already.", counters.hits_banned);
  count("offences", "Offences: thresholds crossed.", counters.offences);
  count("refused_decisions", "Decisions that were considered and refused.", counters.refused);
  count("offenders_evicted", "Offenders given up because there were too many.", counters.offenders_evicted);
  count("good_clients_forgotten", "Good clients given up because there were too many.", counters.good_forgotten);
  level("offenders", "Pairs of rule and address that are being counted.", counters.offenders);
  level("good_clients", "Good clients that are known.", counters.good_clients);
  const auto& measured = guard.measurements();
  out.family(counter, "decisions", "Bans that began or were renewed.");
  for (const auto scope : model::all_scopes) {
    out.sample(measured.begun.at(static_cast<size_t>(scope)), {{"scope", model::to_string(scope)}});
  }
  out.family(counter, "decisions_ended", "Bans that ended: expired, lifted, or refused right before the kernel.");
  for (const auto scope : model::all_scopes) {
    for (const auto ending : model::all_endings) {
      out.sample(measured.ended.at(static_cast<size_t>(scope)).at(static_cast<size_t>(ending)),
                 {{"scope", model::to_string(scope)}, {"ending", model::to_string(ending)}});
    }
  }
  out.family(gauge, "active_bans", "Bans in force.");
  for (const auto scope : model::all_scopes) {
    out.sample(uint64_t{guard.engine().count(scope)}, {{"scope", model::to_string(scope)}});
  }
}

void add_dropped(ExpositionWriter& out, const Guard& guard) {
  const auto counters = guard.dry_run() ? fail("nothing is dropped") : guard.enforcer().counters();
  if (!counters) {
    return;
  }
  const auto add = [&](std::string_view name, std::string_view help, std::string_view unit,
                       uint64_t enforce::DropCounters::* value) {
    out.family(counter, name, help, unit);
    for (size_t i = 0; i < enforce::sets.size(); ++i) {
      const auto& set = enforce::sets.at(i);
      out.sample((*counters).at(i).*value, {{"scope", model::to_string(set.scope)},
                                            {"family", set.family == net::Family::ipv4 ? "ipv4" : "ipv6"}});
    }
  };
  add("dropped_packets", "Packets of the banned that the kernel dropped.", "", &enforce::DropCounters::packets);
  add("dropped_bytes", "Bytes of those packets.", "bytes", &enforce::DropCounters::bytes);
}

void add_kernel(ExpositionWriter& out, const Guard& guard) {
  const auto repairs = guard.repairs();
  const auto& measured = guard.measurements();
  const auto level = [&out](std::string_view name, std::string_view help, uint64_t value) {
    out.family(gauge, name, help);
    out.sample(value);
  };
  level("wanted_elements", "Elements of nftables sets that ought to be in force.", guard.engine().wanted());
  level("enforced_elements", "Elements that the kernel holds.", guard.dry_run() ? 0 : guard.enforcer().enforced());
  level("failing_elements", "Elements that the kernel did not take.", guard.kernel_failures().elements());
  level("refused_elements", "Elements of bans that the last check keeps out.", guard.engine().refused_elements().count);
  level("pending_elements", "Changes that wait for the kernel.", guard.engine().pending());
  level("unsaved_changes", "Changes that wait for the state.", guard.state().unsaved_changes());
  out.family(counter, "lost_changes", "Changes that the state never took.");
  out.sample(guard.state().lost_changes());
  out.family(counter, "kernel_changes", "Elements that the kernel took or gave up.");
  out.sample(measured.elements_added, {{"operation", "add"}});
  out.sample(measured.elements_removed, {{"operation", "remove"}});
  out.family(counter, "kernel_repairs", "Times that the table was changed by others, and mended.");
  out.sample(repairs.times);
  if (!guard.dry_run()) {
    out.family(counter, "ended_connections", "Connections of the banned that were ended.");
    out.sample(guard.connections().ended);
  }
  add_dropped(out, guard);
  const auto add = [&out](std::string_view name, std::string_view help, const auto& histogram_of) {
    out.family(histogram, name, help, "seconds");
    out.histogram({.bounds = histogram_of.bounds(), .counts = histogram_of.counts(), .sum = histogram_of.sum()});
  };
  add("kernel_transaction_seconds", "Time of a transaction with the kernel.", measured.kernel_seconds);
  add("line_seconds", "Time to judge a line, the mean of the block that it was read in.", measured.line_seconds);
}

void add_databases(ExpositionWriter& out, const Guard& guard) {
  out.family(gauge, "database_build_timestamp_seconds", "When the database was built, since the epoch.", "seconds");
  for (const auto& database : guard.loaded().routes->databases()) {
    out.sample(database.build_epoch, {{"path", database.path}});
  }
}

void add_outlets(ExpositionWriter& out, const MetricsInput& input) {
  using notify::SinkCounters;
  const auto add = [&](http::MetricType type, std::string_view name, std::string_view help, auto value) {
    out.family(type, name, help);
    for (const auto& sink : input.sinks) {
      out.sample(uint64_t{sink.counters.*value}, {{"name", sink.name}});
    }
  };
  if (!input.sinks.empty()) {
    add(counter, "notifications_delivered", "Events that went out.", &SinkCounters::delivered);
    add(counter, "notifications_failed", "Events that were answered with a failure.", &SinkCounters::failed);
    add(counter, "notifications_dropped", "Events given up: too many waited, or for too long.", &SinkCounters::dropped);
    add(gauge, "notifications_waiting", "Events that wait.", &SinkCounters::waiting);
  }
  const auto count = [&out](std::string_view name, std::string_view help, uint64_t value) {
    out.family(counter, name, help);
    out.sample(value);
  };
  if (input.http != nullptr) {
    count("http_requests", "Requests answered.", input.http->counters().requests);
    count("http_foreign_hosts", "Requests turned away: for a host that is not this one.",
          input.http->counters().foreign_hosts);
  }
  if (input.whois != nullptr) {
    count("whois_queries", "Whois queries answered.", input.whois->counters().queries);
  }
}

}  // namespace

std::string metrics_text(const MetricsInput& input, http::Exposition format) {
  ExpositionWriter out(format);
  add_process(out, input);
  add_sources(out, input);
  add_rules(out, input.guard);
  add_engine(out, input.guard);
  add_kernel(out, input.guard);
  add_databases(out, input.guard);
  add_outlets(out, input);
  return std::move(out).finish();
}

}  // namespace ipguard::daemon
