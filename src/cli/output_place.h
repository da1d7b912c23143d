// OutputPlace: what a name of an output on the command line leads to.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ipguard::cli {

// The end of a chain of symbolic links; it need not be there.
struct OutputPlace {
  std::optional<int> descriptor;  // of this process: /dev/stdout, /dev/fd/N and the like (proc(5), /proc/self/fd)
  std::string path;               // otherwise: of what is no symbolic link

  // Errc::permission for a link in a folder that everybody may write into (/tmp) and where it is another user's: the
  // rule of fs.protected_symlinks (kernel, Documentation/admin-guide/sysctl/fs.rst), kept whatever the kernel is told.
  [[nodiscard]] static Result<OutputPlace> of(const std::string& name);
};

// Whether write_output() could write there now. Makes a file beside it and deletes it; opens nothing else, for who
// reads a named pipe takes it for ended when it is closed.
[[nodiscard]] Result<> check_output(const std::string& name);

// Writes all of `content`. A regular file, and what is not there yet, is replaced as a whole with mode `mode`, by
// rename in its own folder: links to it stay links. What is no regular file (a device, a named pipe) and a descriptor
// of ours are written into.
[[nodiscard]] Result<> write_output(const std::string& name, std::string_view content, mode_t mode);

}  // namespace ipguard::cli
