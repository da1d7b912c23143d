// Files and standard input, read line by line in blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ipguard::cli {

// Whole lines, each ended by LF; or, `truncated`, the beginning of a line longer than the limit, without its end.
using TakeLines = std::function<void(std::string_view lines, bool truncated)>;

// Reads one file ("-" is standard input) to its end or until stdout takes no more, and flushes stdout after each
// read: who feeds lines one by one wants the answers so. The last line may lack its LF. What is packed
// (base/unpacker.h) is unpacked.
[[nodiscard]] Result<> read_lines(const std::string& file, size_t max_line, const TakeLines& take);

// The same for each file; one that cannot be read is told on stderr, and the result is an error without a message.
[[nodiscard]] Result<> read_files(const std::vector<std::string>& files, size_t max_line, const TakeLines& take);

// The lines of such a block, one by one, without their ends (LF, CRLF).
void for_each_line(std::string_view lines, const std::function<void(std::string_view line)>& visit);

}  // namespace ipguard::cli
