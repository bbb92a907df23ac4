/* SPDX-License-Identifier: ISC
 *
 * rule.h - a rule as the loader leaves it and the matcher reads it; private to detect
 *
 * Everything lives in the arena of the rule set and is never changed after ruleset_load, so every matcher may read it.
 */
#ifndef TOCSIN_DETECT_RULE_H
#define TOCSIN_DETECT_RULE_H

#include "base/arena.h"
#include "detect/glob.h"
#include "detect/logsource.h"
#include "detect/ruleset.h"

struct pcre2_real_code_8;
struct hs_database;

enum value_op { V_TEXT, V_NULL, V_RE, V_CIDR, V_LT, V_LTE, V_GT, V_GTE, V_EXISTS, V_REF };

struct need { /* literals of which at least one stands in every text that matches; any = false: nothing is known */
    struct str *v;
    uint16_t *scope; /* of each, whose messages it counts in: 0 any's, else 1 + a group of the site's; NULL: any's throughout. One without bytes
                      * stands in all of theirs */
    size_t n;
    size_t shortest;
    bool known;
};

struct needs { /* two of them, of which both hold; the better one first, and no second without it */
    struct need v[2];
};

struct value { /* one thing that a field may be */
    enum value_op op;
    bool want;    /* V_EXISTS, boolean */
    bool numeric; /* V_TEXT that is a number too; num is set */
    bool boolean; /* V_TEXT that YAML reads as true or false: want says which, text how it was written */
    bool also;    /* another form of the value in front of it: any of them will do, with `all` too */
    bool v6;      /* V_CIDR */
    uint8_t bits; /* V_CIDR */
    uint8_t addr[16];
    double num;                   /* V_LT .. V_GTE */
    struct glob glob;             /* V_TEXT */
    struct pcre2_real_code_8 *re; /* V_RE */
    uint16_t ref;                 /* V_REF: enum field_id, and the name for F_OTHER; how to compare */
    struct str ref_name;
    enum glob_shape ref_shape;
    bool ref_cased;
    struct str text;    /* as the rule's author wrote it, for "why not" */
    struct str literal; /* V_TEXT: must stand in the text when this is true; absent = no such */
    struct need need;   /* V_RE: the same of a regular expression */
};

struct item {           /* one line of a selection: a field and what it may be */
    uint16_t field;     /* enum field_id */
    bool keyword;       /* searched in the text instead of a field */
    bool all;           /* every value, not any */
    bool negate;        /* neq */
    struct str name;    /* the field as the rule spells it */
    struct str spelled; /* with its modifiers */
    struct value *values;
    size_t nvalues;
    int part; /* 0, or which number of a date is meant: modifiers.c */
};

struct clause { /* items joined by AND */
    struct item *items;
    size_t nitems;
};

struct selection { /* groups joined by OR */
    struct str name;
    struct clause *groups;
    size_t ngroups;
};

/* A condition as a program with one accumulator; jumps only go forward, so it ends. */
enum op_code { OP_SEL, OP_NOT, OP_JUMP_FALSE, OP_JUMP_TRUE, OP_OF };
struct op {
    enum op_code code;
    uint32_t a; /* selection; target; OP_OF: first entry of `lists` */
    uint32_t n; /* OP_OF: how many entries */
    uint32_t k; /* OP_OF: how many of them must hold */
};

struct detection {
    struct selection *sels;
    size_t nsels;
    struct op *ops;
    size_t nops;
    uint32_t *lists;
    size_t nlists;
};

enum corr_type {
    CORR_EVENT_COUNT,
    CORR_VALUE_COUNT,
    CORR_TEMPORAL,
    CORR_TEMPORAL_ORDERED,
    CORR_VALUE_SUM,
    CORR_VALUE_AVG,
    CORR_VALUE_PERCENTILE,
    CORR_VALUE_MEDIAN,
    CORR__COUNT
};

struct corr_field { /* a field a correlation groups by or counts; one name per referenced rule, because of aliases */
    struct str name, spelled; /* spelled: by the rule; name: ours for it */
    uint16_t id;              /* of name */
    const uint16_t *ids;     /* per reference: enum field_id */
    const struct str *names; /* per reference */
};

