// Mmdb: one MaxMind DB file (format 2.0, https://maxmind.github.io/MaxMind-DB/). The only wrapper of libmaxminddb.
//
// A database is foreign bytes. What libmaxminddb does not bound by itself (a pointer fan-out in a record or in the
// metadata, cycles in the search tree, metadata of no length) is bounded or refused here, so that a corrupt or hostile
// file costs an error and never a crash, a hang or a read outside of it. The file is mapped: who runs for long has a
// copy mapped instead, because a file that shrinks under its mapping ends the process (SIGBUS).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "enrich/database_file.h"
#include "enrich/mmdb_record.h"
#include "net/address.h"
#include "net/prefix.h"

struct MMDB_s;

namespace ipguard::enrich {

// What the search tree says of an address.
struct TreeEntry {
  net::Prefix network;             // the leaf's network
  std::optional<uint32_t> record;  // offset of its record in the data section; nullopt for an empty leaf
};

// What one half of a node of the search tree leads to.
struct Branch {
  enum class Kind : uint8_t { empty, node, record };
  Kind kind = Kind::empty;
  uint32_t value = 0;  // the node's number, or the record's offset
};

struct Metadata {
  std::string type;
  std::string description;   // English, or the first one
  uint64_t build_epoch = 0;  // seconds since 1970, whatever the file says: up to 2^64 - 1
  uint32_t node_count = 0;
  unsigned record_size = 0;  // bits: 24, 28, 32
  unsigned ip_version = 0;   // 4, 6
};

// Immutable after open; all const members may be called from several threads at once.
class Mmdb {
 public:
  // Returns whether to go on.
  using NetworkVisitor = std::function<bool(const net::Prefix& network, uint32_t record)>;

  // Checks metadata and sizes, then nodes spread over the whole tree (all of them in a small file) and the records
  // that they point to; it does not read the whole file. Errc::corrupt with path and reason for a damaged file,
  // Errc::not_found, Errc::permission … for one that cannot be read, Errc::busy for one that is written to while it is
  // copied. Warns in the log about a file that everybody may write.
  [[nodiscard]] static Result<std::unique_ptr<Mmdb>> open(const std::string& path, const CopyFolder& copy_in = {});
  ~Mmdb();
  Mmdb(const Mmdb&) = delete;
  Mmdb& operator=(const Mmdb&) = delete;
  Mmdb(Mmdb&&) = delete;
  Mmdb& operator=(Mmdb&&) = delete;

  // The file's pages leave this process's memory until they are read again: the page cache has them.
  void let_pages_go() const;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const Metadata& metadata() const { return metadata_; }
  // Whether the tree has the addresses of `family` at all: an IPv4 database knows nothing about IPv6.
  [[nodiscard]] bool covers(net::Family family) const;

  // The leaf of `address`; ::/0 without a record when the database does not cover IPv6. In an IPv6 tree IPv4 lies
  // under ::/96; a leaf above it (::/64) holds all of IPv4 and is given as 0.0.0.0/0. Errc::corrupt when the way to
  // the leaf is damaged.
  [[nodiscard]] Result<TreeEntry> find(const net::Address& address) const;

  // The search tree by hand, for indexes: where the family's part of it begins (a node, or a leaf around all of it;
  // empty for IPv6 in an IPv4 database), and both halves of a node. Nothing here bounds a walk in a tree with cycles.
  [[nodiscard]] Branch root(net::Family family) const;
  [[nodiscard]] Result<std::array<Branch, 2>> branches(uint32_t node) const;

  // The scalars of a record, see read_record().
  [[nodiscard]] Result<> read(uint32_t record, const FieldVisitor& visit) const;

  // Calls `visit` for every network that has a record, until it returns false, in ascending order, IPv4 first. IPv4 is
  // visited once, under its own name: aliases of it (::ffff:0:0/96, 2002::/16, 2001::/32, 64:ff9b::/96) are left out.
  // Errc::corrupt when the tree is damaged or has cycles; some networks may have been visited by then.
  [[nodiscard]] Result<> walk(const NetworkVisitor& visit) const;
  // The same for what lies inside `prefix`; a network around it is given as `prefix` itself.
  [[nodiscard]] Result<> walk_within(const net::Prefix& prefix, const NetworkVisitor& visit) const;

 private:
  explicit Mmdb(std::string path);
  [[nodiscard]] Result<> verify() const;
  struct Place;
  [[nodiscard]] Result<> walk_from(const Place& start, const NetworkVisitor& visit) const;

  std::string path_;
  std::unique_ptr<MMDB_s> mmdb_;  // opened: closed by the destructor
  bool opened_ = false;
  Metadata metadata_;
};

}  // namespace ipguard::enrich
