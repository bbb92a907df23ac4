/* SPDX-License-Identifier: ISC
 *
 * test_prefilter.c - the prefilter saves work and never changes a verdict
 */
#include "sigma_help.h"

#include <dirent.h>
#include <sys/stat.h>

#include "parse/normalise.h"
#include "parse/parse.h"

#define HITS 4096

struct world {
    struct tree **v, **nv; /* documents of rules, of normalise.d */
    size_t n, nn;
    struct ruleset *rs;
    struct normaliser *nz;
    struct matcher *with, *without;
    size_t lines, matched, candidates;
};

static void add_file(struct tree ***v, size_t *n, const char *path) {
    struct buf b;
    struct err e = {0};
    struct tree **docs = NULL;
    size_t k = 0;

    buf_init(&b, 4 << 20);
    assert_int_equal(file_read(path, 4 << 20, &b, &e), RC_OK);
    if (tree_from_yaml(path, buf_view(&b), &docs, &k, &e) != RC_OK)
        fail_msg("%s:%d: %s", path, e.line, e.text);
    *v = realloc(*v, (*n + k + 1) * sizeof **v);
    assert_non_null(*v);
    for (size_t i = 0; i < k; i++)
        (*v)[(*n)++] = docs[i];
    free(docs);
    buf_fini(&b);
}

static void add_folder(struct tree ***v, size_t *n, const char *dir, int depth) {
    char path[1024];
    struct stat st;
    DIR *d = opendir(dir);

    for (struct dirent *de; d && depth < 8 && (de = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", dir, de->d_name);
        if (de->d_name[0] == '.' || stat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode))
            add_folder(v, n, path, depth + 1);
        else if (str_ends(str_of(path), STR(".yml")) || str_ends(str_of(path), STR(".yaml")))
            add_file(v, n, path);
    }
    if (d)
        closedir(d);
}

static void free_trees(struct tree **v, size_t n) {
    for (size_t i = 0; i < n; i++)
        tree_free(v[i]);
    free(v);
}

static bool derives(const void *ctx, enum field_id id, struct str name) {
    return normaliser_derives(ctx, id, name);
}

static bool needs(const void *ctx, enum field_id id, struct str name, bool (*fits)(void *, struct str),
                  void (*add)(void *, struct str, unsigned), void *with) {
    return normaliser_needs(ctx, id, name, &(struct normaliser_need){fits, add, with});
}

static struct str group(const void *ctx, unsigned number, size_t i) {
    return normaliser_group(ctx, number, i);
}

static void load_patterns(struct world *w, struct errs *es) {
    char dir[512];
    const char *src = getenv("srcdir");

    memset(w, 0, sizeof *w);
    memset(es, 0, sizeof *es);
    snprintf(dir, sizeof dir, "%s/etc/normalise.d", src ? src : ".");
    add_folder(&w->nv, &w->nn, dir, 0);
    if (w->nn)
        normaliser_load((const struct tree *const *)w->nv, w->nn, &w->nz, es);
}

static void bind_rules(struct world *w, unsigned flags, struct errs *es) {
    struct err e = {0};
    struct tree **sources = NULL;
    struct ruleset_site site = help_site(&sources);
    site.derives = w->nz ? derives : NULL;
    site.needs = w->nz ? needs : NULL;
    site.group = group;
    site.ctx = w->nz;
    ruleset_load_at(&site, (const struct tree *const *)w->v, w->n, flags | RULESET_KEEP_BAD, &w->rs, es);
    assert_non_null(w->rs);
    help_site_free(sources, &site);
    for (unsigned i = 0; i < es->n; i++)
        print_error("%s:%d:%d: %s\n", es->v[i].file, es->v[i].line, es->v[i].col, es->v[i].text);
    assert_int_equal(es->n, 0);
    assert_int_equal(ruleset_prefilter_make(w->rs, NULL, &e), RC_OK);
    w->with = matcher_new(w->rs, true);
    w->without = matcher_new(w->rs, false);
    assert_non_null(w->with);
    assert_non_null(w->without);
}

static void open_world(struct world *w, unsigned flags) {
    char dir[512];
    const char *src = getenv("srcdir");
    static struct errs es;

    load_patterns(w, &es);
    snprintf(dir, sizeof dir, "%s/sigma/rules", help_corpora());
    add_folder(&w->v, &w->n, dir, 0);
    snprintf(dir, sizeof dir, "%s/etc/rules.d", src ? src : ".");
    add_folder(&w->v, &w->n, dir, 0);
    bind_rules(w, flags, &es);
}

