/* SPDX-License-Identifier: ISC
 *
 * rules_files.c - files of rules judged without loading them
 *
 * Takes   files or folders, and the configuration they would be loaded with: its rules (ids must differ, references must resolve), log
 *         sources and patterns; without one, what tocsin comes with.
 * Gives   every mistake with its place, what would load, and what the samples do.
 *
 * The files are opened first; then this process locks itself up as the compile role does, and only then looks at what is in them.
 */
#include <config.h>

#include "daemon/rules_files.h"

#include "base/digest.h"
#include "base/esc.h"
#include "base/json.h"
#include "base/table.h"
#include "daemon/compile.h"
#include "daemon/confine.h"
#include "daemon/shipped.h"
#include "detect/refused.h"
#include "detect/rule_about.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_CONFIG TOCSIN_CONFDIR "/tocsin.yaml"
#define FILES_MAX 50000
#define WHYS_MAX 256
#define OUT_MAX (64u << 20)
#define FILE_NAME 160 /* as long as struct err remembers one */

struct words {
    const char *config;
    bool test, json;
    struct opt_strs paths;
};
struct judged {
    const struct words *words;
    const struct generation *g;
    struct table *ours; /* names of the files that are judged */
    const char *with;   /* the configuration */
    size_t refused, broken, foreign; /* foreign: mistakes of the other rules */
    size_t rules, loaded, samples, sampled;
    struct table *whys; /* why what is not asked here is not -> uint64_t */
};

/* ---- gathering */

static struct str name_key(struct str name, char out[FILE_NAME]) {
    str_copy(out, FILE_NAME, name);
    return str_of(out);
}

static void add_name(struct table *t, struct str name) {
    char key[FILE_NAME];

    table_get(t, name_key(name, key), NULL);
}

/* Which file it is, whatever it is called. */
static struct str identity(const char *name, char out[64]) {
    struct stat st;

    if (stat(name, &st) != 0)
        return STR("");
    snprintf(out, 64, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    return str_of(out);
}

static void each_rule_file(struct str bundle, void (*fn)(void *ctx, struct str name), void *ctx) {
    enum section kind;
    struct str name, bytes;
    bool bad = false;

    while (bundle_next(&bundle, &kind, &name, &bytes, &bad))
        if (kind == SEC_RULES)
            fn(ctx, name);
}

struct gathering {
    struct table *ours, *same;
};

static void note_file(void *ctx, struct str name) {
    struct gathering *x = ctx;
    char *cname = str_dup(name), id[64];

    add_name(x->ours, name);
    if (cname)
        table_get(x->same, identity(cname, id), NULL);
    free(cname);
}

/* The configuration's bundle without those of its rule files that are judged now: they would be found twice. */
static void others_only(struct str bundle, struct table *same, struct buf *out) {
    enum section kind;
    struct str name, bytes;
    bool bad = false;
    char id[64];

    while (bundle_next(&bundle, &kind, &name, &bytes, &bad)) {
        char *cname = str_dup(name);
        if (cname && !(kind == SEC_RULES && table_find(same, identity(cname, id))))
            bundle_add(out, kind, cname, bytes);
        free(cname);
    }
}

/* What is named, else what is installed and may be read, else what is shipped. */
static enum rc gather_config(struct judged *j, struct buf *bundle, struct errs *es) {
    struct config_source from = {.path = j->words->config};
    struct buf dir;
    enum rc rc;

    buf_init(&dir, 8192);
    if (!from.path && access(DEFAULT_CONFIG, R_OK) == 0)
        from.path = DEFAULT_CONFIG;
    rc = from.path ? config_gather(&from, bundle, es) : RC_NOTFOUND;
    j->with = from.path;
    if (rc != RC_OK && !j->words->config) { /* somebody who may not read it still wants to know */
        buf_reset(bundle);
        memset(es, 0, sizeof *es);
        j->with = "what tocsin comes with";
        from = (struct config_source){.shipped = shipped_folder(&dir) ? buf_cstr(&dir) : NULL};
        rc = config_gather(&from, bundle, es);
    }
    buf_fini(&dir);
    return rc;
}

static enum rc gather(struct judged *j, struct buf *bundle, struct errs *es) {
    struct gathering x = {j->ours, table_new(FILES_MAX, 1, NULL, NULL)};
    struct buf mine, config;
    enum rc rc;

