#include "enrich/mmdb_metadata.h"

#include <maxminddb.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "enrich/mmdb_record.h"

namespace ipguard::enrich {
namespace {

// "Finding the metadata": the last marker within the last 128 KiB of the file.
constexpr std::string_view metadata_marker = "\xab\xcd\xefMaxMind.com";
constexpr uint64_t metadata_reach = 131072;
// The names of the nine required keys alone take more. libmaxminddb 1.7 computes `size - 3` unsigned on this size.
constexpr size_t smallest_metadata = 64;

Result<std::string> read_tail(const UniqueFd& fd, uint64_t size) {
  std::string tail(static_cast<size_t>(std::min(size, metadata_reach)), '\0');
  size_t filled = 0;
  while (filled < tail.size()) {
    const auto at = static_cast<off_t>(size - tail.size() + filled);
    const ssize_t count = ::pread(fd.get(), tail.data() + filled, tail.size() - filled, at);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return fail_errno("cannot read", errno);
    }
    if (count == 0) {
      return fail(Errc::corrupt, "the file became shorter while it was read");
    }
    filled += static_cast<size_t>(count);
  }
  return tail;
}

// `languages` must be an array of strings. libmaxminddb says so too, but before 1.9 loses the memory that it decoded.
Result<> verify_languages(const MMDB_s& section) {
  constexpr uint32_t most = 256;
  const auto value_at = [&](const char* index) {
    MMDB_entry_s start{.mmdb = &section, .offset = 0};
    MMDB_entry_data_s data{};
    const std::array<const char*, 3> path{"languages", index, nullptr};
    return MMDB_aget_value(&start, &data, path.data()) == MMDB_SUCCESS ? data : MMDB_entry_data_s{};
  };
  const auto languages = value_at(nullptr);
  bool sound = languages.type == MMDB_DATA_TYPE_ARRAY && languages.data_size <= most;
  for (uint32_t i = 0; sound && i < languages.data_size; ++i) {
    sound = value_at(std::to_string(i).c_str()).type == MMDB_DATA_TYPE_UTF8_STRING;
  }
  return sound ? Result<>() : fail(Errc::corrupt, "metadata: languages is no list of strings");
}

}  // namespace

Result<> verify_metadata(const DatabaseFile& file) {
  const auto& [fd, size] = file;
  const auto tail = read_tail(fd, size);
  if (!tail) {
    return std::unexpected(tail.error());
  }
  const size_t marker = tail->rfind(metadata_marker);
  if (marker == std::string::npos) {
    return fail(Errc::corrupt, "no metadata: truncated, or not an MMDB file");
  }
  const std::string_view metadata = std::string_view(*tail).substr(marker + metadata_marker.size());
  if (metadata.size() < smallest_metadata) {
    return fail(Errc::corrupt, "the metadata is truncated");
  }
  MMDB_s section{};
  section.data_section = reinterpret_cast<const uint8_t*>(metadata.data());
  section.data_section_size = static_cast<uint32_t>(metadata.size());
  uint64_t nodes = 0;
  uint64_t bits = 0;
  const FieldVisitor collect = [&](std::string_view key, const Scalar& value) {
    if (const auto* number = std::get_if<uint64_t>(&value)) {
      if (key == "node_count") {
        nodes = *number;
      } else if (key == "record_size") {
        bits = *number;
      }
    }
  };
  if (auto read = read_record(section, 0, collect); !read) {
    return std::unexpected(add_context(read, "metadata"));
  }
  if (auto languages = verify_languages(section); !languages) {
    return languages;
  }
  // MMDB_open() refuses other record sizes; a node count of 32 bits cannot overflow this product.
  if (nodes <= UINT32_MAX && bits <= 32 && nodes * bits / 4 + mmdb_separator > size) {
    return fail(Errc::corrupt, "the search tree (" + std::to_string(nodes) + " nodes of " + std::to_string(bits) +
                                   "-bit records) does not fit into the file's " + std::to_string(size) + " bytes");
  }
  return {};
}

}  // namespace ipguard::enrich
