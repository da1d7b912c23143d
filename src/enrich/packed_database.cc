#include "enrich/packed_database.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/unpacker.h"

namespace ipguard::enrich {
namespace {

constexpr size_t block = 512;  // of a tar archive (POSIX.1-1988, "ustar Interchange Format")

bool is_archive(std::string_view beginning) { return beginning.size() >= block && beginning.substr(257, 5) == "ustar"; }

// What a header of an archive says of its member.
struct Member {
  std::string_view name;
  char type = 0;
  uint64_t size = 0;

  static Result<Member> parse(std::string_view header) {
    Member member{.name = header.substr(0, 100), .type = header[156]};
    member.name = member.name.substr(0, member.name.find('\0'));
    const auto digits = header.substr(124, 11);
    for (const char c : digits.substr(0, digits.find_first_of(std::string_view("\0 ", 2)))) {
      if (c < '0' || c > '7') {
        return fail(Errc::corrupt, "the tar archive is damaged: a member without a size");
      }
      member.size = member.size * 8 + static_cast<uint64_t>(c - '0');
    }
    return member;
  }
  [[nodiscard]] bool is_database() const { return (type == '0' || type == '\0') && name.ends_with(".mmdb"); }
};

// Takes what was unpacked, finds the database in it and writes that.
class DatabaseSink {
 public:
  DatabaseSink(int fd, uint64_t most_bytes) : fd_(fd), room_(most_bytes) {}

  Result<> take(std::string_view bytes) {
    if (bytes.size() > room_) {
      return fail(Errc::invalid, "more comes out of it than a database may be large");
    }
    room_ -= bytes.size();
    while (!bytes.empty()) {
      if (phase_ == Phase::header) {
        if (auto taken = take_header(bytes); !taken) {
          return taken;
        }
        continue;
      }
      const auto piece = bytes.substr(0, phase_ == Phase::plain ? bytes.size() : std::min(left_, bytes.size()));
      bytes.remove_prefix(piece.size());
      if (auto written = wanted_ ? write(piece) : Result<>(); !written) {
        return written;
      }
      left_ -= phase_ == Phase::member ? piece.size() : 0;
      if (phase_ == Phase::member && left_ == 0) {
        next_member();
      }
    }
    return {};
  }

  Result<> finish() {
    if (first_ && !header_.empty()) {
      return write(header_);  // shorter than a header of an archive
    }
    if (archive_ && !done_) {
      return wanted_ ? fail(Errc::corrupt, "the archive ends too early")
                     : fail(Errc::not_found, "the archive holds no .mmdb file");
    }
    return {};
  }

 private:
  enum class Phase : uint8_t { header, member, plain };

  Result<> take_header(std::string_view& bytes) {
    const auto piece = bytes.substr(0, block - header_.size());
    header_ += piece;
    bytes.remove_prefix(piece.size());
    if (header_.size() < block) {
      return {};
    }
    const std::string header = std::exchange(header_, {});
    if (std::exchange(first_, false) && !is_archive(header)) {
      phase_ = Phase::plain;
      wanted_ = true;
      return write(header);
    }
    archive_ = true;
    if (header.find_first_not_of('\0') == std::string::npos) {
      return {};  // the end of an archive is blocks of zeros
    }
    const auto member = Member::parse(header);
    if (!member) {
      return std::unexpected(member.error());
    }
    wanted_ = !done_ && member->is_database();
    // Contents fill whole blocks.
    padding_ = (block - member->size % block) % block;
    left_ = member->size;
    phase_ = Phase::member;
    if (left_ == 0) {
      next_member();
    }
    return {};
  }

  // Behind a member's content comes its padding, then the next header.
  void next_member() {
    done_ |= wanted_;
    wanted_ = false;
    left_ = std::exchange(padding_, 0);
    phase_ = left_ > 0 ? Phase::member : Phase::header;
  }

  Result<> write(std::string_view bytes) const { return write_all(fd_, bytes, "cannot write what was unpacked"); }

  int fd_;
  uint64_t room_;
  Phase phase_ = Phase::header;
  std::string header_;  // as far as it has come
  bool first_ = true;   // no header has come yet
  bool archive_ = false;
  bool wanted_ = false;  // the member, or all, is the database
  bool done_ = false;    // the database has come
  uint64_t left_ = 0;    // of the member
  uint64_t padding_ = 0;
};

}  // namespace

Result<bool> unpack_database(int from, int to, uint64_t most_bytes) {
  std::array<char, 64U << 10U> buffer;
  uint64_t at = 0;
  const auto read = [&]() -> Result<std::string_view> {
    const ssize_t count = read_at(from, buffer, at);
    if (count < 0) {
      return fail_errno("cannot read what came", errno);
    }
    at += static_cast<uint64_t>(count);
    return std::string_view(buffer.data(), static_cast<size_t>(count));
  };
  auto bytes = read();
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  const Packing packing = packing_of(*bytes);
  if (packing == Packing::none && !is_archive(*bytes)) {
    return false;
  }
  Unpacker unpacker(packing);
  DatabaseSink sink(to, most_bytes);
  const auto take = [&sink](std::string_view piece) { return sink.take(piece); };
  while (bytes && !bytes->empty()) {
    if (auto fed = unpacker.feed(*bytes, take); !fed) {
      return std::unexpected(fed.error());
    }
    bytes = read();
  }
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  if (auto whole = unpacker.end(); !whole) {
    return std::unexpected(whole.error());
  }
  if (auto found = sink.finish(); !found) {
    return std::unexpected(found.error());
  }
  return true;
}

}  // namespace ipguard::enrich