static void close_world(struct world *w) {
    matcher_free(w->with);
    matcher_free(w->without);
    ruleset_free(w->rs);
    normaliser_free(w->nz);
    free_trees(w->v, w->n);
    free_trees(w->nv, w->nn);
}

static void both_ways(struct world *w, struct str line, const char *program) {
    static struct message m;
    static char decoded[MSG_SPARE];
    static struct spare spare = {decoded, 0, sizeof decoded};
    uint32_t a[HITS], b[HITS];

    memset(&m, 0, sizeof m);
    m.raw = line;
    m.transport = TRANSPORT_UDP;
    if (program)
        parse_line(&m, str_of(program));
    else
        parse_message(&m);
    m.spare = &spare;
    spare.n = 0;
    bool first = w->nz && normalise_first(w->nz, &m); /* as the pipeline does */
    if (first)
        normalise(w->nz, &m);
    size_t candidates = match_scan(w->with, &m);
    match_scan(w->without, &m);
    if (w->nz && !first)
        normalise(w->nz, &m);
    size_t na = match_eval(w->with, &m, a, HITS), nb = match_eval(w->without, &m, b, HITS);
    if (na != nb || memcmp(a, b, na * sizeof *a) != 0)
        fail_msg("with %zu, without %zu: %.*s", na, nb, STR_FMT(line));
    w->lines++;
    w->matched += na;
    w->candidates += candidates;
}

static void every_line(struct world *w, const char *name, const char *program, size_t step) {
    char path[512];
    struct buf b;
    struct err e = {0};
    size_t i = 0;

    snprintf(path, sizeof path, "%s/%s", help_corpora(), name);
    buf_init(&b, 64 << 20);
    if (file_read(path, 64 << 20, &b, &e) == RC_OK)
        for (struct str rest = buf_view(&b); !str_absent(rest);) {
            struct str line = str_cut(&rest, '\n');
            if (line.n && i++ % step == 0)
                both_ways(w, line, program);
        }
    buf_fini(&b);
}

static void every_corpus(struct world *w, size_t step) {
    every_line(w, "loghub/raw/OpenSSH_2k.log", NULL, step);
    every_line(w, "loghub/raw/Linux_2k.log", NULL, step);
    every_line(w, "loghub/raw/Apache_2k.log", "apache2", step);
    every_line(w, "fail2ban/fail2ban-public.jsonl", NULL, step);     /* as text: JSON with all its escapes */
    every_line(w, "sigma/sigma-spec-vectors.jsonl", "auditd", step); /* likewise: rules and events as one long line */
    every_line(w, "webhooks/webhooks-public.jsonl", NULL, step);
}

static void corpora_are_judged_the_same_with_and_without(void **state) {
    (void)state;
    for (unsigned any = 0; any < 2; any++) {
        struct world w;
        open_world(&w, any ? RULESET_ANY_LOGSOURCE : 0);
        every_corpus(&w, any ? 7 : 1);
        print_message("%s: %zu rules, %zu lines, %zu matches, %zu candidates\n", any ? "any log source" : "gated",
                      ruleset_count(w.rs), w.lines, w.matched, w.candidates);
        size_t lines = w.lines;
        close_world(&w);
        if (lines == 0) {
            print_message("skipped: no corpora in %s\n", help_corpora());
            exit(77);
        }
    }
}

/* Texts made of the rules' own words: these match often. */
static void collect_words(struct world *w, const struct tree_node *n, struct buf *b, int depth) {
    for (const struct tree_node *c = tree_first(n); c && depth < 16; c = tree_next(c)) {
        if (tree_kind(c) == TREE_SCALAR) {
            buf_reset(b);
            buf_text(b, "type=EXECVE a0=");
            buf_str(b, tree_text(c));
            buf_text(b, " Failed password for ");
            buf_str(b, tree_text(tree_next(c)));
            both_ways(w, buf_view(b), "auditd");
            both_ways(w, buf_view(b), "sshd");
        } else {
            collect_words(w, c, b, depth + 1);
        }
    }
}

static void lines_made_of_the_rules_own_words_too(void **state) {
    struct world w;
    struct buf b;

    (void)state;
    open_world(&w, 0);
    buf_init(&b, 1 << 20);
    for (size_t i = 0; i < w.n; i++)
        collect_words(&w, tree_get(tree_root(w.v[i]), "detection"), &b, 0);
    print_message("%zu lines, %zu matches, %zu candidates\n", w.lines, w.matched, w.candidates);
    buf_fini(&b);
    close_world(&w);
}

