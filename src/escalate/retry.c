/* SPDX-License-Identifier: ISC
 *
 * retry.c - when a notice is tried again, when another channel takes over, when it is given up
 *
 * Takes   the attempts made and the times of the record; chance is handed in.
 * Gives   a delay or a decision.
 * Keeps   nothing.
 */
#include "escalate/policy.h"

#include "base/clock.h"

#define FIRST (5 * US_PER_S)
#define CAP (15 * US_PER_MIN)
#define LEAST US_PER_S /* chance may not turn a retry into a busy loop */
#define HAND_OVER_AFTER 3
#define HAND_OVER_TIME (5 * US_PER_MIN)

int64_t retry_delay(int attempts, uint32_t rnd) {
    int64_t span = FIRST, delay;

    for (int i = 1; i < attempts && span < CAP; i++)
        span *= 2;
    if (span > CAP)
        span = CAP;
    delay = span / 1000 * (int64_t)rnd / UINT32_MAX * 1000; /* in ms: no overflow */
    return delay < LEAST ? LEAST : delay;
}

bool retry_hand_over(int attempts, int64_t first_failed, int64_t now) {
    return attempts >= HAND_OVER_AFTER || (first_failed != 0 && now - first_failed >= HAND_OVER_TIME);
}

bool retry_give_up(int priority, int64_t queued, int64_t now) {
    bool urgent = priority == 1 || priority == 2;
    return now - queued >= (urgent ? 24 : 72) * US_PER_H;
}
