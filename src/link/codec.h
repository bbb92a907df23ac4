/* SPDX-License-Identifier: ISC
 *
 * codec.h - what the frames between ingest, desk and notify hold
 *
 * Encoders append to a buf; decoders borrow from the payload, use the arena for arrays, check every length and give false on nonsense.
 */
#ifndef TOCSIN_LINK_CODEC_H
#define TOCSIN_LINK_CODEC_H

#include "base/arena.h"
#include "base/pack.h"
#include "model/carry.h"
#include "model/record.h"
#include "model/sighting.h"

/* Sequence numbers are those of one life of one worker: `epoch` is drawn at random when the worker starts, seq begins at 1 and rises by
 * one from frame to frame, batches and deliveries together. After a desk restart ingest sends every frame that was not acknowledged
 * again, in order and with its first (epoch, seq). The desk therefore writes the last committed (epoch, worker, seq) in the same
 * transaction, and a batch whose seq is not above it was committed already: acknowledged again, not counted twice. (A delivery is known
 * by its id and answered the same again.) */
#define BATCH_SIGHTINGS_MAX 4096
#define BATCH_LINES_MAX (128u << 10)

struct batch { /* FRAME_BATCH */
    uint64_t epoch, seq;
    uint32_t worker;
    struct sighting *sightings;
    size_t n;
};
bool batch_encode(struct buf *b, const struct batch *in);
bool batch_decode(struct str payload, struct arena *a, struct batch *out);

#define DELIVERY_CLAIMS_MAX 64

struct delivery_claim { /* what the dialect reads out of a body; a rule called "webhook.NAME" says it instead */
    struct str title, key; /* its dedup key */
    int level;             /* LEVEL_... */
    bool resolved;         /* what was claimed under this key is over */
    struct str rsit_class, rsit_type;
};
struct delivery { /* FRAME_DELIVERY: a webhook body is always stored; the same id from the same webhook is answered the same again */
    uint64_t epoch, seq;
    uint32_t worker;
    struct str webhook;  /* NAME of /v1/in/NAME */
    struct str id;       /* delivery id (webhook-id, X-GitHub-Delivery, Idempotency-Key, or sha256 of the body) */
    uint16_t org;
    struct sighting_line line; /* the body */
    struct sighting *sightings; /* all of this one line. One for each claim first (rule "webhook.NAME"), then rules that matched */
    size_t n;
    struct delivery_claim *claims;
    size_t nclaims;
};
bool delivery_encode(struct buf *b, const struct delivery *in);
bool delivery_decode(struct str payload, struct arena *a, struct delivery *out);

struct account { /* per transport; house.md 9: received = harmless + folded + stored + shed (+ kernel for UDP, not received) */
    uint64_t received, harmless, stored, folded, shed, kernel, cut, bytes, connections, refused, invalid, partial;
};
struct ingest_stats { /* FRAME_STATS: stored and folded count acknowledged lines, so the account balances when nothing is in flight */
    uint64_t epoch; /* of which life of the worker these are the totals */
    uint32_t worker;
    uint64_t generation;
    struct account by[TRANSPORT__COUNT];
    uint64_t scanned, candidates, normalised, in_flight_bytes;
};
bool ingest_stats_encode(struct buf *b, const struct ingest_stats *in);
bool ingest_stats_decode(struct str payload, struct ingest_stats *out);

#define HEARING_MAX 1024
struct hearing { /* FRAME_HEARD: not kept, not numbered; of another generation than the desk's it says nothing */
    uint32_t generation;
    size_t n;
    struct heard_one {
        uint32_t source; /* index in the roster of that generation */
        int64_t at;      /* arrival of its last line */
    } v[HEARING_MAX];
};
bool hearing_encode(struct buf *b, const struct hearing *in);
bool hearing_decode(struct str payload, struct hearing *out);

#define TALLY_RULES_MAX 512
#define TALLY_FILTERS_MAX 512
#define TALLY_FIELDS_MAX 512
#define TALLY_PROGRAMS_MAX 256
#define TALLY_WORD_MAX 256
struct tally_rule { /* since the frame before, so that the desk adds; by id, so that a reload changes nothing */
    struct str id;
    uint64_t asked, matched, excluded, ns, limit;
    int64_t last; /* not since: the last of all */
};
struct tally_program {
    struct str name;
    uint64_t lines;
    int64_t last;        /* arrival */
    bool ruled, read;    /* some rule could be about it; some line of it gave fields */
};
struct tally_frame { /* FRAME_TALLY: not kept, not numbered */
    uint64_t others; /* lines of programs there was no room for */
    struct tally_rule *rules;
    size_t nrules;
    struct tally_filter {
        struct str id;
        uint64_t excluded;
    } *filters;
    size_t nfilters;
    struct str *fields; /* that had a value for the first time */
    size_t nfields;
    struct tally_program *programs;
    size_t nprograms;
};
bool tally_frame_encode(struct buf *b, const struct tally_frame *in);
bool tally_frame_decode(struct str payload, struct arena *a, struct tally_frame *out);

struct ack { /* FRAME_ACK */
    uint64_t seq;        /* this one is committed (frames are acknowledged in order) */
    bool refused;        /* not committed and never will be: the answer is 503 for a delivery, shed for lines */
    uint64_t stored[TRANSPORT__COUNT]; /* lines of the batch whose bytes went into the record with it, each counted once however many
                                          rules hit it. Later lines of the same event may take their place; the others are folded */
    struct str answer;   /* delivery: the JSON answer */
    int status;          /* delivery: HTTP status */
};
bool ack_encode(struct buf *b, const struct ack *in);
bool ack_decode(struct str payload, struct ack *out);

/* FRAME_CARRY and FRAME_CARRIED: model/carry.h */
bool carry_encode(struct buf *b, const struct carry *in);
bool carry_decode(struct str payload, struct carry *out);
bool carried_encode(struct buf *b, const struct carried *in);
bool carried_decode(struct str payload, struct carried *out);

#endif
