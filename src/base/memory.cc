#include "base/memory.h"

#include <malloc.h>

namespace ipguard {

void keep_memory_small() {
  constexpr int big_buffer = 256 << 10;
  mallopt(M_MMAP_THRESHOLD, big_buffer);
}

void release_free_memory() { (void)malloc_trim(0); }

}  // namespace ipguard
