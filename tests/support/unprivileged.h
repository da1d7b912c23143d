// Permissions do not bind root: acts as nobody while it lives, where the test runs as root.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

namespace ipguard {

class Unprivileged {
 public:
  Unprivileged() : done_(::geteuid() == 0 && ::seteuid(65534) == 0) {}
  ~Unprivileged() {
    if (done_ && ::seteuid(0) != 0) {
      ADD_FAILURE() << "cannot become root again";
    }
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  bool done_;
};

}  // namespace ipguard
