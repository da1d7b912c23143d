// libnftables behind a small class: scripts in, errors as values; it never prints.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct nft_ctx;

namespace ipguard::writer {

// Owned by the loop thread. Creating it costs milliseconds, so it is created once, at the first script.
class NftContext {
 public:
  // Runs a script as one transaction. Errors carry nft's own words, made printable.
  [[nodiscard]] Result<> run(const std::string& script);

 private:
  struct Deleter {
    void operator()(nft_ctx* context) const;
  };
  std::unique_ptr<nft_ctx, Deleter> context_;
};

}  // namespace ipguard::writer
