// db: info and verify; build and update have files of their own.
#include <iostream>

#include "base/text.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/db_build.h"
#include "cli/db_update.h"
#include "cli/options.h"
#include "cli/table.h"
#include "enrich/database_check.h"

namespace ipguard::cli {
namespace {

struct DbOptions {
  std::vector<std::string> paths;
  BuildOptions build;
  UpdateOptions update;
  bool json = false;
};

Json metadata_json(const std::string& path, const enrich::Metadata& metadata) {
  constexpr uint64_t last_shown = 253402300799;  // 9999-12-31T23:59:59Z
  const auto built = std::chrono::seconds(std::min(metadata.build_epoch, last_shown));
  return {{"path", path},
          {"type", to_valid_utf8(metadata.type)},
          {"description", to_valid_utf8(metadata.description)},
          {"build_epoch", metadata.build_epoch},
          {"built", format_rfc3339(TimePoint(built))},
          {"ip_version", metadata.ip_version},
          {"record_size", metadata.record_size},
          {"node_count", metadata.node_count}};
}

void print_database(const Json& json, bool as_json, bool compact) {
  if (as_json) {
    print_json(json, compact);
    return;
  }
  constexpr size_t width = 16;
  for (const auto& [key, value] : json.items()) {
    const auto text = value.is_string() ? printable(value.get<std::string>()) : group_digits(value.get<uint64_t>());
    std::cout << key << ": " << std::string(width - std::min(key.size(), width), ' ') << text << '\n';
  }
}

Result<> show_each(const DbOptions& options, Result<Json> (*describe)(const std::string& path)) {
  bool whole = true;
  for (size_t i = 0; i < options.paths.size(); ++i) {
    const auto json = describe(options.paths[i]);
    if (!json) {
      std::cerr << "ipguardctl: " << json.error().message << '\n';
      whole = false;
      continue;
    }
    std::cout << (i > 0 && !options.json ? "\n" : "");
    print_database(*json, options.json, options.paths.size() > 1);
  }
  return whole ? Result<>() : fail("");
}

Result<Json> describe_metadata(const std::string& path) {
  const auto mmdb = enrich::Mmdb::open(path);
  return mmdb ? Result<Json>(metadata_json(path, (*mmdb)->metadata())) : std::unexpected(mmdb.error());
}

Result<Json> describe_contents(const std::string& path) {
  const auto contents = enrich::check_database(path);
  if (!contents) {
    return std::unexpected(contents.error());
  }
  Json json = metadata_json(path, contents->metadata);
  json["bytes"] = contents->file_bytes;
  json["ipv4_networks"] = contents->ipv4_networks;
  json["ipv6_networks"] = contents->ipv6_networks;
  json["records"] = contents->records;
  json["with_asn"] = contents->with_asn;
  json["with_country"] = contents->with_country;
  return json;
}

using DbAction = Result<> (*)(const DbOptions&);

CLI::App& add_db_command(CLI::App& app, const std::string& name, const std::string& summary, DbAction action,
                         const std::shared_ptr<DbAction>& chosen) {
  auto* sub = app.add_subcommand(name, summary);
  sub->callback([chosen, action] { *chosen = action; });
  return *sub;
}

void prepare_build(CLI::App& app, BuildOptions& options) {
  app.add_option("output", options.output, "the file to write")->type_name("FILE")->required();
  app.add_option("--base", options.base, "database whose networks come first")->type_name("FILE");
  app.add_option(
         "--from", options.sources,
         "table laid over it, repeatable. Schemas: ip-location-db-asn, ip-location-db-country, iptoasn, ipinfo, "
         "netblocks (your own: a header with network and any fields)")
      ->type_name("SCHEMA:FILE")
      ->allow_extra_args(false);
  app.add_option("--type", options.type, "the database's type")->type_name("TEXT")->capture_default_str();
  app.add_option("--description", options.description, "what it says of itself; put the sources' attribution here")
      ->type_name("TEXT")
      ->capture_default_str();
}

void prepare_update(CLI::App& app, UpdateOptions& options) {
  app.add_option("database", options.path, "the database to replace")->type_name("FILE")->required();
  app.add_option("--from", options.from, "URL (https, http, file) or file; {token} in it stands for the token")
      ->type_name("URL|FILE")
      ->required();
  app.add_option("--token-file", options.token_file, "holds the token; without it the environment's IPGUARD_TOKEN")
      ->type_name("FILE");
  app.add_flag("--force", options.force, "also take one that has shrunk, is older or has no known fields");
}

}  // namespace

Action prepare_db(CLI::App& app) {
  auto options = std::make_shared<DbOptions>();
  auto chosen = std::make_shared<DbAction>(nullptr);
  app.require_subcommand(1);
  auto& info = add_db_command(
      app, "info", "what a database says of itself",
      [](const DbOptions& all) { return show_each(all, describe_metadata); }, chosen);
  auto& verify = add_db_command(
      app, "verify", "read every node and record, and count",
      [](const DbOptions& all) { return show_each(all, describe_contents); }, chosen);
  for (auto* sub : {&info, &verify}) {
    sub->add_option("database", options->paths, "MMDB files")->type_name("FILE");
    sub->add_flag("--json", options->json, "one JSON document, or one object a line for several files");
  }
  auto& build = add_db_command(
      app, "build", "make a database out of tables and another database",
      [](const DbOptions& all) { return build_database(all.build, wall_clock_now()); }, chosen);
  prepare_build(build, options->build);
  auto& update = add_db_command(
      app, "update", "replace a database by a newer one, if that one is sound",
      [](const DbOptions& all) { return update_database(all.update); }, chosen);
  prepare_update(update, options->update);
  return [options, chosen]() -> Result<> {
    if (options->paths.empty()) {
      options->paths = config::Config{}.database_paths;
    }
    return (*chosen)(*options);
  };
}

}  // namespace ipguard::cli
