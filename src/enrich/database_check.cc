#include "enrich/database_check.h"

#include <array>
#include <filesystem>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "enrich/schema.h"

namespace ipguard::enrich {

Result<DatabaseContents> check_database(const std::string& path) {
  auto opened = Mmdb::open(path);
  if (!opened) {
    return std::unexpected(std::move(opened.error()));
  }
  const Mmdb& mmdb = **opened;
  DatabaseContents contents{.metadata = mmdb.metadata()};
  std::error_code unknown;
  contents.file_bytes = std::filesystem::file_size(path, unknown);
  struct Has {
    bool asn = false;
    bool country = false;
  };
  std::unordered_map<uint32_t, Has> records;
  Result<> read;
  auto walked = mmdb.walk([&](const net::Prefix& network, uint32_t record) {
    const auto [known, is_new] = records.try_emplace(record);
    if (is_new) {
      const auto facts = read_facts(mmdb, record);
      if (!facts) {
        read = std::unexpected(facts.error());
        return false;
      }
      known->second = {.asn = facts->asn.has_value(), .country = !facts->country_code.empty()};
    }
    ++(network.family() == net::Family::ipv4 ? contents.ipv4_networks : contents.ipv6_networks);
    contents.with_asn += known->second.asn ? 1U : 0U;
    contents.with_country += known->second.country ? 1U : 0U;
    return true;
  });
  if (walked && !read) {
    walked = std::move(read);
  }
  if (!walked) {
    return std::unexpected(add_context(walked, "database " + printable(path)));
  }
  contents.records = records.size();
  return contents;
}

Result<> may_replace(const DatabaseContents& old, const DatabaseContents& fresh) {
  if (fresh.with_asn == 0 && fresh.with_country == 0) {
    return fail(Errc::invalid, "it has no AS and no country under the names that ipguard knows");
  }
  struct Count {
    std::string_view what;
    uint64_t old;
    uint64_t fresh;
  };
  for (const auto& [what, before, now] :
       std::array{Count{"networks", old.networks(), fresh.networks()},
                  Count{"networks with an AS", old.with_asn, fresh.with_asn},
                  Count{"networks with a country", old.with_country, fresh.with_country}}) {
    if (now < before - before / 5) {
      return fail(Errc::invalid,
                  "it has shrunk from " + group_digits(before) + " to " + group_digits(now) + ' ' + std::string(what));
    }
  }
  if (fresh.metadata.build_epoch < old.metadata.build_epoch) {
    return fail(Errc::invalid, "it was built before the one that is there");
  }
  return {};
}

}  // namespace ipguard::enrich
