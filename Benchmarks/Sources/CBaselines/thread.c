#define _GNU_SOURCE
#include "CBaselines.h"

#include <sched.h>
#include <sys/resource.h>

void baseline_pin(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  // Where it is refused, the two threads still run, only not always on two processors.
  (void)sched_setaffinity(0, sizeof set, &set);
}

void baseline_hasten(void) {
  struct sched_param priority = {.sched_priority = 1};
  (void)sched_setscheduler(0, SCHED_FIFO, &priority);
}

long baseline_preemptions(void) {
  struct rusage usage;
  return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}
