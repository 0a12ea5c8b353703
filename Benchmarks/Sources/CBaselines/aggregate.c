#include "CBaselines.h"

void baseline_aggregate(
    const baseline_sample *samples, size_t count, baseline_accumulator *accumulators, size_t series) {
  for (size_t index = 0; index < count; index++) {
    const baseline_sample *sample = &samples[index];
    if (sample->series >= series) continue;
    baseline_accumulator *own = &accumulators[sample->series];
    int64_t minute = sample->observed_at / 60000;
    if (own->minute != minute) {
      *own = (baseline_accumulator){.minute = minute, .last_at = sample->observed_at};
    }
    double value = sample->value;
    if (own->samples == 0) {
      own->low = value;
      own->high = value;
    } else {
      own->low = value < own->low ? value : own->low;
      own->high = value > own->high ? value : own->high;
      own->area += (own->last + value) * 0.5 * (double)(sample->observed_at - own->last_at);
    }
    own->last = value;
    own->last_at = sample->observed_at;
    own->sum += value;
    own->samples++;
  }
}
