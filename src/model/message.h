/* SPDX-License-Identifier: ISC
 *
 * message.h - one log record or webhook body exactly as received, and what the parser made of it
 *
 * Absent is absent: a NILVALUE or a missing header field is str_absent(), never filled in from arrival. Arrival, peer and transport
 * are fields of their own. A message borrows: raw from the receive buffer, spans from raw, derived values from its arena.
 */
#ifndef TOCSIN_MODEL_MESSAGE_H
#define TOCSIN_MODEL_MESSAGE_H

#include "base/clock.h"
#include "model/field.h"

enum dialect { DIALECT_TEXT, DIALECT_RFC5424, DIALECT_RFC3164, DIALECT_CEF, DIALECT_LEEF, DIALECT_JSON, DIALECT__COUNT };
const char *dialect_name(enum dialect d); /* "text", "rfc5424", ... */

enum transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_UNIX, TRANSPORT_UNIXGRAM, TRANSPORT_HTTP, TRANSPORT_INTERNAL, TRANSPORT__COUNT };
const char *transport_name(enum transport t); /* "udp", "tcp", "unix", "unixgram", "http", "internal" */

/* The time as the message gives it: what is missing stays missing. */
struct msg_time {
    struct civil civil; /* year 0 when it has none */
    bool present, has_year, has_zone, has_frac;
    int offset_min;     /* east of UTC, when has_zone */
    bool zone_z;        /* written as Z */
    struct str text;    /* the bytes it was read from */
};

enum { MSG_CUT = 1u, MSG_SKEWED = 2u, MSG_DECODED = 4u /* has fields whose values are not spans of raw: the prefilter must not decide */,
       MSG_FIELDS = 8u /* normalised already */,
       MSG_EXACT = 16u /* fields came with names of their own (--input=events): a rule's field is the one of exactly that name */ };

#define MSG_FIELDS_MAX 128

/* What a message's text carries inside (parse/body.h). */
enum body { BODY_NONE, BODY_JSON, BODY_CEF, BODY_LEEF, BODY_XML, BODY_AUDIT, BODY_JOURNAL, BODY_ACCESS, BODY_PAIRS, BODY__COUNT };

/* Where values live that had to be decoded (escapes, hex, joined arguments): memory of the caller's, used again for the next
 * message. Without it, or when it is full, such values are left out and counted in fields_dropped. */
struct spare {
    char *p;
    size_t n, cap;
};
#define MSG_SPARE (64u << 10)

/* What a message is a log of: numbers of words. */
#define MSG_TAGS_MAX 256
#define MSG_TAG_WORDS (MSG_TAGS_MAX / 64)
struct tagset {
    uint64_t w[MSG_TAG_WORDS];
};

struct message {
    struct str raw;        /* the bytes as received, without the framing */
    int64_t arrived;       /* us UTC */
    int64_t time;          /* us UTC: the event time by the listener's policy (house.md 9), year and zone resolved */
    struct str peer;       /* transport address "192.0.2.1:40022", absent for unix */
    uint8_t transport;     /* enum transport */
    uint16_t source;       /* index of the listener or webhook it came by */
    uint16_t org;          /* index of the organisation, by listener/source configuration */
    uint32_t flags;        /* MSG_... */
    struct spare *spare;   /* may be NULL; set by the caller */
    uint32_t repeat;       /* 1, or N for "message repeated N times" */

    uint8_t dialect;       /* enum dialect */
    bool valid;            /* strictly valid in its dialect */
    int16_t pri;           /* 0..191, -1 absent */
    int16_t version;       /* RFC 5424, -1 absent */
    struct msg_time ts;
    struct str host, app, procid, msgid;
    struct str sd;         /* the structured data as it stands, absent when NILVALUE */
    struct str msg;        /* without BOM; absent when there is none */
    bool msg_bom;
    struct str program;    /* app without path, "(pam_unix)" or brackets: what normalisers and log sources go by; absent if unknown */
    struct str text;       /* what keywords are searched in: msg without the blanks before it, or raw when nothing was parsed */
    struct tagset tags;    /* log source tags (detect/logsource), none until gated */
    uint8_t body;          /* enum body, by its first bytes; what is in it becomes fields in normalise() */

    struct field fields[MSG_FIELDS_MAX];
    uint16_t nfields;
    uint16_t fields_dropped; /* did not fit or were not sought for, counted: the account's `partial` */
};

/* The header fields (host, program, pid, facility, severity, message) answer too: absent when not there. */
struct str message_field(const struct message *m, enum field_id id, struct str name);
bool message_has(const struct message *m, enum field_id id, struct str name, const struct field **f);
/* "192.0.2.1" of "192.0.2.1:40022", "2001:db8::1" of "[2001:db8::1]:514"; what has no port as it is. */
struct str peer_host(struct str peer);
/* Counts one that is left out. */
void message_drop(struct message *m);
/* Adds one; false (and counted) when full. value borrowed. */
bool message_add(struct message *m, enum field_id id, struct str name, struct str value, uint16_t flags);
/* n bytes of m->spare for a decoded value; NULL (and counted in fields_dropped) when there are none left. */
char *message_spare(struct message *m, size_t n);

#endif
