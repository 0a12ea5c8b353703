#ifndef HEDDLE_PROCESS_MEMORY_H
#define HEDDLE_PROCESS_MEMORY_H

/// Keeps the allocator from holding on to what was freed: few arenas, and large blocks go back to the system at once.
/// To be called before threads start. Does nothing without glibc.
void heddle_memory_bound(void);

/// Gives freed memory back to the system, and unmaps code: the kernel has it in its cache of files and maps again what is
/// run again. Does nothing outside Linux.
void heddle_memory_give_back(void);

#endif
