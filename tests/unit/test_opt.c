/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/opt.h"

struct server {
    char *host;
    int64_t port;
};

struct limits {
    int64_t idle;
    uint64_t line;
};

struct conf {
    char *name;
    bool enabled;
    int64_t workers;
    int mode;
    struct opt_strs tags, words;
    struct limits limits;
    struct opt_list servers;
    const struct tree_node *extra;
};

static const char *const modes[] = {"event", "receive", "skew", NULL};

static const struct opt server_rows[] = {
    {"host", OPT_STR, offsetof(struct server, host), 1, 253, "!", "name or address", NULL, NULL, 0},
    {"port", OPT_INT, offsetof(struct server, port), 1, 65535, "514", "port", NULL, NULL, 0},
    OPT_END,
};
static const struct opt limit_rows[] = {
    {"idle", OPT_DURATION, offsetof(struct limits, idle), 1000000, INT64_C(3600000000), "5m",
     "silence before a connection is closed", NULL, NULL, 0},
    {"line", OPT_SIZE, offsetof(struct limits, line), 480, 1 << 20, "64KiB", "longest line", NULL, NULL, 0},
    OPT_END,
};
static const struct opt rows[] = {
    {"name", OPT_STR, offsetof(struct conf, name), 0, 0, "it's: a #name", "who we are", NULL, NULL, 0},
    {"enabled", OPT_BOOL, offsetof(struct conf, enabled), 0, 0, "yes", "on or off", NULL, NULL, 0},
    {"workers", OPT_INT, offsetof(struct conf, workers), 1, 64, "1", "ingest processes", NULL, NULL, 0},
    {"mode", OPT_ENUM, offsetof(struct conf, mode), 0, 0, "skew", "which time counts", modes, NULL, 0},
    {"tags", OPT_STRS, offsetof(struct conf, tags), 0, 3, "a, b", "labels", NULL, NULL, 0},
    {"words", OPT_STRS, offsetof(struct conf, words), 0, 0, NULL, "more labels", NULL, NULL, 0},
    {"limits", OPT_MAP, offsetof(struct conf, limits), 0, 0, NULL, "bounds", NULL, limit_rows, 0},
    {"servers", OPT_LIST, offsetof(struct conf, servers), 0, 2, NULL, "peers", NULL, server_rows, sizeof(struct server)},
    {"extra", OPT_NODE, offsetof(struct conf, extra), 0, 0, NULL, "left to the room", NULL, NULL, 0},
    OPT_END,
};

/* Binds the YAML text, keeps the tree in *t for as long as c is used. */
static enum rc bind(const char *yaml, struct tree **t, struct conf *c, struct errs *es) {
    struct tree **v = NULL;
    size_t n = 0;
    struct err e = {0};

    *c = (struct conf){0};
    *es = (struct errs){0};
    *t = NULL;
    if (tree_from_yaml("c.yaml", str_of(yaml), &v, &n, &e) != RC_OK)
        fail_msg("%s", e.text);
    if (n)
        *t = v[0];
    free(v);
    return opt_bind(rows, *t ? tree_root(*t) : NULL, c, es);
}

static struct errs es;

static void nothing_written_gives_the_defaults(void **state) {
    (void)state;
    struct conf c;
    struct tree *t;

    assert_int_equal(bind("", &t, &c, &es), RC_OK);
    assert_string_equal(c.name, "it's: a #name");
    assert_true(c.enabled);
    assert_int_equal(c.workers, 1);
    assert_int_equal(c.mode, 2);
    assert_int_equal(c.tags.n, 2);
    assert_string_equal(c.tags.v[1], "b");
    assert_int_equal(c.words.n, 0);
    assert_int_equal(c.limits.idle, 300000000);
    assert_int_equal(c.limits.line, 65536);
    assert_int_equal(c.servers.n, 0);
    assert_null(c.extra);
    opt_fini(rows, &c);
    opt_fini(rows, &c); /* twice does no harm */
}

static void what_is_written_is_bound(void **state) {
    (void)state;
    struct conf c;
    struct tree *t;

    assert_int_equal(
        bind("name: x\nenabled: off\nworkers: 4\nmode: event\ntags: one\nwords: [p, 'q r']\nlimits: {idle: 1h, line: 1MiB}\n"
             "servers:\n  - host: h1\n  - {host: h2, port: 6514}\nextra: [1]\n",
             &t, &c, &es),
        RC_OK);
    assert_string_equal(c.name, "x");
    assert_false(c.enabled);
    assert_int_equal(c.workers, 4);
    assert_int_equal(c.mode, 0);
    assert_int_equal(c.tags.n, 1);
    assert_string_equal(c.words.v[1], "q r");
    assert_int_equal(c.limits.idle, INT64_C(3600000000));
    assert_int_equal(c.limits.line, 1 << 20);
    const struct server *servers = c.servers.v;
    assert_int_equal(servers[0].port, 514);
    assert_string_equal(servers[1].host, "h2");
    assert_int_equal(tree_kind(c.extra), TREE_LIST);
    opt_fini(rows, &c);
    tree_free(t);
}

