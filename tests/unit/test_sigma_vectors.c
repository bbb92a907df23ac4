/* SPDX-License-Identifier: ISC
 *
 * test_sigma_vectors.c - rules of the Sigma specification against events, and SigmaHQ's rules, from the corpora
 */
#include "sigma_help.h"

#include <dirent.h>
#include <sys/stat.h>

static size_t run, wrong;

static void one_vector(struct str line) {
    struct err e = {0};
    struct json *j = NULL;
    struct help_event ev;
    struct buf event;
    static struct errs es;

    assert_int_equal(json_parse(line, 1 << 20, &j, &e), RC_OK);
    char *yaml = str_dup(json_get_text(j, "rule"));
    struct ruleset *rs = help_load(yaml, RULESET_ANY_LOGSOURCE, &es);
    if (!rs)
        fail_msg("%.*s: %s", STR_FMT(json_get_text(j, "id")), es.v[0].text);
    buf_init(&event, 1 << 20);
    json_scalar(json_get(j, "event"), &event);
    help_event_open(&ev, buf_view(&event));
    bool want = json_bool(json_get(json_get(j, "expect"), "match"), false);
    run++;
    if (help_hits(rs, &ev.m) != want) {
        wrong++;
        print_error("%.*s: wanted %d for %s\n%s\n", STR_FMT(json_get_text(j, "id")), want, buf_cstr(&event), yaml);
    }
    help_event_close(&ev);
    buf_fini(&event);
    ruleset_free(rs);
    free(yaml);
    json_free(j);
}

static void every_vector_of_the_specification_is_judged_right(void **state) {
    char path[512];
    struct buf b;
    struct err e = {0};

    (void)state;
    snprintf(path, sizeof path, "%s/sigma/sigma-spec-vectors.jsonl", help_corpora());
    buf_init(&b, 16 << 20);
    if (file_read(path, 16 << 20, &b, &e) != RC_OK) {
        print_message("skipped: %s is not there\n", path);
        buf_fini(&b);
        exit(77);
    }
    struct str rest = buf_view(&b);
    while (!str_absent(rest)) {
        struct str line = str_cut(&rest, '\n');
        if (line.n)
            one_vector(line);
    }
    print_message("%zu vectors, %zu wrong\n", run, wrong);
    assert_true(run > 0);
    assert_int_equal(wrong, 0);
    buf_fini(&b);
}

struct loading {
    struct tree **v;
    size_t n, files;
};

static void load_file(struct loading *l, const char *path) {
    struct buf b;
    struct err e = {0};
    struct tree **docs = NULL;
    size_t n = 0;

    buf_init(&b, 4 << 20);
    assert_int_equal(file_read(path, 4 << 20, &b, &e), RC_OK);
    if (tree_from_yaml(path, buf_view(&b), &docs, &n, &e) != RC_OK)
        fail_msg("%s:%d: %s", path, e.line, e.text);
    l->v = realloc(l->v, (l->n + n + 1) * sizeof(struct tree *));
    assert_non_null(l->v);
    for (size_t i = 0; i < n; i++)
        l->v[l->n++] = docs[i];
    l->files++;
    free(docs);
    buf_fini(&b);
}

static void load_folder(struct loading *l, const char *dir, int depth) {
    char path[1024];
    struct stat st;
    DIR *d = opendir(dir);

    for (struct dirent *de; d && depth < 8 && (de = readdir(d));) {
        if (de->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, de->d_name);
        assert_int_equal(stat(path, &st), 0);
        if (S_ISDIR(st.st_mode))
            load_folder(l, path, depth + 1);
        else if (str_ends(str_of(path), STR(".yml")))
            load_file(l, path);
    }
    if (d)
        closedir(d);
}

static void every_published_rule_loads(void **state) {
    char dir[512];
    struct loading l = {NULL, 0, 0};
    static struct errs es;
    struct ruleset *rs = NULL;
    struct err e = {0};

    (void)state;
    snprintf(dir, sizeof dir, "%s/sigma/rules", help_corpora());
    load_folder(&l, dir, 0);
    if (l.files == 0) {
        print_message("skipped: no rules in %s\n", dir);
        return;
    }
    enum rc rc = ruleset_load((const struct tree *const *)l.v, l.n, RULESET_KEEP_BAD, &rs, &es);
    for (unsigned i = 0; i < es.n; i++)
        print_error("%s:%d:%d: %s\n", es.v[i].file, es.v[i].line, es.v[i].col, es.v[i].text);
    assert_int_equal(rc, RC_OK);
    assert_non_null(rs);
    print_message("%zu files, %zu rules\n", l.files, ruleset_count(rs));
    assert_int_equal(ruleset_count(rs), l.n);
    assert_int_equal(ruleset_prefilter_make(rs, NULL, &e), RC_OK);
    ruleset_free(rs);
    for (size_t i = 0; i < l.n; i++)
        tree_free(l.v[i]);
    free(l.v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_of_the_specification_is_judged_right),
        cmocka_unit_test(every_published_rule_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
