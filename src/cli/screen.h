// Screen: a terminal that is drawn over and over, and what its user types meanwhile.
#pragma once

#include <termios.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ipguard::cli {

// From open() to the end of its life it has the terminal on standard output (its other page, cursor hidden) and takes
// keys from standard input, if that is a terminal, one by one and unseen. INT, TERM, HUP and QUIT end the wait instead
// of the program, so that the terminal is always given back as it was. One at a time.
class Screen {
 public:
  enum class Event : uint8_t { timeout, key, resized, quit };
  struct Size {
    size_t rows;
    size_t columns;
  };

  // Whether standard output is one.
  [[nodiscard]] static bool there();

  Screen() = default;
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  [[nodiscard]] Result<> open();
  [[nodiscard]] Size size() const;
  // Lines without line feeds, no longer than the screen is wide. False when nobody sees them any more.
  [[nodiscard]] bool draw(const std::vector<std::string>& lines);
  // Until something happens, at most so long. Ctrl-Z is done here.
  [[nodiscard]] Event wait(std::chrono::milliseconds most);
  // The last key.
  [[nodiscard]] char key() const { return key_; }

 private:
  void take_terminal();
  void give_terminal_back();
  [[nodiscard]] Event take_signal();
  void stop_for_a_while();

  bool taken_ = false;
  bool has_keys_ = false;
  char key_ = 0;
  termios before_{};
  sigset_t signals_before_{};
  UniqueFd signals_;
};

}  // namespace ipguard::cli
