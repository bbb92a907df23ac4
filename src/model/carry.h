/* SPDX-License-Identifier: ISC
 *
 * carry.h - what the desk hands to a carrier, and what the carrier says became of it
 *
 * It stands in model because three rooms of one height speak of it: link (frames), notify (carries) and desk (owes).
 */
#ifndef TOCSIN_MODEL_CARRY_H
#define TOCSIN_MODEL_CARRY_H

#include "base/str.h"

struct carry { /* everything the carrier needs, nothing it has to look up; secrets are the notify role's own */
    int64_t id;
    int channel;
    struct str uuid, object, to_login, address, subject, headers, body_text, body_html, body_json;
    int urgency;
};

struct carried {
    int64_t id;
    bool ok;
    bool permanent;      /* a retry makes no sense (5xx, 410) */
    int64_t retry_after; /* us; 0 = the schedule's own */
    struct str code;     /* "250 2.0.0 Ok: queued", "HTTP 503", "connect: refused" : at most 200 bytes, escaped */
    int64_t started, ended; /* us UTC */
};

#endif
