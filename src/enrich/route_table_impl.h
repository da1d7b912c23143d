// The inside of RouteTable. Included by its .cc files only.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "enrich/as_index.h"
#include "enrich/mmdb.h"
#include "enrich/route_table.h"

namespace ipguard::enrich {

struct RouteTable::Impl {
  std::vector<std::unique_ptr<Mmdb>> databases;
  Knowledge knowledge;
  // Built by the first caller that needs it.
  std::once_flag index_once;
  AsIndex index;
  std::atomic<bool> has_index = false;
  std::atomic<uint64_t> damaged = 0;

  void note_damage(const Mmdb& mmdb, const Error& error, uint64_t count = 1) {
    if (damaged.fetch_add(count) == 0) {
      log_warning("database " + printable(mmdb.path()) + " is damaged: " + printable(error.message) +
                  "; further damage is only counted");
    }
  }

  // The record of `address` in `mmdb`, damage noted and taken for no data. `network` gets the tree's answer.
  std::optional<uint32_t> find(const Mmdb& mmdb, const net::Address& address, std::optional<net::Prefix>& network) {
    const auto entry = mmdb.find(address);
    if (!entry) {
      note_damage(mmdb, entry.error());
      return std::nullopt;
    }
    network = entry->network;
    return entry->record;
  }

  const AsIndex& as_index() {
    std::call_once(index_once, [this] {
      std::vector<const Mmdb*> files;
      files.reserve(databases.size());
      for (const auto& file : databases) {
        files.push_back(file.get());
      }
      auto built = AsIndex::build(files);
      if (!built) {
        ++damaged;
        log_warning("no index of autonomous systems, none can be looked up or banned: " +
                    printable(built.error().message));
        return;
      }
      index = std::move(*built);
      damaged += index.damaged();
      has_index = true;
    });
    return index;
  }
};

}  // namespace ipguard::enrich
