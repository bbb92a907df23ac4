/* SPDX-License-Identifier: ISC
 *
 * fuzz_sigma.c - rules and the texts they are asked about
 *
 * Takes   YAML documents, then a line of "%%", then lines: messages that a good rule set is asked about, and that a correlator counts.
 * Gives   nothing; but the prefilter may not change a verdict, and what a correlator saved must be taken back.
 */
#include <stdlib.h>
#include <string.h>

#include "detect/correlate.h"
#include "detect/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define HITS 64

static void save(void *ctx, struct str rule, struct str key, struct str state) {
    struct correlator *other = ctx;

    if (!str_absent(state) && !correlator_restore(other, rule, key, state))
        abort();
    if (state.n > 1) { /* damaged: taken or not, but survived */
        char *bad = malloc(state.n);
        if (!bad)
            return;
        memcpy(bad, state.p, state.n);
        correlator_restore(other, rule, key, str_n(bad, state.n - 1));
        bad[key.n * 7 % state.n] = (char)(bad[key.n * 7 % state.n] + 1);
        correlator_restore(other, rule, key, str_n(bad, state.n));
        free(bad);
        correlator_restore(other, rule, key, state);
    }
}

static void ask(const struct ruleset *rs, struct matcher *with, struct matcher *without, struct correlator *c, struct str line,
                int64_t now) {
    static struct message m;
    static struct sighting s;
    uint32_t a[HITS], b[HITS];

    memset(&m, 0, sizeof m);
    m.raw = m.text = m.msg = line;
    m.program = STR("sshd");
    m.pri = m.version = -1;
    m.time = now;
    match_scan(with, &m);
    match_scan(without, &m);
    message_add(&m, F_USER, STR_NONE, str_sub(line, 0, 8), FIELD_DERIVED);
    message_add(&m, F_SRC_IP, STR_NONE, str_sub(line, 0, 3), 0);
    size_t na = match_eval(with, &m, a, HITS), nb = match_eval(without, &m, b, HITS);
    if (na != nb || memcmp(a, b, na * sizeof *a) != 0)
        abort();
    for (size_t i = 0; i < na; i++) {
        memset(&s, 0, sizeof s);
        s.rule_index = a[i];
        s.rule = rule_info(rs, a[i])->id;
        s.ntimes = 1;
        s.times = &m.time;
        memcpy(s.fields, m.fields, m.nfields * sizeof *m.fields);
        s.nfields = m.nfields;
        correlate(c, &s, now, NULL, NULL);
    }
}

static void run(struct ruleset *rs, struct str lines) {
    struct err e;
    int64_t now = INT64_C(1760000000) * US_PER_S, latest = now;

    ruleset_prefilter_make(rs, NULL, &e);
    struct matcher *with = matcher_new(rs, true), *without = matcher_new(rs, false);
    struct correlator *c = correlator_new(rs, 16), *other = correlator_new(rs, 16);
    while (with && without && c && other && !str_absent(lines)) {
        struct str line = str_cut(&lines, '\n');
        now += line.n && line.p[0] == '-' ? -30 * US_PER_S : 20 * US_PER_S; /* late ones too */
        latest = now > latest ? now : latest;
        correlator_close(c, latest, NULL, NULL);
        ask(rs, with, without, c, line, now);
    }
    if (c && other) {
        correlator_save(c, save, other);
        correlator_resume(other, latest);
        correlator_close_all(c, NULL, NULL);
        correlator_close_all(other, NULL, NULL);
    }
    matcher_free(with);
    matcher_free(without);
    correlator_free(c);
    correlator_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    struct str all = {(const char *)p, n};
    size_t at = str_find(all, STR("\n%%\n"));
    struct str yaml = at == SIZE_MAX ? all : str_sub(all, 0, at + 1), lines = at == SIZE_MAX ? STR("") : str_sub(all, at + 4, n);
    struct tree **docs = NULL;
    size_t count = 0;
    struct err e = {0};
    static struct errs es;
    struct ruleset *rs = NULL;

    if (n > 65536)
        return 0;
    memset(&es, 0, sizeof es);
    if (tree_from_yaml("fuzz", yaml, &docs, &count, &e) == RC_OK)
        ruleset_load((const struct tree *const *)docs, count, RULESET_ANY_LOGSOURCE | RULESET_KEEP_BAD, &rs, &es);
    for (size_t i = 0; i < count; i++)
        tree_free(docs[i]);
    free(docs);
    if (rs)
        run(rs, lines);
    ruleset_free(rs);
    return 0;
}