#define RULES                                                                                                                    \
    "title: a\nlogsource: {product: linux}\ndetection:\n  s: [needle]\n  condition: s\n---\ntitle: b\nlogsource: {product: "     \
    "linux}\n"                                                                                                                   \
    "detection:\n  s: {message|contains|all: [long-literal, b]}\n  condition: s\n---\ntitle: c\nlogsource: {product: linux, "    \
    "service: "                                                                                                                  \
    "sshd}\ndetection:\n  s: {user: root}\n  condition: s\n"

static struct ruleset *some_rules(const char *yaml) {
    static struct errs es;
    struct ruleset *rs = help_load(yaml, 0, &es);
    struct err e = {0};

    assert_non_null(rs);
    assert_int_equal(ruleset_prefilter_make(rs, NULL, &e), RC_OK);
    return rs;
}

static size_t scan(struct ruleset *rs, const char *program, const char *text, uint32_t flags) {
    struct message m;
    struct matcher *mt = matcher_new(rs, true);

    help_message(&m, program, text);
    m.flags = flags;
    size_t n = match_scan(mt, &m);
    matcher_free(mt);
    return n;
}

static void only_rules_whose_literal_or_log_source_says_so_are_candidates(void **state) {
    (void)state;
    struct ruleset *rs = some_rules(RULES);
    assert_int_equal(scan(rs, "cron", "hay", 0), 0);
    assert_int_equal(scan(rs, "cron", "a NEEDLE", 0), 1);
    assert_int_equal(scan(rs, "cron", "needle Long-Literal needle", 0), 2);
    assert_int_equal(scan(rs, "sshd", "hay", 0), 1); /* user is no verbatim field: always asked */
    assert_int_equal(scan(rs, "cron", "hay", MSG_DECODED), 0);
    assert_int_equal(scan(rs, "cron", "", 0), 0);
    ruleset_free(rs);
}

static void what_a_condition_wants_twice_is_wanted_twice(void **state) {
    static const struct {
        const char *condition, *text;
        size_t want;
    } rows[] = {
        {"a and b", "first-word", 0},
        {"a and b", "other-word", 0},
        {"a and b", "other-word First-Word", 1},
        {"all of them", "first-word third-word", 0}, /* of three, two are looked for */
        {"all of them", "first-word other-word third-word", 1},
        {"(a and b) or c", "first-word", 0},
        {"(a and b) or c", "third-word", 1},
        {"(a and b) or c", "first-word other-word", 1},
        {"c or (b and a)", "third-word", 1},
        {"c or (b and a)", "other-word", 0},
        {"a or b", "other-word", 1},
        {"a and not b", "first-word", 1},
        {"1 of them", "third-word", 1},
        {"2 of them", "third-word first-word", 1},
        {"(a or c) and b", "third-word", 0},
        {"(a or c) and b", "third-word other-word", 1},
        {"a and (b or not c)", "first-word", 1},
    };
    char yaml[400];

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        snprintf(yaml, sizeof yaml,
                 "title: a\nlogsource: {product: linux}\ndetection:\n  a: {message|contains: first-word}\n  b: [other-word]\n"
                 "  c: {message|contains|all: [third, third-word]}\n  condition: %s\n",
                 rows[i].condition);
        struct ruleset *rs = some_rules(yaml);
        if (scan(rs, "cron", rows[i].text, 0) != rows[i].want)
            fail_msg("%s: %s", rows[i].condition, rows[i].text);
        ruleset_free(rs);
    }
}

static void values_that_do_not_stand_in_the_text_are_searched_too(void **state) {
    struct message m;
    struct ruleset *rs = some_rules(RULES);
    struct matcher *mt = matcher_new(rs, true);

    (void)state;
    help_message(&m, "cron", "hay");
    m.flags = MSG_DECODED;
    message_add(&m, F_OTHER, STR("decoded"), STR("a Needle"), FIELD_DERIVED);
    assert_int_equal(match_scan(mt, &m), 1);
    m.nfields = 0;
    m.text = STR("a needle");
    assert_int_equal(match_scan(mt, &m), 1);
    matcher_free(mt);
    ruleset_free(rs);
}

