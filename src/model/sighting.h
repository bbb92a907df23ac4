/* SPDX-License-Identifier: ISC
 *
 * sighting.h - one rule's claim about one or more like messages
 *
 * Ingest coalesces the sightings of one batch (at most 5 ms) that agree in rule, organisation and every field that the rule's
 * correlations group by or count, plus its entity fields; all their times are kept (house.md 9, "where correlation lives").
 */
#ifndef TOCSIN_MODEL_SIGHTING_H
#define TOCSIN_MODEL_SIGHTING_H

#include "model/message.h"

#define SIGHTING_FIELDS_MAX 32
#define SIGHTING_TIMES_MAX 512 /* more in one batch become a second sighting */

struct sighting_line { /* one message behind it */
    struct str raw;
    struct str peer;
    int64_t arrived, time;
    uint8_t transport;
    uint16_t source;
    uint32_t flags;  /* MSG_... */
    uint32_t nr;     /* of the line in its batch, from 1: two rules may hit one line. 0: it counts in the batch before, which was full */
};

struct sighting {
    struct str rule;      /* rule id */
    uint32_t rule_index;  /* in the rule set of `generation` */
    uint32_t generation;  /* of the configuration image that ingest used */
    uint16_t org;
    uint32_t ntimes;      /* entries of times, >= 1 */
    const int64_t *times; /* event times in arrival order; a message repeated N times stands once, with its count in `weights` */
    const uint32_t *weights; /* NULL = all 1; else ntimes counts >= 1 */
    uint64_t total;       /* sum of the weights: what an event's count rises by */
    struct sighting_line first, last; /* equal when ntimes is 1 */
    struct field fields[SIGHTING_FIELDS_MAX]; /* fields of the first message: entities, group-by and value fields, title fields */
    uint16_t nfields;
};

#endif
