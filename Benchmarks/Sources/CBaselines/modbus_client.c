#include "CBaselines.h"

#include <modbus/modbus.h>
#include <stdlib.h>
#include <time.h>

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void sleep_until(double time) {
  struct timespec until = {.tv_sec = (time_t)time, .tv_nsec = (long)((time - (double)(time_t)time) * 1e9)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

bool baseline_modbus_read(
    int port, int connections, int units, int registers, double pause, double limit_seconds,
    baseline_modbus_result *result) {
  modbus_t **buses = calloc((size_t)connections, sizeof *buses);
  bool works = registers <= 125;
  for (int bus = 0; bus < connections; bus++) {
    buses[bus] = modbus_new_tcp("127.0.0.1", port);
    works = works && modbus_connect(buses[bus]) == 0;
  }
  result->requests = 0;
  double processor = seconds(CLOCK_THREAD_CPUTIME_ID);
  double started = seconds(CLOCK_MONOTONIC);
  uint16_t values[125];
  while (works && seconds(CLOCK_MONOTONIC) - started < limit_seconds) {
    modbus_t *bus = buses[result->requests / units % connections];
    modbus_set_slave(bus, (int)(result->requests % units) + 1);
    works = modbus_read_registers(bus, 0, registers, values) == registers;
    result->requests++;
    if (pause > 0) sleep_until(started + pause * (double)result->requests);
  }
  result->wall_seconds = seconds(CLOCK_MONOTONIC) - started;
  result->processor_seconds = seconds(CLOCK_THREAD_CPUTIME_ID) - processor;
  for (int bus = 0; bus < connections; bus++) {
    modbus_close(buses[bus]);
    modbus_free(buses[bus]);
  }
  free(buses);
  return works;
}
