#include "writer/nft_context.h"

#include <nftables/libnftables.h>

#include "base/text.h"

namespace ipguard::writer {

namespace {

// nft answers an error with its text, the script's line and a line of carets; the first line says it.
std::string first_line(const char* words) {
  const std::string_view text = words == nullptr ? "" : words;
  const std::string_view line = trim(text.substr(0, text.find('\n')));
  return line.empty() ? "nftables gave no reason" : printable(line);
}

}  // namespace

void NftContext::Deleter::operator()(nft_ctx* context) const { nft_ctx_free(context); }

Result<> NftContext::run(const std::string& script) {
  if (!context_) {
    context_.reset(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context_) {
      return fail("cannot set libnftables up");
    }
    if (nft_ctx_buffer_output(context_.get()) != 0 || nft_ctx_buffer_error(context_.get()) != 0) {
      context_.reset();
      return fail("cannot set libnftables up: no memory for its output");
    }
  }
  const int status = nft_run_cmd_from_buffer(context_.get(), script.c_str());
  // Reading the buffers empties them.
  const char* words = nft_ctx_get_error_buffer(context_.get());
  std::string reason = status == 0 ? std::string() : first_line(words);
  nft_ctx_get_output_buffer(context_.get());
  if (status != 0) {
    return fail("cannot change nftables: " + reason);
  }
  return {};
}

}  // namespace ipguard::writer
