#include "base/unpacker.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <new>
#include <optional>
#include <string>

namespace ipguard {

// One way of packing.
struct Unpacker::Format {
  Format() = default;
  virtual ~Format() = default;
  Format(const Format&) = delete;
  Format& operator=(const Format&) = delete;

  // Takes some of `in`, fills some of `room`, as much as it can at a time: how much was filled, also of a step that
  // ends in damage, which is told in `failure`.
  virtual size_t step(std::string_view& in, std::span<char> room) = 0;
  [[nodiscard]] virtual std::string_view name() const = 0;

  bool whole = false;            // at the end of a packed file: the input may end here, or another one may follow
  std::optional<Error> failure;  // nothing comes any more
};

namespace {

constexpr size_t piece = 64U << 10U;
constexpr uint64_t most_memory = 256U << 20U;
constexpr int gzip_window = 15 + 16;  // the largest one, with gzip's header (zlib.h, inflateInit2)

unsigned clamp_length(size_t length) { return static_cast<unsigned>(std::min<size_t>(length, UINT_MAX)); }

Error damaged(std::string_view name, const char* why = nullptr) {
  return {.code = Errc::corrupt,
          .message = "damaged " + std::string(name) + " data" + (why != nullptr ? std::string(": ") + why : "")};
}

struct Gzip : Unpacker::Format {
  Gzip() {
    if (::inflateInit2(&stream, gzip_window) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~Gzip() override { static_cast<void>(::inflateEnd(&stream)); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  [[nodiscard]] std::string_view name() const override { return "gzip"; }

  size_t step(std::string_view& in, std::span<char> room) override {
    while (whole && !in.empty() && in.front() == '\0') {  // padding, as tapes have it
      in.remove_prefix(1);
    }
    if (whole) {
      if (in.empty()) {
        return 0;
      }
      whole = false;
      static_cast<void>(::inflateReset(&stream));
    }
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));  // NOLINT: zlib writes nothing there
    stream.avail_in = clamp_length(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = clamp_length(room.size());
    const unsigned offered = stream.avail_in;
    const unsigned wanted = stream.avail_out;
    const int status = ::inflate(&stream, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
      failure = damaged(name(), stream.msg);
    }
    in.remove_prefix(offered - stream.avail_in);
    whole = status == Z_STREAM_END;
    return wanted - stream.avail_out;
  }

  z_stream stream{};
};

struct Xz : Unpacker::Format {
  Xz() { begin(); }
  ~Xz() override { ::lzma_end(&stream); }
  Xz(const Xz&) = delete;
  Xz& operator=(const Xz&) = delete;
  [[nodiscard]] std::string_view name() const override { return "xz"; }

  void begin() {
    if (::lzma_stream_decoder(&stream, most_memory, 0) != LZMA_OK) {
      throw std::bad_alloc();
    }
  }

  size_t step(std::string_view& in, std::span<char> room) override {
    while (whole && !in.empty() && in.front() == '\0') {  // stream padding
      in.remove_prefix(1);
    }
    if (whole) {
      if (in.empty()) {
        return 0;
      }
      whole = false;
      begin();
    }
    stream.next_in = reinterpret_cast<const uint8_t*>(in.data());
    stream.avail_in = in.size();
    stream.next_out = reinterpret_cast<uint8_t*>(room.data());
    stream.avail_out = room.size();
    const lzma_ret status = ::lzma_code(&stream, LZMA_RUN);
    if (status == LZMA_MEMLIMIT_ERROR) {
      failure = Error{.code = Errc::corrupt, .message = "the xz data wants more than 256 MiB of memory"};
    } else if (status != LZMA_OK && status != LZMA_STREAM_END && status != LZMA_BUF_ERROR) {
      failure = damaged(name());
    }
    in.remove_prefix(in.size() - stream.avail_in);
    whole = status == LZMA_STREAM_END;
    return room.size() - stream.avail_out;
  }

  lzma_stream stream = LZMA_STREAM_INIT;
};

struct Bzip2 : Unpacker::Format {
  Bzip2() { begin(); }
  ~Bzip2() override { static_cast<void>(::BZ2_bzDecompressEnd(&stream)); }
  Bzip2(const Bzip2&) = delete;
  Bzip2& operator=(const Bzip2&) = delete;
  [[nodiscard]] std::string_view name() const override { return "bzip2"; }

  void begin() {
    stream = {};
    if (::BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) {
      throw std::bad_alloc();
    }
  }

  size_t step(std::string_view& in, std::span<char> room) override {
    if (whole) {
      if (in.empty()) {
        return 0;
      }
      whole = false;
      static_cast<void>(::BZ2_bzDecompressEnd(&stream));
      begin();
    }
    stream.next_in = const_cast<char*>(in.data());  // NOLINT: libbz2 writes nothing there
    stream.avail_in = clamp_length(in.size());
    stream.next_out = room.data();
    stream.avail_out = clamp_length(room.size());
    const unsigned offered = stream.avail_in;
    const unsigned wanted = stream.avail_out;
    const int status = ::BZ2_bzDecompress(&stream);
    if (status == BZ_MEM_ERROR) {
      throw std::bad_alloc();
    }
    if (status != BZ_OK && status != BZ_STREAM_END) {
      failure = damaged(name());
    }
    in.remove_prefix(offered - stream.avail_in);
    whole = status == BZ_STREAM_END;
    return wanted - stream.avail_out;
  }

  bz_stream stream{};
};

struct Zstd : Unpacker::Format {
  Zstd() : stream(::ZSTD_createDStream()) {
    if (stream == nullptr) {
      throw std::bad_alloc();
    }
  }
  ~Zstd() override { static_cast<void>(::ZSTD_freeDStream(stream)); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;
  [[nodiscard]] std::string_view name() const override { return "zstd"; }

  // Windows over 128 MiB are refused by the library's default (ZSTD_WINDOWLOG_LIMIT_DEFAULT). A call that fails does
  // not say what it has written before: so a block is first unpacked into the library's own buffer, by a call without
  // room, and then taken from there, by a call without input, which has nothing to fail of.
  size_t step(std::string_view& in, std::span<char> room) override {
    if (in.empty() && (whole || !more)) {
      return 0;
    }
    if (!in.empty()) {
      ZSTD_inBuffer from{in.data(), in.size(), 0};
      ZSTD_outBuffer nothing{room.data(), 0, 0};
      const size_t status = ::ZSTD_decompressStream(stream, &nothing, &from);
      if (::ZSTD_isError(status) != 0) {
        failure = damaged(name(), ::ZSTD_getErrorName(status));
        return 0;
      }
      in.remove_prefix(from.pos);
      whole = status == 0;
      if (whole) {
        return 0;
      }
    }
    ZSTD_inBuffer none{nullptr, 0, 0};
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    const size_t status = ::ZSTD_decompressStream(stream, &to, &none);
    if (::ZSTD_isError(status) != 0) {
      failure = damaged(name(), ::ZSTD_getErrorName(status));
    }
    more = to.pos == to.size;
    return to.pos;
  }

  ZSTD_DStream* stream;
  bool more = false;  // there may be in the library's buffer
};

std::unique_ptr<Unpacker::Format> make_format(Packing packing) {
  switch (packing) {
    case Packing::gzip:
      return std::make_unique<Gzip>();
    case Packing::xz:
      return std::make_unique<Xz>();
    case Packing::bzip2:
      return std::make_unique<Bzip2>();
    case Packing::zstd:
      return std::make_unique<Zstd>();
    case Packing::none:
      break;
  }
  return nullptr;
}

}  // namespace

Packing packing_of(std::string_view beginning) {
  using namespace std::string_view_literals;
  if (beginning.starts_with("\x1f\x8b"sv)) {
    return Packing::gzip;
  }
  if (beginning.starts_with("\xfd"
                            "7zXZ\0"sv)) {
    return Packing::xz;
  }
  // "BZh", the block's size, and the first block's magic number, which text is unlikely to have.
  if (beginning.size() >= 5 && beginning.starts_with("BZh") && beginning[3] >= '1' && beginning[3] <= '9' &&
      (beginning[4] == '1' || beginning[4] == '\x17')) {
    return Packing::bzip2;
  }
  return beginning.starts_with("\x28\xb5\x2f\xfd"sv) ? Packing::zstd : Packing::none;
}

Unpacker::Unpacker(Packing packing) : format_(make_format(packing)) {}
Unpacker::~Unpacker() = default;

Result<size_t> Unpacker::unpack(std::string_view& bytes, std::span<char> room) {
  if (!format_) {
    const size_t count = std::min(bytes.size(), room.size());
    std::memcpy(room.data(), bytes.data(), count);
    bytes.remove_prefix(count);
    return count;
  }
  size_t filled = 0;
  while (filled < room.size() && !format_->failure) {
    const size_t before = bytes.size();
    const size_t made = format_->step(bytes, room.subspan(filled));
    filled += made;
    if (made == 0 && bytes.size() == before) {
      break;  // wants more input
    }
  }
  if (format_->failure) {
    bytes = {};
    if (filled == 0) {
      return std::unexpected(*format_->failure);
    }
  }
  return filled;
}

Result<> Unpacker::end() const {
  if (format_ && format_->failure) {
    return std::unexpected(*format_->failure);
  }
  if (!format_ || format_->whole) {
    return {};
  }
  return fail(Errc::corrupt, "the " + std::string(format_->name()) + " data ends too early");
}

Result<> Unpacker::feed(std::string_view bytes, const Take& take) {
  if (!format_) {
    return take(bytes);
  }
  std::string buffer(piece, '\0');
  for (size_t made = buffer.size(); made == buffer.size() || !bytes.empty();) {
    const Result<size_t> unpacked = unpack(bytes, buffer);
    if (!unpacked) {
      return std::unexpected(unpacked.error());
    }
    made = *unpacked;
    if (auto taken = take(std::string_view(buffer).substr(0, made)); !taken) {
      return taken;
    }
  }
  if (format_->failure) {
    return std::unexpected(*format_->failure);
  }
  return {};
}

}  // namespace ipguard
