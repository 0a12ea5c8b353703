// What Heddle is compared with, in C and C++.
#ifndef HEDDLE_BASELINES_H
#define HEDDLE_BASELINES_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The same 32 bytes as `Sample`.
typedef struct {
  int64_t observed_at;
  double value;
  int32_t received_after;
  uint32_t series;
  uint32_t accepted_at;
  uint16_t epoch;
  uint8_t quality;
  uint8_t flags;
} baseline_sample;

/// One minute of one series: one cache line.
typedef struct {
  int64_t minute;
  int64_t last_at;
  double sum;
  double last;
  double low;
  double high;
  double area;
  int32_t samples;
  int32_t unused;
} baseline_accumulator;

/// Books samples into accumulators by their series; samples beyond `series` are left out.
void baseline_aggregate(
    const baseline_sample *samples, size_t count, baseline_accumulator *accumulators, size_t series);

/// Boost's `spsc_queue`.
typedef struct baseline_queue baseline_queue;
baseline_queue *baseline_queue_new(size_t capacity);
void baseline_queue_free(baseline_queue *queue);
/// Puts that many samples in, one push each; waits where the queue is full.
void baseline_queue_produce(baseline_queue *queue, size_t samples);
/// Takes that many samples out, one pop each; waits where the queue is empty. Returns a sum over them.
double baseline_queue_consume(baseline_queue *queue, size_t samples);

/// How often the calling thread has asked for memory.
size_t baseline_allocations(void);

/// Binds the calling thread to a processor.
void baseline_pin(int processor);
/// Lets the calling thread run before all others, where that is allowed. For milliseconds, and only after it has a
/// processor of its own.
void baseline_hasten(void);
/// How often the calling thread was put off its processor.
long baseline_preemptions(void);

/// A subscriber to `plant/0/telemetry`, `plant/1/telemetry` … that throws away what it gets: libmosquitto's own loop on a
/// thread. Returns when it is subscribed; `NULL` if the broker does not let it.
typedef struct baseline_subscriber baseline_subscriber;
baseline_subscriber *baseline_subscribe(int port, int qos, int topics, size_t messages);
/// Waits until it got that many messages and frees it. Returns the monotonic time of the last one, -1 without all of them.
double baseline_subscriber_finish(baseline_subscriber *subscriber, int limit_seconds);
/// Sends packets that are ready, all of them that many times, as fast as the broker takes them, and waits for
/// acknowledgements. Says when the first one left (monotonic), and how much processor time this took.
bool baseline_publish(
    int port, const uint8_t *packets, size_t bytes, size_t rounds, size_t acknowledgements, double *started,
    double *processor_seconds);

/// What one thread of libmodbus did.
typedef struct {
  long requests;
  double wall_seconds;
  double processor_seconds;
} baseline_modbus_result;
/// Reads registers of units 1 to `units` on each of the connections, one after the other, a request each `pause` seconds
/// (0: as fast as they are answered).
bool baseline_modbus_read(
    int port, int connections, int units, int registers, double pause, double limit_seconds,
    baseline_modbus_result *result);

/// Is a Modbus server that counts, until its standard input ends; prints its port. See modbus_server.c.
int baseline_modbus_serve(int port, double delay_seconds);

/// Waits for the other side: about as long as `sched_yield` takes, without leaving the processor; by giving it away
/// where that has gone on for long.
static inline void baseline_wait(unsigned *turns) {
  if (++*turns % 4096 == 0) {
    sched_yield();
    return;
  }
  for (int turn = 0; turn < 64; turn++) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
  }
}

#ifdef __cplusplus
}
#endif

#endif
