#include "base/unpacker.h"

#include <lzma.h>
#include <zlib.h>

#include <array>
#include <new>
#include <string>

namespace ipguard {
namespace {

constexpr size_t piece = 64U << 10U;
constexpr uint64_t most_memory = 256U << 20U;
constexpr int gzip_window = 15 + 16;  // the largest one, with gzip's header (zlib.h, inflateInit2)

}  // namespace

Packing packing_of(std::string_view beginning) {
  using namespace std::string_view_literals;
  if (beginning.starts_with("\x1f\x8b"sv)) {
    return Packing::gzip;
  }
  return beginning.starts_with(
             "\xfd"
             "7zXZ\0"sv)
             ? Packing::xz
             : Packing::none;
}

struct Unpacker::Impl {
  explicit Impl(Packing how) : packing(how) {
    if ((packing == Packing::gzip && ::inflateInit2(&gzip, gzip_window) != Z_OK) ||
        (packing == Packing::xz && ::lzma_stream_decoder(&xz, most_memory, LZMA_CONCATENATED) != LZMA_OK)) {
      throw std::bad_alloc();
    }
  }
  ~Impl() {
    if (packing == Packing::gzip) {
      static_cast<void>(::inflateEnd(&gzip));
    } else if (packing == Packing::xz) {
      ::lzma_end(&xz);
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<> feed_gzip(std::string_view bytes, const Take& take);
  Result<> feed_xz(std::string_view bytes, lzma_action action, const Take& take);

  Packing packing;
  z_stream gzip{};
  lzma_stream xz = LZMA_STREAM_INIT;
  bool whole = false;  // gzip: between two packed files, or behind the last one
  std::array<uint8_t, piece> buffer{};
};

Result<> Unpacker::Impl::feed_gzip(std::string_view bytes, const Take& take) {
  gzip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT: zlib writes nothing there
  gzip.avail_in = static_cast<uInt>(bytes.size());
  do {
    if (whole && gzip.avail_in > 0) {
      if (*gzip.next_in == 0) {  // padding, as tapes have it
        ++gzip.next_in;
        --gzip.avail_in;
        continue;
      }
      whole = false;
      static_cast<void>(::inflateReset(&gzip));
    }
    gzip.next_out = buffer.data();
    gzip.avail_out = static_cast<uInt>(buffer.size());
    const int status = ::inflate(&gzip, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
      return fail(Errc::corrupt, std::string("damaged gzip data") + (gzip.msg != nullptr ? ": " : "") +
                                     (gzip.msg != nullptr ? gzip.msg : ""));
    }
    whole = status == Z_STREAM_END;
    const size_t made = buffer.size() - gzip.avail_out;
    if (auto taken = take({reinterpret_cast<const char*>(buffer.data()), made}); !taken) {
      return taken;
    }
  } while (gzip.avail_in > 0 || (gzip.avail_out == 0 && !whole));
  return {};
}

Result<> Unpacker::Impl::feed_xz(std::string_view bytes, lzma_action action, const Take& take) {
  xz.next_in = reinterpret_cast<const uint8_t*>(bytes.data());
  xz.avail_in = bytes.size();
  lzma_ret status = LZMA_OK;
  do {
    xz.next_out = buffer.data();
    xz.avail_out = buffer.size();
    status = ::lzma_code(&xz, action);
    if (status == LZMA_MEMLIMIT_ERROR) {
      return fail(Errc::corrupt, "the xz data wants more than 256 MiB of memory");
    }
    if (status != LZMA_OK && status != LZMA_STREAM_END && (status != LZMA_BUF_ERROR || action == LZMA_FINISH)) {
      return fail(Errc::corrupt, status == LZMA_BUF_ERROR ? "the xz data ends too early" : "damaged xz data");
    }
    if (auto taken = take({reinterpret_cast<const char*>(buffer.data()), buffer.size() - xz.avail_out}); !taken) {
      return taken;
    }
  } while (status == LZMA_OK && (xz.avail_in > 0 || xz.avail_out == 0 || action == LZMA_FINISH));
  return {};
}

Unpacker::Unpacker(Packing packing) : impl_(std::make_unique<Impl>(packing)) {}
Unpacker::~Unpacker() = default;

Result<> Unpacker::feed(std::string_view bytes, const Take& take) {
  switch (impl_->packing) {
    case Packing::gzip:
      return bytes.empty() ? Result<>() : impl_->feed_gzip(bytes, take);
    case Packing::xz:
      return bytes.empty() ? Result<>() : impl_->feed_xz(bytes, LZMA_RUN, take);
    case Packing::none:
      break;
  }
  return take(bytes);
}

Result<> Unpacker::finish(const Take& take) {
  if (impl_->packing == Packing::xz) {
    return impl_->feed_xz({}, LZMA_FINISH, take);
  }
  if (impl_->packing == Packing::gzip && !impl_->whole) {
    return fail(Errc::corrupt, "the gzip data ends too early");
  }
  return {};
}

}  // namespace ipguard
