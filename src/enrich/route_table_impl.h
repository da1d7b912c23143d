// The inside of RouteTable. Included by its .cc files only.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "enrich/lookup_index.h"
#include "enrich/mmdb.h"
#include "enrich/owner_index.h"
#include "enrich/route_table.h"

namespace ipguard::enrich {

struct RouteTable::Impl {
  std::vector<std::unique_ptr<Mmdb>> databases;
  Knowledge knowledge;
  // Each built by the first caller that needs it.
  struct LazyIndex {
    std::once_flag once;
    OwnerIndex index;
    std::atomic<bool> ready = false;
    std::atomic<bool> tried = false;  // ready, or it cannot be
  };
  LazyIndex systems;
  LazyIndex countries;
  std::once_flag lookups_once;
  std::vector<LookupIndex> lookups;
  std::atomic<bool> lookups_ready = false;
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

  std::vector<const Mmdb*> files() const {
    std::vector<const Mmdb*> result;
    result.reserve(databases.size());
    for (const auto& file : databases) {
      result.push_back(file.get());
    }
    return result;
  }

  // After a walk over all of the trees.
  void let_pages_go() const {
    for (const auto& file : databases) {
      file->let_pages_go();
    }
  }

  const OwnerIndex& owners(OwnerKind kind) {
    LazyIndex& lazy = kind == OwnerKind::asn ? systems : countries;
    std::call_once(lazy.once, [&] {
      auto built = OwnerIndex::build(kind, files());
      lazy.tried = !built;
      if (!built) {
        ++damaged;
        log_warning(std::string("no index of ") + (kind == OwnerKind::asn ? "autonomous systems" : "countries") +
                    ", none can be looked up or banned: " + printable(built.error().message));
        return;
      }
      let_pages_go();
      lazy.index = std::move(*built);
      damaged += lazy.index.damaged();
      lazy.ready = true;
      lazy.tried = true;
    });
    return lazy.index;
  }
};

}  // namespace ipguard::enrich
