/* SPDX-License-Identifier: ISC
 *
 * ruleset.h - Sigma rules, correlations and filters, loaded from trees and frozen
 *
 * Sigma v2.1 detection and correlation documents with site extras in a `tocsin:` block:
 *   tocsin:
 *     class: intrusion-attempts/brute-force    RSIT (default other/undetermined)
 *     outcome: attempted        blocked attempted unknown suspected success     (default attempted)
 *     activity: ongoing         ended unknown ongoing spreading                 (default unknown)
 *     impact: {c: 1, i: 1, a: 0}  or [1,1,0]; default from rsit.tsv
 *     scope: 0
 *     confidence: 80
 *     floor: 0                  impact level floor
 *     title: "Password guessing from {src_ip}"  event title; {field} from a closed list, single pass
 *     entity: [src_ip, user, host]   what makes the fingerprint; default: the group-by of a correlation, else src_ip, user, host
 *     first: "one sentence: what to do first"
 *     event: yes|no             whether it makes an event by itself; default yes, and no when a correlation names it without generate
 *     joins: NAME               a detection: its sightings make or join the event of that correlation (event: yes, then)
 *     suppress: 1h              silence after firing, instead of until the window has drained
 *     expect: [a, b]            correlations decided at a close: groups that are watched unseen
 *     samples: {match: [lines], no_match: [lines]}   run by tocsind -t; correlations: a list of lines in order per sample
 * Log sources are the words of logsources.yaml; a service that is not among them is the name of a program. Messages of a webhook
 * have `product: webhook` (and as service the program the dialect gives), our own `product: tocsin`.
 * Indexes of rules are stable within one rule set: [0, ruleset_count).
 */
#ifndef TOCSIN_DETECT_RULESET_H
#define TOCSIN_DETECT_RULESET_H

#include "base/tree.h"
#include "model/message.h"
#include "model/priority.h"

struct ruleset;

enum rule_kind { RULE_DETECTION, RULE_CORRELATION };

enum rule_status {
    RULE_LOADED,
    RULE_NOT_HERE,      /* no message has its log source: status_why is the word nobody gives */
    RULE_NOT_EVALUABLE, /* status_why says what it lacks, such as the list of a placeholder */
    RULE_OFF,           /* deprecated or unsupported */
    RULE_STATUS__COUNT
};
const char *rule_status_name(enum rule_status s); /* "loaded", "not applicable here", "not evaluable", "off" */

struct rule_info { /* what others may know about a rule; borrowed from the rule set */
    enum rule_kind kind;
    struct str id, name, title, description, event_title, first, file;
    int line;
    int level; /* LEVEL_... */
    const struct rsit *rsit;
    struct prio_in in; /* impact, scope, outcome, activity, confidence, floor; need and data are the asset's */
    bool makes_event;
    const struct rule_info *joins; /* the correlation whose event its sightings make or join; NULL: they make their own */
    int64_t suppress;         /* us; 0 = until the window has drained */
    const struct str *entity; /* names of the fields of the fingerprint */
    size_t nentity;
    const struct str
        *wanted; /* names of all fields a sighting of this rule must carry: entities, group-by, values, title fields */
    size_t nwanted;
    const uint16_t *wanted_ids; /* the same as enum field_id */
    const struct str
        *keyed; /* those by which sightings may be coalesced: group-by and value fields of its correlations, entities of the events they make.
                  * A rule that joins: the entity of what it joins comes first; a sighting without one of these goes by its own entity, too */
    size_t nkeyed;
    const uint16_t *keyed_ids;
    bool feeds; /* some correlation names it */
    int64_t timespan; /* correlations: us */
    enum rule_status status;
    struct str status_why;   /* absent when it is loaded */
    const struct str *reads; /* names of the fields it looks at, as it spells them; "keywords" for the text as a whole */
    size_t nreads;
};

struct filter_info { /* a filter document: an exception of the site's */
    struct str id, title, file;
    int line;
    size_t rules; /* how many it was attached to */
};

