/* SPDX-License-Identifier: ISC
 *
 * priority.h - impact, urgency and priority as data (process.md 4); the arithmetic is case/assess
 */
#ifndef TOCSIN_MODEL_PRIORITY_H
#define TOCSIN_MODEL_PRIORITY_H

#include "model/vocab.h"

struct prio_in {
    uint8_t impact[3]; /* C, I, A: 0..4, actual or reasonably expected */
    uint8_t need[3];   /* C, I, A: 1..4 of the most critical asset touched */
    uint8_t data;      /* data category 0..4 */
    uint8_t scope;     /* 0..3 */
    uint8_t outcome;   /* OUTCOME_... */
    uint8_t activity;  /* ACTIVITY_... */
    uint8_t confidence; /* 0..100 */
    uint8_t floor;     /* impact level floor 0..4 */
};
struct prio_out {
    uint8_t score;    /* 0..100 */
    uint8_t level;    /* I0..I4 */
    uint8_t urgency;  /* U1..U4 */
    uint8_t priority; /* P1..P5 */
};

#endif
