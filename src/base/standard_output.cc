#include "base/standard_output.h"

#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <string>
#include <string_view>

namespace ipguard {

class StandardOutput::Buffer : public std::streambuf {
 public:
  [[nodiscard]] int reason() const { return reason_; }

 protected:
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    const std::string_view added(text, static_cast<size_t>(count));
    pending_.append(added);
    const bool due = pending_.size() >= most_pending || (terminal_ && added.find('\n') != std::string_view::npos);
    return reason_ == 0 && (!due || write_pending()) ? count : 0;
  }

  int_type overflow(int_type character) override {
    if (traits_type::eq_int_type(character, traits_type::eof())) {
      return traits_type::not_eof(character);
    }
    const char byte = traits_type::to_char_type(character);
    return xsputn(&byte, 1) == 1 ? character : traits_type::eof();
  }

  int sync() override { return write_pending() ? 0 : -1; }

 private:
  static constexpr size_t most_pending = 64U << 10;

  bool write_pending() {
    std::string_view rest = pending_;
    while (!rest.empty() && reason_ == 0) {
      const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
      if (written >= 0) {
        rest.remove_prefix(static_cast<size_t>(written));
      } else if (errno != EINTR) {
        reason_ = errno;
      }
    }
    pending_.clear();
    return reason_ == 0;
  }

  std::string pending_;
  int reason_ = 0;  // errno of the first write that failed
  bool terminal_ = ::isatty(STDOUT_FILENO) == 1;
};

StandardOutput::StandardOutput() : buffer_(std::make_unique<Buffer>()), before_(std::cout.rdbuf(buffer_.get())) {}

StandardOutput::~StandardOutput() {
  std::cout.flush();
  std::cout.rdbuf(before_);
}

Result<> StandardOutput::finish() {
  std::cout.flush();
  const int reason = buffer_->reason();
  if (reason == 0) {
    return {};
  }
  return reason == EPIPE ? fail("") : fail_errno("cannot write to standard output", reason);
}

}  // namespace ipguard
