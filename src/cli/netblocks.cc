// netblocks: every known block around an address, narrowest first.
#include <filesystem>
#include <iostream>

#include "base/text.h"
#include "cli/command.h"
#include "cli/input_file.h"
#include "cli/netblocks_output.h"
#include "cli/options.h"

namespace ipguard::cli {
namespace {

constexpr size_t longest_address_line = 4096;
constexpr size_t netblocks_batch = 1024;

struct NetblocksOptions {
  std::vector<std::string> addresses;
  std::vector<std::string> files;
  std::vector<std::string> databases;
  bool json = false;
};

// One line of output for each address.
class BulkNetblocks {
 public:
  BulkNetblocks(enrich::NetblockFinder& finder, bool json)
      : lines_(finder, json), out_(json ? "" : NetblocksLines::header()) {}

  // The first word of each line; empty lines and those that begin with # say nothing.
  void take(std::string_view lines, bool truncated) {
    if (truncated) {
      ++number_;
      complain(lines);
      return;
    }
    for_each_line(lines, [this](std::string_view line) {
      ++number_;
      line = trim(line);
      line = line.substr(0, line.find_first_of(" \t,;"));
      if (line.empty() || line.front() == '#') {
        return;
      }
      if (const auto address = net::Address::parse(line)) {
        addresses_.push_back(*address);
        if (addresses_.size() == netblocks_batch) {
          answer();
        }
      } else {
        complain(line);
      }
    });
    answer();
  }

  [[nodiscard]] uint64_t refused() const { return refused_; }

 private:
  void answer() {
    lines_.append(out_, addresses_);
    std::cout << out_;
    out_.clear();
    addresses_.clear();
  }

  void complain(std::string_view text) {
    constexpr uint64_t most_told = 10;
    if (++refused_ <= most_told) {
      std::cerr << "ipguardctl: line " << number_ << ": '" << printable(text, 80) << "' is no IPv4 or IPv6 address\n";
    }
  }

  NetblocksLines lines_;
  std::string out_;
  std::vector<net::Address> addresses_;
  uint64_t number_ = 0;
  uint64_t refused_ = 0;
};

// How many addresses there are at least, where that can be told.
uint64_t addresses_in(const std::vector<std::string>& files) {
  constexpr uint64_t longest_ipv4_line = 16;
  uint64_t bytes = 0;
  for (const auto& file : files) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    bytes += error ? 0 : size;
  }
  return bytes / longest_ipv4_line;
}

Result<> netblocks_in_bulk(const NetblocksOptions& options, enrich::NetblockFinder& finder) {
  finder.expect(addresses_in(options.files));
  BulkNetblocks bulk(finder, options.json);
  auto read = read_files(options.files, longest_address_line,
                         [&](std::string_view lines, bool truncated) { bulk.take(lines, truncated); });
  if (read && bulk.refused() > 0) {
    return fail(Errc::invalid, counted(bulk.refused(), "line holds", "lines hold") + " no address");
  }
  return read;
}

}  // namespace

Action prepare_netblocks(CLI::App& app) {
  auto options = std::make_shared<NetblocksOptions>();
  app.add_option("address", options->addresses, "IPv4 or IPv6 addresses; none = one a line from standard input")
      ->type_name("ADDRESS");
  app.add_option("-f,--file", options->files, "file of addresses, the first word of each line; - is standard input")
      ->type_name("FILE")
      ->allow_extra_args(false);
  add_database_option(app, options->databases);
  app.add_flag("--json", options->json, "one JSON object a line");
  return [options]() -> Result<> {
    const auto addresses = parse_addresses(options->addresses);
    if (!addresses) {
      return std::unexpected(addresses.error());
    }
    auto routes = open_database(options->databases);
    if (!routes) {
      return std::unexpected(std::move(routes.error()));
    }
    enrich::NetblockFinder finder(std::move(*routes));
    if (addresses->empty() && options->files.empty()) {
      options->files.emplace_back("-");
    }
    JsonWriter json;
    enrich::NetblocksJson as_json(finder);
    for (size_t i = 0; i < addresses->size(); ++i) {
      const auto netblocks = finder.find((*addresses)[i]);
      if (options->json) {
        as_json.write(json, netblocks);
      } else {
        std::cout << (i > 0 ? "\n" : "") << netblocks_text(netblocks, finder);
      }
    }
    std::cout << json.take();
    return netblocks_in_bulk(*options, finder);
  };
}

}  // namespace ipguard::cli