enum corr_op { CORR_GT, CORR_GTE, CORR_LT, CORR_LTE, CORR_EQ, CORR_NEQ, CORR_OP__COUNT };
struct corr_bound {
    enum corr_op op;
    double v;
};

#define CORR_REFS_MAX 32
#define CORR_BOUNDS_MAX 6
#define CORR_FIELDS_MAX 8

/* A condition over rules as postfix: a reference below CORR_REFS_MAX, or one of these. */
enum corr_code { CORR_AND = CORR_REFS_MAX, CORR_OR, CORR_NOT };

struct corr {
    enum corr_type type;
    struct str *ref_names; /* as written; */
    int *ref_lines, *ref_cols;
    uint32_t *refs; /* indexes of rules */
    size_t nrefs;
    struct corr_field *by;
    size_t nby;
    struct corr_field *fields; /* of value_... */
    size_t nfields;
    int64_t timespan;
    struct corr_bound bounds[CORR_BOUNDS_MAX];
    size_t nbounds;
    uint64_t at_least; /* counts decided at the event: that many; else 1 */
    double percentile;
    const uint8_t *expr; /* temporal: a condition over rules; NULL = bounds */
    size_t nexpr;
    uint32_t positive;   /* of expr: bit per reference that stands under no `not` */
    bool closes;         /* decided when the window closes */
    bool silence;        /* only 0 makes it true: decided a timespan after the last sighting */
    bool generate;
    uint8_t depth;            /* 1: of detections only */
    const struct str *expect; /* groups that are watched unseen: nby values each */
    size_t nexpect;
};

struct rule {
    struct rule_info info;
    bool disabled;         /* deprecated or unsupported: loaded, never asked */
    bool id_given;         /* else its id is its name or title */
    bool event_set;        /* the tocsin: block says whether it makes an event */
    bool named, generated; /* a correlation names it; one of those has generate: true */
    struct logsource src;
    struct detection det;
    struct needs needs;
    struct filter **filters;
    size_t nfilters;
    struct corr *corr; /* RULE_CORRELATION */
    const struct tree_node *joins; /* while loading: names the correlation whose event it makes or joins */
    uint32_t joined;               /* which one it is */
    const struct tree_node *samples;
    const struct tree_node *at; /* the document, while loading and testing */
};

struct filter { /* a filter document */
    struct filter_info info;
    struct detection det;
    bool keeps; /* its condition says what stays, not what goes */
    struct logsource src;
    const struct tree_node *rules;
    bool any;
};

#define SCOPES_MAX 256
struct scope { /* programs that literals count for: a name, or with a star what it begins with */
    struct str *names;
    size_t n;
};

struct parent {    /* a correlation that names a rule */
    uint32_t corr; /* rule index of the correlation */
    uint32_t ref;  /* which of its references */
};

struct ruleset {
    struct arena arena;
    struct rule *rules;
    size_t n, cap;
    struct filter *filters;
    size_t nfilters;
    struct logsources *sources; /* NULL: every source fits */
    const struct ruleset_site *site; /* while loading */
    struct str lacking;              /* while loading a rule: a placeholder of it that has no list */
    unsigned flags;
    struct parent *parents; /* of rule i: parent_at[i] .. parent_at[i+1] */
    uint32_t *parent_at;
    uint8_t digest[32];
    /* prefilter.c: */
    struct str *lits; /* distinct */
    size_t nlits;
    uint32_t *lit_rules, *lit_at; /* needs of literal i: lit_at[i] .. lit_at[i+1]; twice the rule, and which of its needs; literal nlits + i
                                   * is what every message in scope i has */
    uint16_t *lit_scope;          /* beside lit_rules: the scope it counts in */
    struct scope *scopes;         /* by number; 0 is everybody's */
    size_t nscopes;
    struct hs_database *db;
    struct pcre2_real_code_8 **codes; /* to be freed */
    size_t ncodes, codes_cap;
};

#endif