    buf_init(&mine, BUNDLE_MAX);
    buf_init(&config, BUNDLE_MAX);
    if (!x.same)
        rc = RC_NOMEM;
    else if ((rc = bundle_rules(&j->words->paths, &mine, es)) == RC_OK && (rc = gather_config(j, &config, es)) == RC_OK) {
        each_rule_file(buf_view(&mine), note_file, &x);
        others_only(buf_view(&config), x.same, bundle);
        buf_str(bundle, buf_view(&mine)); /* last, so that what is there twice is told of ours */
    }
    if (rc != RC_OK && es->n)
        rc = es->v[0].rc; /* "there is no such file" */
    table_free(x.same);
    buf_fini(&mine);
    buf_fini(&config);
    return rc;
}

/* ---- judging */

static bool is_ours(const struct judged *j, struct str file) {
    char key[FILE_NAME];

    return table_find(j->ours, name_key(file, key)) != NULL;
}

static size_t samples_of(const struct judged *j, size_t rule) {
    const struct tree_node *all = tree_get(tree_get(rule_about_doc(j->g->rules, rule), "tocsin"), "samples");
    size_t n = 0;

    for (const struct tree_node *list = all ? tree_first(all) : NULL; list; list = tree_next(list))
        n += tree_count(list);
    return n;
}

static void count_why(struct judged *j, const struct rule_info *info) {
    struct buf why;

    buf_init(&why, 1024);
    buf_printf(&why, "%s: ", rule_status_name(info->status));
    rule_about_why(info, &why);
    uint64_t *n = table_get(j->whys, buf_view(&why), NULL);
    if (n)
        ++*n;
    buf_fini(&why);
}

static void count(struct judged *j) {
    struct refused r;

    for (struct str rest = j->g->refused; refused_next(&rest, &r);)
        *(!is_ours(j, r.file) ? &j->foreign : r.sample ? &j->broken : &j->refused) += 1;
    for (size_t i = 0; i < ruleset_count(j->g->rules); i++) {
        const struct rule_info *info = rule_info(j->g->rules, i);
        if (!is_ours(j, info->file))
            continue;
        j->rules++;
        j->loaded += info->status == RULE_LOADED;
        j->samples += samples_of(j, i);
        j->sampled += samples_of(j, i) > 0;
        if (info->status == RULE_LOADED)
            continue;
        count_why(j, info);
    }
}

/* ---- for a person */

static void say_refused(const struct refused *r, struct buf *b) {
    esc_term(b, r->file);
    if (r->line)
        buf_printf(b, ":%u:%u", r->line, r->col);
    buf_text(b, ": ");
    esc_term(b, r->text);
    buf_c(b, '\n');
    if (r->hint.n) {
        buf_text(b, "    ");
        esc_term(b, r->hint);
        buf_c(b, '\n');
    }
}

static void say_why(void *ctx, struct str why, void *value) {
    struct buf *b = ctx;

    buf_printf(b, "    %llu ", (unsigned long long)*(uint64_t *)value);
    esc_term(b, why);
    buf_c(b, '\n');
}

static void say_samples(const struct judged *j, struct buf *b) {
    struct refused r;

    for (size_t i = 0; i < ruleset_count(j->g->rules); i++) {
        const struct rule_info *info = rule_info(j->g->rules, i);
        size_t n = samples_of(j, i), failed = 0;
        if (!is_ours(j, info->file))
            continue;
        for (struct str rest = j->g->refused; refused_next(&rest, &r);)
            failed += r.sample && str_eq(r.id, info->id) && str_eq(r.file, info->file);
        if (n == 0)
            buf_text(b, "none  no samples     ");
        else
            buf_printf(b, "%s  %zu of %zu good    ", failed ? "FAIL" : "ok  ", n - (failed < n ? failed : n), n);
        esc_term(b, info->title);
        buf_c(b, '\n');
    }
}

static void say_text(const struct judged *j, struct buf *b) {
    struct refused r;

    if (j->words->test)
        say_samples(j, b);
    for (struct str rest = j->g->refused; refused_next(&rest, &r);)
        if (is_ours(j, r.file))
            say_refused(&r, b);
    if (j->words->test)
        buf_printf(b, "%zu rules, %zu of them with samples: %zu samples, %zu failed; %zu rules refused\n", j->rules, j->sampled, j->samples, j->broken,
                   j->refused);
    else
        buf_printf(b, "%zu rules would load, %zu not applicable here, %zu refused, %zu samples fail\n", j->loaded, j->rules - j->loaded, j->refused, j->broken);
    table_each(j->whys, say_why, b);
    buf_printf(b, "judged together with %zu rules of %s\n", ruleset_count(j->g->rules) - j->rules, j->with);
    if (j->foreign)
        buf_printf(b, "those have %zu mistakes of their own: tocsind -t\n", j->foreign);
}

/* ---- for a program */

static void json_mistakes(const struct judged *j, struct jw *w) {
    struct refused r;

    jw_key(w, "mistakes");
    jw_list(w);
    for (struct str rest = j->g->refused; refused_next(&rest, &r);) {
        if (!is_ours(j, r.file))
            continue;
        jw_map(w);
        jw_kv_text(w, "kind", r.sample ? "sample" : "refused");
        jw_kv_str(w, "id", r.id);
        jw_kv_str(w, "title", r.title);
        jw_kv_str(w, "file", r.file);
        jw_kv_int(w, "line", r.line);
        jw_kv_int(w, "col", r.col);
        jw_kv_str(w, "message", r.text);
        jw_kv_str(w, "hint", r.hint.n ? r.hint : STR_NONE);
        jw_map_end(w);
    }
    jw_list_end(w);
}

static void json_rules(const struct judged *j, struct jw *w) {
    jw_key(w, "rules");
    jw_list(w);
    for (size_t i = 0; i < ruleset_count(j->g->rules); i++) {
        const struct rule_info *info = rule_info(j->g->rules, i);
        if (!is_ours(j, info->file))
            continue;
        jw_map(w);
        jw_kv_str(w, "id", info->id);
        jw_kv_str(w, "title", info->title);
        jw_kv_text(w, "status", rule_status_name(info->status));
        jw_kv_str(w, "why", info->status_why); /* the word itself */
        jw_kv_int(w, "samples", (int64_t)samples_of(j, i));
        jw_kv_str(w, "file", info->file);
        jw_kv_int(w, "line", info->line);
        jw_map_end(w);
    }
    jw_list_end(w);
}

static void say_json(const struct judged *j, struct buf *b) {
    struct jw w;

    jw_init(&w, b);
    jw_list(&w);
    jw_map(&w);
    jw_kv_int(&w, "would_load", (int64_t)j->loaded);
    jw_kv_int(&w, "not_applicable", (int64_t)(j->rules - j->loaded));
    jw_kv_int(&w, "refused", (int64_t)j->refused);
    jw_kv_int(&w, "samples", (int64_t)j->samples);
    jw_kv_int(&w, "samples_failed", (int64_t)j->broken);
    jw_kv_text(&w, "judged_with", j->with);
    json_mistakes(j, &w);
    json_rules(j, &w);
    jw_map_end(&w);
    jw_list_end(&w);
    buf_c(b, '\n');
}

/* ---- the whole */

static int status_of(const struct judged *j) {
    if (j->refused || (j->broken && !j->words->test))
        return rc_exit(RC_CONFIG);
    return j->broken ? rc_exit(RC_CHECK) : 0;
}

static int complain(const struct errs *es, enum rc rc) {
    char sentence[1024];

    for (unsigned i = 0; i < es->n; i++)
        fprintf(stderr, "tocsind rules: %s\n", err_format(&es->v[i], sentence, sizeof sentence));
    return rc_exit(rc);
}

static int say(struct judged *j) {
    struct buf out;
    int status;

    buf_init(&out, OUT_MAX);
    count(j);
    (j->words->json ? say_json : say_text)(j, &out);
    status = !out.over && fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0 ? status_of(j) : rc_exit(RC_IO);
    buf_fini(&out);
    return status;
}

static int judge(struct judged *j, struct str bundle, struct errs *es) {
    struct generation *g = NULL;
    struct buf image, missing;
    uint8_t digest[SHA256_SIZE];
    int status;

    buf_init(&image, 512u << 20);
    buf_init(&missing, 4096);
    sha256_of(STR(""), digest); /* libcrypto reads its configuration at the first use: now or never */
    confine_role("compile", NULL, &missing);
    memset(es, 0, sizeof *es);
    if (compile_bundle(bundle, RULESET_KEEP_BAD, true, &image, es) != RC_OK ||
        generation_open(buf_view(&image), 1, 1u << SEC_RULES | 1u << SEC_SOURCES, &g, es) != RC_OK) {
        status = complain(es, RC_CONFIG);
    } else {
        j->g = g;
        status = say(j);
    }
    generation_free(g);
    buf_fini(&image);
    buf_fini(&missing);
    return status;
}

static int run(const struct words *w) {
    struct judged j = {.words = w, .ours = table_new(FILES_MAX, 1, NULL, NULL), .whys = table_new(WHYS_MAX, sizeof(uint64_t), NULL, NULL)};
    struct errs *es = calloc(1, sizeof *es);
    struct buf bundle;
    int status = rc_exit(RC_NOMEM);

    buf_init(&bundle, 2 * BUNDLE_MAX);
    if (es && j.ours && j.whys) {
        enum rc rc = gather(&j, &bundle, es);
        status = rc != RC_OK ? complain(es, rc) : judge(&j, buf_view(&bundle), es);
    }
    buf_fini(&bundle);
    table_free(j.ours);
    table_free(j.whys);
    free(es);
    return status;
}

static int usage(bool asked) {
    fputs("usage: tocsind rules check|test [-c FILE] [--json] PATH...\n", asked ? stdout : stderr);
    return asked ? 0 : rc_exit(RC_USAGE);
}

int rules_files_main(int argc, char **argv) {
    static const struct option longs[] = {{"config", 1, NULL, 'c'}, {"json", 0, NULL, 'j'}, {"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct words w = {0};
    int c;

    if (argc < 2 || (strcmp(argv[1], "check") != 0 && strcmp(argv[1], "test") != 0))
        return usage(argc > 1 && strcmp(argv[1], "--help") == 0);
    w.test = strcmp(argv[1], "test") == 0;
    optind = 1;
    while ((c = getopt_long(argc - 1, argv + 1, "c:h", longs, NULL)) != -1) {
        if (c == 'c')
            w.config = optarg;
        else if (c == 'j')
            w.json = true;
        else
            return usage(c == 'h');
    }
    w.paths = (struct opt_strs){argv + 1 + optind, (size_t)(argc - 1 - optind)};
    return w.paths.n ? run(&w) : usage(false);
}
