#define _GNU_SOURCE
#include "CProcessMemory.h"

#ifdef __linux__
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/// Blocks from here on are mapped by themselves. glibc raises its own limit up to 32 MiB with the first large block
/// that is freed, and the buffers of a flush then leave holes in the heap.
enum { large_block = 128 * 1024, arenas = 2 };

/// Code that the loader has changed cannot be read again from its file.
static int has_changed_code(const struct dl_phdr_info *object) {
  for (int index = 0; index < object->dlpi_phnum; index++) {
    const ElfW(Phdr) *header = &object->dlpi_phdr[index];
    if (header->p_type != PT_DYNAMIC) continue;
    for (const ElfW(Dyn) *entry = (const ElfW(Dyn) *)(object->dlpi_addr + header->p_vaddr); entry->d_tag != DT_NULL;
         entry++) {
      if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL))) return 1;
    }
  }
  return 0;
}

static int unmap_code(struct dl_phdr_info *object, size_t size, void *context) {
  (void)size;
  uintptr_t page = *(const uintptr_t *)context;
  if (has_changed_code(object)) return 0;
  for (int index = 0; index < object->dlpi_phnum; index++) {
    const ElfW(Phdr) *header = &object->dlpi_phdr[index];
    if (header->p_type != PT_LOAD || header->p_flags != (PF_R | PF_X)) continue;
    // Whole pages only: the last one may share its file page with data.
    uintptr_t start = (object->dlpi_addr + header->p_vaddr + page - 1) & ~(page - 1);
    uintptr_t end = (object->dlpi_addr + header->p_vaddr + header->p_filesz) & ~(page - 1);
    if (start < end) madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}
#endif

void heddle_memory_bound(void) {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, arenas);
  mallopt(M_MMAP_THRESHOLD, large_block);
  mallopt(M_TRIM_THRESHOLD, large_block);
#endif
}

void heddle_memory_give_back(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
#ifdef __linux__
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  dl_iterate_phdr(unmap_code, &page);
#endif
}