static void every_mistake_is_reported_in_one_run(void **state) {
    (void)state;
    static const char *const want[] = {
        "c.yaml:1:1: there is no option \"wokers\" here; did you mean \"workers\"?",
        "c.yaml:2:10: enabled: \"maybe\" is not yes or no",
        "c.yaml:3:7: mode: \"evnet\" is not event, receive or skew",
        "c.yaml:4:7: tags: 4 entries where 0 to 3 are allowed",
        "c.yaml:6:9: idle: \"2h\" is not a duration such as 15m or 2h, from 1s to 1h",
        "c.yaml:7:9: line: \"1\" is not a size such as 64KiB or 8MiB, from 480 to 1MiB",
        "c.yaml:9:5: host is missing",
        "c.yaml:9:11: port: \"65536\" is not a whole number, from 1 to 65535",
        "c.yaml:10:5: servers: a map was expected",
    };
    struct conf c;
    struct tree *t;

    assert_int_equal(bind("wokers: 4\nenabled: maybe\nmode: evnet\ntags: [a, b, c, d]\nlimits:\n  idle: 2h\n  line: 1\nservers:\n"
                          "  - port: 65536\n  - word\n",
                          &t, &c, &es),
                     RC_CONFIG);
    for (unsigned i = 0; i < es.n; i++) {
        char out[400];
        bool found = false;
        err_format(&es.v[i], out, sizeof out);
        for (size_t k = 0; k < ARRAY_N(want) && !found; k++)
            found = strcmp(out, want[k]) == 0;
        if (!found)
            fail_msg("unexpected: %s", out);
    }
    assert_int_equal(es.n, ARRAY_N(want));
    assert_string_equal(es.v[2].hint, "did you mean \"event\"?");
    opt_fini(rows, &c);
    tree_free(t);
}

static void the_wrong_kind_is_refused_everywhere(void **state) {
    (void)state;
    static const char *const texts[] = {"[]",
                                        "name: [x]",
                                        "workers: {}",
                                        "limits: 3",
                                        "servers: x",
                                        "servers: {host: x}",
                                        "tags: {a: b}",
                                        "tags: [[a]]",
                                        "workers: 0",
                                        "workers: ''",
                                        "scalar",
                                        "workers: 1.5",
                                        "mode: ''",
                                        "servers: [{host: ''}]",
                                        "servers: [{host: a}, {host: b}, {host: c}]"};
    for (size_t i = 0; i < ARRAY_N(texts); i++) {
        struct conf c;
        struct tree *t;
        if (bind(texts[i], &t, &c, &es) != RC_CONFIG)
            fail_msg("accepted: %s", texts[i]);
        assert_true(es.n >= 1);
        opt_fini(rows, &c);
        tree_free(t);
    }
}

static void the_printed_defaults_mean_the_defaults(void **state) {
    (void)state;
    struct buf b;
    struct conf c;
    struct tree *t;

    buf_init(&b, 100000);
    opt_print(rows, 0, &b);
    const char *text = buf_cstr(&b);
    for (const struct opt *row = rows; row->key; row++) {
        assert_non_null(strstr(text, row->key));
        assert_non_null(strstr(text, row->help));
    }
    assert_non_null(strstr(text, "\n  idle: 5m\n"));
    assert_non_null(strstr(text, "name: 'it''s: a #name'\n"));
    if (bind(text, &t, &c, &es) != RC_OK)
        fail_msg("%s\n%s", es.v[0].text, text);
    assert_string_equal(c.name, "it's: a #name");
    assert_int_equal(c.workers, 1);
    assert_int_equal(c.tags.n, 2);
    assert_int_equal(c.limits.line, 65536);
    opt_fini(rows, &c);
    tree_free(t);
    /* and without the marks, what is only shown is YAML too */
    struct buf shown;
    buf_init(&shown, 100000);
    for (struct str rest = buf_view(&b); !str_absent(rest);) {
        struct str line = str_cut(&rest, '\n');
        size_t mark = str_chr(line, '#');
        bool comment = mark != SIZE_MAX && str_starts(str_sub(line, mark, SIZE_MAX), STR("# "));
        if (mark != SIZE_MAX && mark == 0 && !comment && line.n > 1 && str_chr(str_sub(line, 1, SIZE_MAX), '#') == SIZE_MAX)
            line = str_sub(line, 1, SIZE_MAX);
        buf_str(&shown, line);
        buf_c(&shown, '\n');
    }
    struct tree **v = NULL;
    size_t n = 0;
    struct err e = {0};
    if (tree_from_yaml("shown", buf_view(&shown), &v, &n, &e) != RC_OK)
        fail_msg("%d: %s\n%s", e.line, e.text, buf_cstr(&shown));
    while (n)
        tree_free(v[--n]);
    free(v);
    buf_fini(&shown);
    buf_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_written_gives_the_defaults),     cmocka_unit_test(what_is_written_is_bound),
        cmocka_unit_test(every_mistake_is_reported_in_one_run),   cmocka_unit_test(the_wrong_kind_is_refused_everywhere),
        cmocka_unit_test(the_printed_defaults_mean_the_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