/* Lines with a byte changed, left out or doubled, and two lines in one. */
static void mutate(struct world *w, struct str a, struct str b, const char *program, uint32_t *seed) {
    static char text[8192];
    size_t n = 0, half = a.n / 2;

    if (a.n + b.n + 2 >= sizeof text || a.n == 0)
        return;
    memcpy(text, a.p, a.n);
    n = a.n;
    *seed = *seed * 1664525u + 1013904223u;
    size_t at = (*seed >> 8) % n;
    switch (*seed >> 29) {
    case 0:
        text[at] = (char)(*seed >> 16);
        break;
    case 1:
        memmove(text + at, text + at + 1, --n - at);
        break;
    case 2:
        text[n++] = ' ';
        memcpy(text + n, b.p, b.n);
        n += b.n;
        break;
    case 3:
        memcpy(text + half, b.p + b.n / 2, b.n - b.n / 2);
        n = half + b.n - b.n / 2;
        break;
    default:
        text[at] ^= 0x20; /* the other case */
    }
    both_ways(w, str_n(text, n), program);
}

static void changed_lines_are_judged_the_same_with_and_without(void **state) {
    static const char *const names[] = {"loghub/raw/OpenSSH_2k.log", "loghub/raw/Linux_2k.log", "sigma/sigma-spec-vectors.jsonl",
                                        "webhooks/webhooks-public.jsonl", "fail2ban/fail2ban-public.jsonl"};
    uint32_t seed = 20261122;
    struct world w;

    (void)state;
    open_world(&w, RULESET_ANY_LOGSOURCE);
    for (size_t i = 0; i < ARRAY_N(names); i++) {
        char path[512];
        struct buf b;
        struct err e = {0};
        struct str before = STR("");
        snprintf(path, sizeof path, "%s/%s", help_corpora(), names[i]);
        buf_init(&b, 64 << 20);
        if (file_read(path, 64 << 20, &b, &e) == RC_OK)
            for (struct str rest = buf_view(&b); !str_absent(rest);) {
                struct str line = str_cut(&rest, '\n');
                mutate(&w, line, before, seed & 4 ? "sshd" : NULL, &seed);
                before = line;
            }
        buf_fini(&b);
    }
    print_message("%zu changed lines, %zu matches, %zu candidates\n", w.lines, w.matched, w.candidates);
    close_world(&w);
}

/* A rule for every constant that a pattern sets, and for it beside another. */
static void rules_of_constants(const struct world *w, struct buf *yaml) {
    for (size_t i = 0; i < w->nn; i++)
        for (const struct tree_node *p = tree_first(tree_get(tree_root(w->nv[i]), "patterns")); p; p = tree_next(p))
            for (const struct tree_node *c = tree_first(tree_get(p, "set")); c; c = tree_next(c))
                buf_printf(yaml,
                           "---\ntitle: t\nlogsource: {product: linux}\ndetection:\n  s: {'%.*s': '%.*s'}\n  a: {action|contains: '-'}\n"
                           "  u: {user|endswith: [oot, alice, bob]}\n  condition: %s\n",
                           STR_FMT(tree_key(c)), STR_FMT(tree_text(c)), i % 3 ? "s" : i % 2 ? "s and (a or u)" : "s and u");
}

static void rules_on_what_patterns_set_are_judged_the_same_with_and_without(void **state) {
    static struct errs es;
    struct err e = {0};
    struct world w;
    struct buf yaml;
    struct str before = STR("");
    uint32_t seed = 7;

    (void)state;
    load_patterns(&w, &es);
    buf_init(&yaml, 4 << 20);
    rules_of_constants(&w, &yaml);
    if (tree_from_yaml("test.yml", buf_view(&yaml), &w.v, &w.n, &e) != RC_OK)
        fail_msg("%d: %s", e.line, e.text);
    bind_rules(&w, RULESET_ANY_LOGSOURCE, &es);
    for (size_t i = 0; i < w.nn; i++) {
        const struct tree_node *root = tree_root(w.nv[i]), *first = tree_get(root, "program");
        for (const struct tree_node *s = tree_first(tree_get(root, "samples")); s; s = tree_next(s)) {
            char program[100] = "";
            struct str name = tree_get(s, "program") ? tree_get_text(s, "program") : tree_kind(first) == TREE_LIST ? tree_text(tree_first(first)) : tree_text(first);
            str_copy(program, sizeof program, name);
            both_ways(&w, tree_get_text(s, "line"), program);
            for (int k = 0; k < 8; k++)
                mutate(&w, tree_get_text(s, "line"), before, program, &seed);
            before = tree_get_text(s, "line");
        }
    }
    print_message("%zu rules, %zu lines, %zu matches, %zu candidates\n", w.n, w.lines, w.matched, w.candidates);
    assert_true(w.lines > 1000 && w.matched > w.lines);
    buf_fini(&yaml);
    close_world(&w);
}