enum { RULESET_ANY_LOGSOURCE = 1u, RULESET_KEEP_BAD = 2u /* load the good ones even when there are bad ones */ };

struct ruleset_list { /* what a %placeholder% stands for: one value a line */
    struct str name, values;
};
struct ruleset_site { /* what the site says about its sources and lists */
    const struct tree *const *sources; /* documents of logsources.yaml; none: every log source fits */
    size_t nsources;
    const struct ruleset_list *lists;
    size_t nlists;
    bool lasting; /* all documents stay as long as the rules, which then need no copies of them */
    /* May this field of a message hold what does not stand in its text (normaliser_derives)? NULL: any may. Who makes the prefilter
     * knows it; who loads it need not. */
    bool (*derives)(const void *ctx, enum field_id id, struct str name);
    /* Of such a field: words of which one stands in every text that gives it a value that fits, unless it is decoded first; each with the group of
     * programs whose texts it counts in, 0 for any's (normaliser_needs). May be NULL. */
    bool (*needs)(const void *ctx, enum field_id id, struct str name, bool (*fits)(void *, struct str),
                  void (*add)(void *, struct str, unsigned group), void *with);
    /* The i-th name of a group, absent behind the last (normaliser_group). */
    struct str (*group)(const void *ctx, unsigned group, size_t i);
    const void *ctx;
};

/* A bad rule is refused alone and reported in es with file:line:col. RC_CONFIG when any was refused (and, unless KEEP_BAD, *out
 * NULL). The trees may go afterwards: the set keeps copies. */
enum rc ruleset_load(const struct tree *const *docs, size_t n, unsigned flags, struct ruleset **out, struct errs *es);
enum rc ruleset_load_at(const struct ruleset_site *site, const struct tree *const *docs, size_t n, unsigned flags,
                        struct ruleset **out, struct errs *es);
void ruleset_free(struct ruleset *rs);
size_t ruleset_count(const struct ruleset *rs);
const struct rule_info *rule_info(const struct ruleset *rs, size_t index);
size_t ruleset_filters(const struct ruleset *rs);
const struct filter_info *filter_info(const struct ruleset *rs, size_t index);
/* What makes the fingerprint of a sighting: whose rule's (r's own, or that of the correlation that it joins, when the sighting has all the
 * fields of that one's entity), with the names of the fields in its entity. */
const struct rule_info *rule_speaks_for(const struct rule_info *r, const struct field *fields, size_t n);
/* The rules a correlation names, as indexes; 0 for a detection. */
size_t rule_refs(const struct ruleset *rs, size_t index, const uint32_t **refs);
/* What its ref-th rule calls the group-th field that it groups by; absent when there is none. */
struct str rule_group(const struct ruleset *rs, size_t index, size_t group, size_t ref);
/* The group-th field that it groups by, as the rule spells it. */
struct str rule_group_name(const struct ruleset *rs, size_t index, size_t group);
long ruleset_find(const struct ruleset *rs, struct str id);     /* index by id or name; -1 */
void ruleset_digest(const struct ruleset *rs, uint8_t out[32]); /* of everything that makes a verdict */
/* Nothing but the prefilter: Vectorscan database of all literals, to and from bytes (the compile role makes, ingest loads;
 * serialized may be NULL). Without either, matchers ask every rule whose log source fits. */
enum rc ruleset_prefilter_make(struct ruleset *rs, struct buf *serialized, struct err *e);
enum rc ruleset_prefilter_load(struct ruleset *rs, struct str serialized, struct err *e);

/* Runs the samples of every rule; parse is handed in because parse is no room of ours: it makes m (fields included) from a line. */
typedef void (*ruleset_parse_fn)(void *ctx, struct str line, struct message *m);
size_t ruleset_test(struct ruleset *rs, ruleset_parse_fn parse, void *ctx, struct errs *es);

#endif
