/* SPDX-License-Identifier: ISC
 *
 * record.h - events, incidents and notices as the record holds them
 *
 * Times are int64 us UTC, 0 = not yet. Strings are borrowed from the arena of whoever asked the store. References are "EV-2026-000123".
 */
#ifndef TOCSIN_MODEL_RECORD_H
#define TOCSIN_MODEL_RECORD_H

#include "model/priority.h"

struct event {
    int64_t id, org_id, source_id, incident_id, duplicate_of, assessor_id;
    struct str ref, title, fingerprint, rule, rsit_class, rsit_type, org_slug, assessor, incident_ref;
    struct str src_ip, user, host;           /* entities, absent when unknown */
    enum state state;
    int64_t state_since;
    int disposition;                         /* DISP_... or -1 */
    int64_t count, first_seen, last_seen, occurred_at, detected_at, received_at, claimed_at, decided_at;
    int level;                               /* LEVEL_... of the rule */
    struct prio_in in;
    struct prio_out out;                     /* computed */
    int priority;                            /* in force */
    int64_t reporter_id;                     /* principal, 0 = a machine */
    struct str reporter;
    struct str correlation;                  /* rule id of the correlation that made it, absent for a plain rule */
};

struct incident {
    int64_t id, org_id, owner_id, merged_into, close_requested_by, close_approved_by;
    struct str ref, title, summary, org_slug, owner, root_cause_code, root_cause_text, close_requester, close_approver, closing_statement,
        priority_reason, sod_exception;
    enum state state;
    int64_t state_since;
    struct str rsit_class, rsit_type, personal_data; /* personal_data: no, unknown, yes */
    int disposition;
    struct prio_in in;
    struct prio_out out;
    int priority, worst_priority;            /* in force; the most urgent ever */
    int64_t occurred_at, detected_at, declared_at, acknowledged_at, confirmed_at, contained_at, eradicated_at, recovered_at,
        review_opened_at, close_requested_at, closed_at, rejected_at, reopened_at;
    int reopen_count;
    bool provisional, exercise;
};

/* One notice: a message owed to one person by a time (an outbox row). */
struct notice {
    int64_t id, org_id, person_id, event_id, incident_id; /* one of event_id, incident_id is set, or none (a test) */
    struct str uuid;       /* stable over retries: Message-ID, webhook-id */
    struct str object;     /* "EV-2026-000001", "INC-2026-0001", "test" */
    struct str login;      /* to whom */
    struct str address;    /* e-mail address or URL as it was when queued */
    int channel;           /* CHANNEL_... */
    int rung;              /* of the ladder; 0 = not of a ladder */
    enum state state;      /* NT_... */
    int attempts;
    int64_t queued_at, due_at, next_try_at, first_failed_at, sent_at, dead_at;
    struct str subject, body_text, body_html, body_json, headers; /* headers: "Name: value\n" lines, already safe, added by wording */
    struct str last_code;
    int urgency;           /* priority of its object: 1 jumps the line */
};

struct timeline_row { /* what `show` prints */
    int64_t at, recorded_at;
    struct str actor, verb, text;
};

#endif
