// import: a list of bans to the daemon, in portions that it takes.
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/file.h"
#include "base/text.h"
#include "cli/ban_list.h"
#include "cli/ban_options.h"
#include "cli/command.h"
#include "cli/table.h"
#include "control/client.h"
#include "model/issuer.h"

namespace ipguard::cli {
namespace {

struct ImportOptions : BanOptions {
  std::string file;
  std::string format = "auto";
};

constexpr uint64_t largest_list = 256ULL << 20;
// Of one request: its 16 MiB hold so many targets with all that may be said of them.
constexpr size_t portion = 20'000;
constexpr size_t refusals_told = 100;

Result<std::string> read_list(const std::string& path) {
  return path == "-" ? read_descriptor(STDIN_FILENO, "standard input", largest_list) : read_file(path, largest_list);
}

Json entry_of(const ListedBan& ban) {
  if (!ban.until && !ban.reason) {
    return ban.target;
  }
  Json entry = {{"target", ban.target}};
  if (ban.until) {
    entry["until"] = *ban.until;
  }
  if (ban.reason) {
    entry["reason"] = *ban.reason;
  }
  return entry;
}

void add_up(const Json& part, Json& sum) {
  sum["banned"] = sum["banned"].get<uint64_t>() + part.value("banned", uint64_t{0});
  sum["already"] = sum["already"].get<uint64_t>() + part.value("already", uint64_t{0});
  sum["refused"] = sum["refused"].get<uint64_t>() + part.value("refused", uint64_t{0});
  uint64_t more = sum["more_refusals"].get<uint64_t>() + part.value("more_refusals", uint64_t{0});
  for (const auto& refusal : part["refusals"]) {
    if (sum["refusals"].size() < refusals_told) {
      sum["refusals"].push_back(refusal);
    } else {
      ++more;
    }
  }
  sum["more_refusals"] = more;
  sum["dry_run"] = sum.value("dry_run", false) || part.value("dry_run", false);
}

Result<Json> send_list(const ImportOptions& options, const std::vector<ListedBan>& bans) {
  Json sum = {{"banned", 0U}, {"already", 0U}, {"refused", 0U}, {"refusals", Json::array()}, {"more_refusals", 0U}};
  Json arguments = ban_arguments(options);
  arguments["issuer"] = model::import_issuer;
  arguments["summary"] = true;
  for (size_t begin = 0; begin < bans.size(); begin += portion) {
    Json targets = Json::array();
    for (size_t i = begin; i < std::min(begin + portion, bans.size()); ++i) {
      targets.push_back(entry_of(bans[i]));
    }
    arguments["targets"] = std::move(targets);
    auto part = control::call(options.socket, {.command = "ban", .arguments = arguments}, 300);
    if (!part) {
      const std::string word = sum.value("dry_run", false) ? " would be banned, then: " : " were banned, then: ";
      const std::string done = begin == 0 ? "" : group_digits(sum["banned"].get<uint64_t>()) + word;
      return fail(part.error().code, done + part.error().message);
    }
    add_up(*part, sum);
  }
  return sum;
}

Result<> import_list(ImportOptions options) {
  if (auto checked = check_ban_options(options); !checked) {
    return checked;
  }
  const auto format = list_format_from(options.format);
  if (!format) {
    return fail(Errc::usage, "--format: " + in_quotes(options.format, 40) + " is none of auto, list, csv and json");
  }
  auto text = read_list(options.file);
  if (!text) {
    return std::unexpected(std::move(text.error()));
  }
  const auto list = read_ban_list(*text, *format, wall_clock_now());
  const std::string name = options.file == "-" ? "standard input" : printable(options.file);
  for (const auto& problem : list.problems) {
    std::cerr << name << ':' << problem << '\n';
  }
  if (!list.problems.empty()) {
    return fail(
        Errc::failed,
        (list.more_problems == 0 ? "" : "and " + counted(list.more_problems, "more problem", "more problems") + "; ") +
            std::string("nothing was imported"));
  }
  if (list.cut > 0) {
    std::cerr << name << ':' << list.first_cut << ": warning: the reason is longer than " << BanList::longest_reason
              << " bytes and is cut" << (list.cut == 1 ? "" : ", as are " + group_digits(list.cut - 1) + " more")
              << '\n';
  }
  if (list.bans.empty() && list.over == 0) {
    return fail(Errc::failed, name + " names no target");
  }
  auto summary = send_list(options, list.bans);
  if (!summary) {
    return std::unexpected(std::move(summary.error()));
  }
  (*summary)["over"] = list.over;
  if (options.json) {
    print_json(*summary);
  } else if (list.over > 0) {
    std::cout << group_digits(list.over) << " left out: their end has passed\n";
  }
  return print_ban_summary("banned", *summary, options.json);
}

}  // namespace

Action prepare_import(CLI::App& app) {
  auto options = std::make_shared<ImportOptions>();
  app.add_option("file", options->file,
                 "a list of targets, CSV or JSON; - is standard input; if a line is wrong, nothing is imported")
      ->type_name("FILE")
      ->required();
  app.add_option(
         "--format", options->format,
         "list (a target a line, # begins a comment), csv (columns target, until, reason, which go before --for and "
         "--reason) or json (as 'export' writes it)")
      ->type_name("auto|list|csv|json")
      ->capture_default_str();
  add_ban_options(app, *options);
  add_daemon_options(app, *options);
  return [options] { return import_list(*options); };
}

}  // namespace ipguard::cli
