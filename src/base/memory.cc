#include "base/memory.h"

#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <span>
#include <string>

namespace ipguard {
namespace {

// proc(5): 0 where nobody traces us.
bool is_traced() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("TracerPid:")) {
      return line.find_first_of("123456789") != std::string::npos;
    }
  }
  return true;  // nobody knows
}

// Whether the loader has written into what is otherwise the same as the file (elf(5), DT_TEXTREL).
bool has_text_relocations(const dl_phdr_info& object, const ElfW(Phdr) & dynamic) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): where the loader has put it
  const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + dynamic.p_vaddr);
  for (; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0)) {
      return true;
    }
  }
  return false;
}

// Whole pages alone: what shares a page with a writable segment is that segment's.
void release(const dl_phdr_info& object, const ElfW(Phdr) & segment) {
  static const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (object.dlpi_addr + segment.p_vaddr + page - 1) / page * page;
  const uintptr_t end = (object.dlpi_addr + segment.p_vaddr + segment.p_filesz) / page * page;
  if (begin < end) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): where the loader has put it
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
}

int release_object(dl_phdr_info* object, size_t /*size*/, void* /*unused*/) {
  const std::span segments(object->dlpi_phdr, object->dlpi_phnum);
  for (const auto& segment : segments) {
    if (segment.p_type == PT_DYNAMIC && has_text_relocations(*object, segment)) {
      return 0;
    }
  }
  static const uintptr_t kernels_own = ::getauxval(AT_SYSINFO_EHDR);  // vdso(7): no file
  for (const auto& segment : segments) {
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0 &&
        object->dlpi_addr + segment.p_vaddr != kernels_own) {
      release(*object, segment);
    }
  }
  return 0;
}

}  // namespace

void keep_memory_small() {
  constexpr int big_buffer = 256 << 10;
  mallopt(M_MMAP_THRESHOLD, big_buffer);
}

void release_free_memory() { (void)malloc_trim(0); }

void release_idle_memory() {
  release_free_memory();
  if (!is_traced()) {
    (void)dl_iterate_phdr(release_object, nullptr);
  }
}

}  // namespace ipguard