static void a_database_serves_its_own_rules_only(void **state) {
    struct ruleset *rs = some_rules(RULES), *same = some_rules(RULES);
    struct ruleset *other = some_rules("title: a\nlogsource: {product: linux}\ndetection:\n  s: [needles]\n  condition: s\n");
    struct buf b;
    struct err e = {0};

    (void)state;
    buf_init(&b, 16 << 20);
    assert_int_equal(ruleset_prefilter_make(rs, &b, &e), RC_OK);
    assert_int_equal(ruleset_prefilter_load(same, buf_view(&b), &e), RC_OK);
    assert_int_equal(scan(same, "cron", "needle", 0), 1);
    assert_int_equal(ruleset_prefilter_load(other, buf_view(&b), &e), RC_INVALID);
    assert_int_equal(scan(other, "cron", "needles", 0), 1); /* its own still stands */
    for (size_t n = 0; n < b.n; n += n < 64 ? 1 : 97) {
        struct str cut = unit_exact(str_n(b.p, n));
        assert_int_not_equal(ruleset_prefilter_load(same, cut, &e), RC_OK);
        free((char *)(uintptr_t)cut.p);
    }
    buf_fini(&b);
    ruleset_free(rs);
    ruleset_free(same);
    ruleset_free(other);
}

/* Engines differ with how many literals there are and how long; what stands in the last bytes of a text is searched apart. */
static void a_literal_is_found_among_few_and_many_wherever_it_stands(void **state) {
    static const char *const words[] = {"needle", "thread", "session opened", "wget", "/etc/shadow", "sudo", "curl", "authentication failure"};
    static char text[256];
    uint32_t seed = 5;

    (void)state;
    for (size_t k = 1; k <= ARRAY_N(words); k++) {
        struct buf yaml;
        buf_init(&yaml, 65536);
        for (size_t i = 0; i < k; i++)
            buf_printf(&yaml, "%stitle: r%zu\nlogsource: {product: linux}\ndetection: {s: ['%s'], condition: s}\n", i ? "---\n" : "", i,
                       words[i]);
        buf_add(&yaml, "", 1);
        struct ruleset *rs = some_rules(yaml.p);
        struct matcher *mt = matcher_new(rs, true);
        for (size_t round = 0; round < 20000; round++) {
            struct message m;
            uint32_t hits[8];
            for (size_t i = 0; i < sizeof text; i++)
                text[i] = (char)((seed = seed * 1664525u + 1013904223u) >> 24);
            size_t word = round % k, len = strlen(words[word]), n = len + seed % (sizeof text - len), at = (seed >> 8) % (n - len + 1);
            memcpy(text + at, words[word], len);
            help_message(&m, "cron", "");
            m.raw = m.text = m.msg = str_n(text, n);
            match_scan(mt, &m);
            if (match_eval(mt, &m, hits, ARRAY_N(hits)) == 0)
                fail_msg("%s at %zu of %zu, among %zu", words[word], at, n, k);
        }
        matcher_free(mt);
        ruleset_free(rs);
        buf_fini(&yaml);
    }
}

static void rules_without_any_literal_need_no_database(void **state) {
    struct ruleset *rs = some_rules("title: a\nlogsource: {product: linux}\ndetection:\n  s: {user: x}\n  condition: s\n");
    struct buf b;
    struct err e = {0};

    (void)state;
    buf_init(&b, 4096);
    assert_int_equal(ruleset_prefilter_make(rs, &b, &e), RC_OK);
    assert_int_equal(ruleset_prefilter_load(rs, buf_view(&b), &e), RC_OK);
    assert_int_equal(scan(rs, "cron", "hay", 0), 1);
    buf_fini(&b);
    ruleset_free(rs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_rules_whose_literal_or_log_source_says_so_are_candidates),
        cmocka_unit_test(a_database_serves_its_own_rules_only),
        cmocka_unit_test(rules_without_any_literal_need_no_database),
        cmocka_unit_test(a_literal_is_found_among_few_and_many_wherever_it_stands),
        cmocka_unit_test(lines_made_of_the_rules_own_words_too),
        cmocka_unit_test(what_a_condition_wants_twice_is_wanted_twice),
        cmocka_unit_test(values_that_do_not_stand_in_the_text_are_searched_too),
        cmocka_unit_test(rules_on_what_patterns_set_are_judged_the_same_with_and_without),
        cmocka_unit_test(changed_lines_are_judged_the_same_with_and_without),
        cmocka_unit_test(corpora_are_judged_the_same_with_and_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
