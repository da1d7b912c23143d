#include "base/line_counter.h"

namespace ipguard {

uint64_t count_line_ends(std::string_view block) {
  LineCounter lines;
  size_t at = 0;
  for (; at + sizeof(ByteVector) <= block.size(); at += sizeof(ByteVector)) {
    lines.add(load_bytes(block.data() + at));
  }
  for (; at < block.size(); ++at) {
    lines.add_byte(block[at]);
  }
  return lines.total();
}

}  // namespace ipguard
