#include "CBaselines.h"

#include <boost/lockfree/spsc_queue.hpp>

struct baseline_queue {
  boost::lockfree::spsc_queue<baseline_sample> queue;
  explicit baseline_queue(size_t capacity) : queue(capacity) {}
};

extern "C" baseline_queue *baseline_queue_new(size_t capacity) { return new baseline_queue(capacity); }

extern "C" void baseline_queue_free(baseline_queue *queue) { delete queue; }

extern "C" void baseline_queue_produce(baseline_queue *queue, size_t samples) {
  unsigned turns = 0;
  for (size_t number = 0; number < samples; number++) {
    baseline_sample sample = {};
    sample.series = static_cast<uint32_t>(number & 1023);
    sample.value = 1;
    sample.observed_at = static_cast<int64_t>(number);
    while (!queue->queue.push(sample)) baseline_wait(&turns);
  }
}

extern "C" double baseline_queue_consume(baseline_queue *queue, size_t samples) {
  unsigned turns = 0;
  double sum = 0;
  baseline_sample sample;
  for (size_t seen = 0; seen < samples;) {
    if (queue->queue.pop(sample)) {
      sum += sample.value + static_cast<double>(sample.series);
      seen++;
    } else {
      baseline_wait(&turns);
    }
  }
  return sum;
}
