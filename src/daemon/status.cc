#include "daemon/status.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>

#include "base/text.h"
#include "base/time.h"
#include "base/version.h"
#include "config/config.h"
#include "daemon/commands.h"
#include "daemon/database_watch.h"
#include "daemon/outlets.h"
#include "daemon/render_json.h"
#include "daemon/whois_service.h"
#include "enforce/nft_sets.h"

namespace ipguard::daemon {
namespace {

// As people can look for it from wherever they are. The daemon never changes its folder.
std::string absolute_path(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

Json database_json(const enrich::DatabaseInfo& info, TimePoint now) {
  return {{"path", info.path},
          {"type", info.type},
          {"build_epoch", info.build_epoch},
          {"age_days", enrich::age_days(info, now)},
          {"networks", info.networks ? Json(*info.networks) : Json(nullptr)},
          {"attribution", info.description}};
}

Json bans_json(const decide::Engine& engine) {
  Json json = Json::object();
  for (auto scope : model::all_scopes) {
    json[std::string(model::to_string(scope))] = engine.count(scope);
  }
  return json;
}

void put_dropped(const enforce::SetCounters& counters, Json& json) {
  for (size_t i = 0; i < enforce::sets.size(); ++i) {
    const auto& set = enforce::sets.at(i);
    const auto& counter = counters.at(i);
    json["dropped_by_set"][std::string(set.name)] = {{"packets", counter.packets}, {"bytes", counter.bytes}};
    Json& sum = json["dropped"][std::string(model::to_string(set.scope))];
    sum = sum.is_null() ? Json::object() : sum;
    sum = {{"packets", sum.value("packets", uint64_t{0}) + counter.packets},
           {"bytes", sum.value("bytes", uint64_t{0}) + counter.bytes}};
  }
}

Json kernel_json(const Guard& guard) {
  const auto repairs = guard.repairs();
  // In dry-run the kernel holds nothing of ours, however much the model does.
  Json json = {{"enforced", guard.dry_run() ? 0 : guard.enforcer().enforced()},
               {"wanted", guard.engine().wanted()},
               {"restorations", repairs.times},
               {"elements_restored", repairs.added},
               {"elements_removed", repairs.removed},
               {"elements_failing", guard.kernel_failures().elements()},
               {"elements_refused", guard.engine().refused_elements().count}};
  if (!guard.dry_run()) {
    const auto connections = guard.connections();
    json["connections_ended"] = connections.ended;
    json["bans_without_connections_ended"] = connections.skipped;
    if (auto counters = guard.enforcer().counters()) {
      put_dropped(*counters, json);
    }
  }
  return json;
}

Json indexes_json(const enrich::IndexSizes& sizes) {
  return {{"asn_bytes", sizes.systems}, {"country_bytes", sizes.countries}, {"lookup_bytes", sizes.lookups}};
}

Json whois_json(const WhoisService& service) {
  if (!service.running()) {
    return nullptr;
  }
  const auto& counters = service.server().counters();
  return {{"listen", service.listens_on()}, {"connections", service.server().connections()},
          {"queries", counters.queries},    {"bulk_rows", counters.rows},
          {"too_long", counters.too_long},  {"displaced", counters.displaced},
          {"timed_out", counters.timed_out}};
}

Json counters_json(const decide::EngineCounters& counters) {
  return {{"hits", counters.hits},
          {"hits_allowed", counters.hits_allowed},
          {"hits_banned", counters.hits_banned},
          {"offences", counters.offences},
          {"decisions", counters.decisions},
          {"refused", counters.refused},
          {"offenders", counters.offenders},
          {"offenders_evicted", counters.offenders_evicted},
          {"good_clients", counters.good_clients},
          {"good_clients_forgotten", counters.good_forgotten}};
}

// Where decisions are kept. A dry run's are in memory, as they should be.
Json state_json(const Guard& guard) {
  const State& state = guard.state();
  const std::string& problem = state.not_saved();
  return {{"path", guard.loaded().config.state_path},
          {"kept", state.store().on_disk() ? "on disk" : "in memory"},
          {"problem", problem.empty() ? Json(nullptr) : Json(problem)},
          {"unsaved_changes", state.unsaved_changes()},
          {"lost_changes", state.lost_changes()},
          {"bad_rows", state.store().bad_rows()},
          {"set_aside", state.store().set_aside().empty() ? Json(nullptr) : Json(state.store().set_aside())}};
}

void add_state_warnings(const State& state, std::vector<Warning>& warnings) {
  if (!state.trouble().empty()) {
    const std::string problem =
        "the state is kept in memory only, a restart forgets why bans were made and how far the logs were read: " +
        state.trouble();
    const auto again = state.next_try();
    warnings.emplace_back(
        problem + (again ? " (to be tried again at " + format_rfc3339(std::chrono::floor<Seconds>(*again)) + ")" : ""),
        problem);
  }
  if (!state.problem().empty()) {
    warnings.emplace_back("the state is not saved (changes waiting: " + std::to_string(state.unsaved_changes()) +
                              "), banning goes on: " + state.problem(),
                          "the state is not saved: " + state.problem());
  }
  if (state.lost_changes() > 0) {
    warnings.emplace_back(std::to_string(state.lost_changes()) + " changes were never saved: too many were waiting",
                          "changes were never saved");
  }
  if (!state.store().set_aside().empty()) {
    warnings.push_back("the state was corrupt; it was begun afresh and the old one moved to " +
                       state.store().set_aside());
  }
}

void add_source_warnings(const std::vector<model::SourceStatus>& sources, std::vector<Warning>& warnings) {
  for (const auto& source : sources) {
    if (source.lost_bytes > 0) {
      warnings.emplace_back(source.path + ": " + std::to_string(source.lost_bytes) + " bytes were lost",
                            source.path + ": bytes were lost");
    }
    if (source.name.starts_with("trap/") && source.state != "following") {
      warnings.push_back(source.name + ": " + source.state);
    }
    if (source.lost_messages > 0) {
      warnings.emplace_back(source.path + ": " + std::to_string(source.lost_messages) +
                                " messages came faster than they could be read, and the kernel dropped them",
                            source.path + ": messages were dropped");
    }
    if (source.losses_of_unknown_size > 0) {
      warnings.emplace_back(source.path + ": nobody knows how many lines were lost (times: " +
                                std::to_string(source.losses_of_unknown_size) +
                                "): the file was deleted or emptied while nobody followed it, or "
                                "the journal was vacuumed or is corrupt",
                            source.path + ": nobody knows how many lines were lost");
    }
    if (source.reread_bytes > 0) {
      warnings.emplace_back(source.path + ": " + std::to_string(source.reread_bytes) +
                                " bytes were perhaps read twice: the file was truncated and began again as before",
                            source.path + ": bytes were perhaps read twice");
    }
  }
  if (const auto waiting = std::ranges::count_if(sources, &model::SourceStatus::without_room); waiting > 0) {
    warnings.emplace_back(
        "files that are not followed because too many are open: " + std::to_string(waiting) +
            "; raise the limit of descriptors (LimitNOFILE= of the service, ulimit -Hn), or name fewer files",
        "files are not followed because too many are open");
  }
  if (std::ranges::none_of(sources, model::is_followed)) {
    warnings.emplace_back("no source is being followed: nothing can be recognised");
  }
}

void add_service_warnings(const CommandContext& context, std::vector<Warning>& warnings) {
  if (context.warnings) {
    std::ranges::move(context.warnings(), std::back_inserter(warnings));
  }
  if (!context.services) {
    return;
  }
  const auto services = context.services();
  if (const auto& problem = services.database_watch.problem(); !problem.empty()) {
    warnings.push_back("a replaced database is not taken over: " + problem);
  }
  if (!services.whois.problem().empty()) {
    warnings.push_back(services.whois.problem());
  }
  if (services.outlets != nullptr) {
    std::ranges::move(services.outlets->warnings(), std::back_inserter(warnings));
  }
}

std::vector<Warning> warnings_of(const CommandContext& context, const std::vector<model::SourceStatus>& sources,
                                 TimePoint now) {
  const Guard& guard = context.guard;
  std::vector<Warning> warnings;
  for (const auto& info : guard.loaded().routes->databases()) {
    if (const auto days = enrich::age_days(info, now); days >= enrich::old_database_days) {
      warnings.emplace_back("the database " + info.path + " is " + std::to_string(days) +
                                " days old; routes and owners have moved since: see README.md, \"The database\"",
                            "the database " + info.path + " is old");
    }
  }
  for (auto& sentence : config::unprotected(guard.loaded().config.protect)) {
    warnings.push_back(std::move(sentence));
  }
  add_state_warnings(guard.state(), warnings);
  if (guard.kernel_failures().any()) {
    warnings.emplace_back("not everything is enforced: " + guard.kernel_failures().problem(),
                          "not everything is enforced");
  }
  if (const auto refused = guard.engine().refused_elements(); refused.count > 0) {
    warnings.emplace_back("parts of active bans are not blocked (elements: " + std::to_string(refused.count) +
                              "), such as " + refused.example,
                          "parts of active bans are not blocked");
  }
  if (const auto problem = guard.connections().problem; !problem.empty()) {
    warnings.push_back("connections of the banned stay in the kernel's table: " + problem);
  }
  if (guard.doubtful_lines() > 0) {
    warnings.emplace_back(
        std::to_string(guard.doubtful_lines()) +
            " suspicious line(s) leave in doubt who the client is (an address in the virtual-host or user column): "
            "name the source's format, such as format = \"vhost-combined\"",
        "suspicious lines leave in doubt who the client is");
  }
  add_source_warnings(sources, warnings);
  add_service_warnings(context, warnings);
  return warnings;
}

}  // namespace

std::vector<Warning> status_warnings(const CommandContext& context, TimePoint now) {
  return warnings_of(context, context.sources(), now);
}

std::string announcement(const Guard& guard, const std::vector<model::SourceStatus>& sources) {
  size_t bans = 0;
  for (const auto scope : model::all_scopes) {
    bans += guard.engine().count(scope);
  }
  const auto files = std::ranges::count_if(sources, model::is_followed);
  const auto& loaded = guard.loaded();
  std::string notes;
  for (const auto& note : loaded.notes) {
    notes += "; " + note;
  }
  return "ipguardd " + std::string(version()) + (guard.dry_run() ? " in dry-run: " : " enforcing: ") +
         std::to_string(loaded.rules->rules().size()) + " rules, sources followed: " + std::to_string(files) +
         ", bans taken over: " + std::to_string(bans) + ", control socket " + loaded.config.control_socket + notes;
}

std::string standing(const Guard& guard) {
  size_t bans = 0;
  for (const auto scope : model::all_scopes) {
    bans += guard.engine().count(scope);
  }
  return (guard.dry_run() ? "dry run, " : "enforcing, ") + group_digits(bans) + " bans" +
         (guard.dry_run() ? "" : ", " + group_digits(guard.enforcer().enforced()) + " elements in the kernel");
}

Json status_json(const CommandContext& context, TimePoint now) {
  const Guard& guard = context.guard;
  const auto sources = context.sources();
  Json source_list = Json::array();
  for (const auto& source : sources) {
    source_list.push_back(to_json(source));
  }
  const auto& databases = guard.loaded().routes->databases();
  Json more_databases = Json::array();
  for (size_t i = 1; i < databases.size(); ++i) {
    more_databases.push_back(database_json(databases[i], now));
  }
  Json sentences = Json::array();
  for (const auto& warning : warnings_of(context, sources, now)) {
    sentences.push_back(warning.sentence);
  }
  Json whois = nullptr;
  Json http = nullptr;
  Json notify = Json::array();
  if (context.services) {
    const auto services = context.services();
    whois = whois_json(services.whois);
    if (services.outlets != nullptr) {
      http = services.outlets->http_json();
      notify = services.outlets->notify_json();
    }
  }
  return {{"version", version()},
          {"mode", config::to_string(config::mode_of(guard.dry_run()))},
          {"started", format_rfc3339(context.started)},
          {"uptime_seconds", std::chrono::floor<Seconds>(now - context.started).count()},
          {"configuration", absolute_path(guard.loaded().config.path)},
          {"notes", guard.loaded().notes},
          {"rules", guard.loaded().rules->rules().size()},
          {"sources", std::move(source_list)},
          {"bans", bans_json(guard.engine())},
          {"kernel", kernel_json(guard)},
          {"database", databases.empty() ? Json(nullptr) : database_json(databases.front(), now)},
          {"more_databases", std::move(more_databases)},
          {"indexes", indexes_json(guard.loaded().routes->index_sizes())},
          {"whois", std::move(whois)},
          {"losses", guard.state().losses().to_json()},
          {"http", std::move(http)},
          {"notify", std::move(notify)},
          {"state", state_json(guard)},
          {"counters", counters_json(guard.engine().counters())},
          {"doubtful_lines", guard.doubtful_lines()},
          {"reading", guard.reading_tally().to_json(guard.loaded().config.sources)},
          {"warnings", std::move(sentences)}};
}

}  // namespace ipguard::daemon
