/* SPDX-License-Identifier: ISC
 *
 * normalise_file.h - files of normalise.d as normalise.c walks them; inside the room only
 *
 *   program: [sshd, sshd-session]      or "*": tried for every program, after its own files; "postfix*" for all that begin like it, after
 *                                      the files that give the name in full
 *   prefixes: ["error: ", "fatal: "]   cut off before matching, any number of times
 *   suffixes: [" [preauth]"]           cut off once each
 *   nocase: yes                        literals of this file match in either case (ASCII)
 *   words: {fail: [failed, "<:word> refused"]}    alternatives used as {@fail} in patterns and in other lists
 *   patterns:
 *     - match: "one pattern (pattern.h)"  or a list of them
 *       set: {action: ssh-failed-password, outcome: failure}
 *       then: [address]              parts to look for more in, when this one matched
 *   parts:                           lists of patterns; of each, the first that matches the text adds its fields
 *     address:
 *       - match: "<*>from <src_ip:ip><*>"
 *   nothing: ["-", unknown]          values that are none (without case): the capture is left out; a part looks on for another
 *   samples:
 *     - line: "the text"
 *       program: sshd                  default: the first of the file
 *       want: {user: root, src_ip: ~}  ~: must be absent
 *
 * A file for bodies (body.h). The first whose when: fits has the message:
 *   body: json                         or a list: json cef leef xml audit journal pairs access
 *   when: {event_type: "*"}            fields that must be there with a value like this (* and ?; a list: one of them; ~: not there);
 *                                      a list of such maps: one of them
 *   program: [SYSLOG_IDENTIFIER]       the field that names the program
 *   map: {src_ip: [srcip, client.ip]}  our name: theirs, the first that has a value such a name can have. `time` is the message's own
 *   join: {CommandLine: [ARGV]}        the same with all values of the first that is there, a blank between them
 *   set: {service: suricata}           constants, where the name is not ours yet
 *   cases:                             each that fits, before the file's own map, join and set
 *     - when: {alert.action: blocked}
 *       set: {outcome: failure}
 *   text: [message, msg]               the first of them goes through the patterns of the program and the generic ones, or is a body
 *                                      itself
 *   patterns, prefixes, words, ...     as above, for the whole text of such a body
 *   samples:                           as above; program: none
 */
#ifndef TOCSIN_PARSE_NORMALISE_FILE_H
#define TOCSIN_PARSE_NORMALISE_FILE_H

#include "base/arena.h"
#include "parse/gate.h"
#include "parse/normalise.h"
#include "parse/normalise_body.h"
#include "parse/pattern.h"

struct nz_set {
    uint16_t id;
    struct str name, value;
};
struct nz_pattern {
    struct pattern *pattern;
    const struct nz_set *set;
    size_t nset;
    const uint16_t *then; /* lists of the group */
    size_t nthen;
    bool decodes;         /* has captures of hexadecimal values */
    bool gated;           /* begins with anything: */
    struct gate_set need; /* so it must hold these */
};
struct nz_list {
    struct str name; /* of a part */
    struct nz_pattern *patterns;
    size_t npatterns;
    const struct lead *lead; /* which of them may match a text */
};
struct nz_group { /* one file */
    struct nz_list *lists; /* patterns:, then the parts */
    size_t nlists;
    const struct str *prefixes, *suffixes;
    size_t nprefixes, nsuffixes;
    struct pattern_nothing nothing;
    const struct gate *gate; /* NULL when none is gated; one for all files of "*" */
    const struct tree_node *later; /* where it is made of when a message first asks for it; NULL: it is made */
};
struct nz_name {
    struct str name;
    uint16_t group;
};
struct nz_derived {
    uint16_t id;
    struct str name;
};
struct nz_sample {
    const struct tree_node *node, *want;
    struct str line, program;
};
struct normaliser {
    struct arena arena;
    struct normaliser *own; /* itself: what is made later is no change for who looks */
    struct nz_group *groups;
    size_t ngroups;
    struct nz_name *names; /* sorted by name without case, then in the order of the files */
    size_t nnames;
    struct nz_name *open; /* those that end in '*', without it, in the order of the files */
    size_t nopen;
    struct nz_derived *derived; /* sorted; names once */
    size_t nderived;
    bool decodes; /* has captures that decode what has a backslash: qstr, <:pairs>, <:json> */
    struct nz_sample *samples;
    size_t nsamples;
    struct normalise_bodies bodies;
};

/* The patterns of m's program on a text of m; those and then the generic ones; those of a file with `body: kind` on its whole text. True
 * when one matched. */
bool normalise_program(const struct normaliser *nz, struct message *m, struct str s, struct search *q);
bool normalise_text(const struct normaliser *nz, struct message *m, struct str s, struct search *q);
bool normalise_kind(const struct normaliser *nz, struct message *m, struct str kind, struct search *q);
int nz_name_cmp(struct str a, struct str b); /* without case */
void nz_make(struct normaliser *nz, size_t group); /* what was left for later; with one of "*" all of them */
bool nz_for_all(const struct normaliser *nz, size_t group); /* a file of "*" */
/* normalise() one pattern after the other, with no limit of work: what the test compares with. */
void normalise_plain(const struct normaliser *nz, struct message *m);
int nz_derived_cmp(const void *a, const void *b);
/* normalise_derived.c, when all files are loaded: the fields whose values do not stand in the text. False without memory. */
bool nz_derived_load(struct normaliser *nz);
/* Each key that is none of the words is a mistake, with the nearest of them; false when there is one. */
bool nz_check_keys(const struct tree_node *map, const char *const *words, size_t n, struct errs *es);

#endif
