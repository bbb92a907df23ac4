/* SPDX-License-Identifier: ISC
 *
 * test_explain.c - tocsind explain as an interface: keys, nulls, stamps, events, alerts
 */
#include "unit.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "daemon/explain.h"

#include <fcntl.h>
#include <unistd.h>

static char dir[] = "/tmp/tocsin-explain-XXXXXX";
static char config[512], path_in[64], path_out[64], path_rules[64];
static struct buf out;

static void put(const char *path, struct str bytes) {
    struct err e = {0};

    if (file_write(path, bytes, 0600, &e) != RC_OK)
        fail_msg("%s", e.text);
}

/* Runs it on `input` with these further words; what it printed is in out. */
static int run(struct str input, const char *const *words, size_t n) {
    const char *argv[16] = {"explain", "-c", config};
    struct err e = {0};
    int argc = 3;

    put(path_in, input);
    for (size_t i = 0; i < n; i++)
        argv[argc++] = words[i];
    argv[argc++] = path_in;
    fflush(stdout);
    int keep = dup(1), fd = open(path_out, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(keep >= 0 && fd >= 0 && dup2(fd, 1) == 1);
    int status = explain_main(argc, (char **)(uintptr_t)argv);
    fflush(stdout);
    assert_true(dup2(keep, 1) == 1);
    close(keep);
    close(fd);
    buf_reset(&out);
    assert_int_equal(file_read(path_out, 64u << 20, &out, &e), RC_OK);
    return status;
}

#define RUN(input, ...) run(input, (const char *const[]){__VA_ARGS__}, ARRAY_N(((const char *const[]){__VA_ARGS__})))

/* The n-th line (from 1) as JSON, freed by the next call. */
static const struct json *object(size_t n) {
    static struct json *j;
    struct str rest = buf_view(&out), line = STR_NONE;
    struct err e = {0};

    json_free(j);
    j = NULL;
    while (n--)
        line = str_cut(&rest, '\n');
    if (line.n && json_parse(line, 1u << 20, &j, &e) != RC_OK)
        fail_msg("%s: %.*s", e.text, STR_FMT(line));
    return j;
}

static struct str at(const struct json *j, const char *pointer) {
    return json_text(json_pointer(j, str_of(pointer)));
}

/* Null, or not there: that every key is there is counted in the first test. */
static bool null_at(const struct json *j, const char *pointer) {
    return json_kind(json_pointer(j, str_of(pointer))) == JSON_NULL;
}

static size_t lines(void) {
    size_t n = 0;

    for (size_t i = 0; i < out.n; i++)
        n += out.p[i] == '\n';
    return n;
}

static void every_key_is_there_and_absent_is_null(void **state) {
    static const char *const nulls[] = {"/parse/pri",   "/parse/facility", "/parse/severity", "/parse/version", "/parse/ts", "/parse/host",
                                        "/parse/app",   "/parse/procid",   "/parse/msgid",    "/parse/sd",      "/time",     "/event"};

    (void)state;
    assert_int_equal(RUN(STR("hello\n"), "--json"), 0);
    const struct json *j = object(1);
    assert_int_equal(json_int(json_get(j, "n"), 0), 1);
    assert_str(at(j, "/parse/dialect"), "text");
    assert_true(json_bool(json_pointer(j, STR("/parse/valid")), false));
    for (size_t i = 0; i < ARRAY_N(nulls); i++)
        check_row(null_at(j, nulls[i]), nulls[i]);
    assert_str(at(j, "/parse/msg"), "hello");
    assert_int_equal(json_kind(json_get(j, "fields")), JSON_MAP);
    assert_int_equal(json_kind(json_get(j, "sightings")), JSON_LIST);
    assert_int_equal(json_kind(json_get(j, "alerts")), JSON_LIST);
    assert_int_equal(json_kind(json_get(j, "excluded")), JSON_LIST);
    assert_false(json_bool(json_get(j, "skewed"), true));
    assert_str(at(j, "/raw_b64"), "aGVsbG8=");
    assert_int_equal(json_count(j), 10);
    assert_int_equal(json_count(json_get(j, "parse")), 13);
}

static void rfc5424_comes_out_as_it_went_in(void **state) {
    (void)state;
    assert_int_equal(RUN(STR("<165>1 2003-10-11T22:14:15.003-07:00 h a 7 ID47 [x@1 k=\"v\\\"\" k=\"w\" l=\"m\"][y] \xef\xbb\xbfhi\n"
                             "<13>1 - - - - - - a\xff\n"),
                         "--json"),
                     0);
    const struct json *j = object(1);
    assert_str(at(j, "/parse/ts"), "2003-10-11T22:14:15.003-07:00");
    assert_str(at(j, "/time"), "2003-10-12T05:14:15.003000Z");
    assert_str(at(j, "/parse/sd/x@1/k/0"), "v\"");
    assert_str(at(j, "/parse/sd/x@1/k/1"), "w");
    assert_str(at(j, "/parse/sd/x@1/l"), "m");
    assert_int_equal(json_kind(json_pointer(j, STR("/parse/sd/y"))), JSON_MAP);
    assert_str(at(j, "/parse/msg"), "\xef\xbb\xbfhi");
    assert_int_equal(json_int(json_pointer(j, STR("/parse/facility")), -1), 20);
    assert_int_equal(json_int(json_pointer(j, STR("/parse/severity")), -1), 5);
    assert_str(at(object(2), "/parse/msg/b64"), "Yf8=");
}

static void stamps_are_given_as_the_sender_gave_them(void **state) {
    static const struct {
        const char *raw, *ts;
    } t[] = {
        {"Oct 11 22:14:15 h a: x", "--10-11T22:14:15"},
        {"Oct  1 02:14:15 h a: x", "--10-01T02:14:15"},
        {"<13>Oct 11 22:14:15.120 h a: x", "--10-11T22:14:15.120"},
        {"<13>Oct 11 2003 22:14:15 h a: x", "2003-10-11T22:14:15"},
        {"<13>Oct 11 22:14:15 UTC h a: x", "--10-11T22:14:15Z"},
        {"<13>Oct 11 22:14:15 +0200 h a: x", "--10-11T22:14:15+02:00"},
        {"2003-10-11T22:14:15+00:00 h a: x", "2003-10-11T22:14:15+00:00"},
        {"<13>2003-10-11 22:14:15,003 h a: x", "2003-10-11T22:14:15.003"},
        {"<13>1386543323.5 h a: x", "2013-12-08T22:55:23.5Z"},
        {"<13>1 2003-10-11T22:14:15.000003Z - - - - -", "2003-10-11T22:14:15.000003Z"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        assert_int_equal(RUN(str_of(t[i].raw), "--json"), 0);
        check_row(str_is(at(object(1), "/parse/ts"), t[i].ts), t[i].raw);
    }
}

#define GUESS "<38>Oct 11 22:14:15 gw sshd[411]: Failed password for root from 192.0.2.7 port 40022 ssh2\n"

static void the_fifth_guess_fires_and_the_sixth_joins(void **state) {
    (void)state;
    assert_int_equal(RUN(STR(GUESS GUESS GUESS GUESS GUESS GUESS), "--json"), 0);
    assert_int_equal(lines(), 6);
    assert_str(at(object(4), "/event/priority"), "P5");
    assert_int_equal(json_count(json_get(object(4), "alerts")), 0);
    assert_int_equal(json_count(json_get(object(4), "sightings")), 1);
    assert_str(at(object(4), "/sightings/0/class"), "intrusion-attempts/brute-force");
    const struct json *j = object(5);
    assert_int_equal(json_count(json_get(j, "alerts")), 1);
    assert_str(at(j, "/alerts/0/src_ip"), "192.0.2.7");
    assert_str(at(j, "/alerts/0/group/src_ip"), "192.0.2.7");
    assert_int_equal(json_int(json_pointer(j, STR("/alerts/0/count")), 0), 5);
    assert_str(at(j, "/event/class"), "intrusion-attempts/brute-force");
    assert_str(at(j, "/event/priority"), "P4");
    assert_str(at(j, "/event/user"), "root");
    assert_str(at(j, "/event/host"), "gw");
    char first[64];
    assert_true(str_copy(first, sizeof first, at(j, "/event/fingerprint")));
    assert_str(at(object(4), "/event/fingerprint"), first);
    j = object(6);
    assert_int_equal(json_count(json_get(j, "alerts")), 0);
    assert_str(at(j, "/event/fingerprint"), first);
}

static void input_may_be_separated_by_nul(void **state) {
    (void)state;
    assert_int_equal(RUN(((struct str){"a\nb\0\0c", 6}), "--json", "--input=nul"), 0);
    assert_int_equal(lines(), 3);
    assert_str(at(object(1), "/parse/msg"), "a\nb");
    assert_true(null_at(object(2), "/parse/msg"));
    assert_str(at(object(2), "/raw_b64"), "");
    assert_str(at(object(3), "/raw_b64"), "Yw==");
}

static void a_program_s_own_line_needs_no_header(void **state) {
    (void)state;
    assert_int_equal(RUN(STR("Failed password for root from 192.0.2.7 port 40022 ssh2\n"), "--json", "--as=line:sshd"), 0);
    const struct json *j = object(1);
    assert_str(at(j, "/parse/app"), "sshd");
    assert_str(at(j, "/fields/src_ip"), "192.0.2.7");
    assert_int_equal(json_count(json_get(j, "sightings")), 1);
}

static void rules_are_tried_on_events(void **state) {
    (void)state;
    put(path_rules, STR("title: T\nid: 11111111-2222-4333-8444-555555555555\nlogsource: {product: nowhere}\ndetection:\n"
                        "  s:\n    a.b|startswith: x\n    n: 5\n  condition: s\nlevel: high\n"));
    assert_int_equal(RUN(STR("{\"a\":{\"b\":\"Xy\"},\"n\":5,\"@timestamp\":\"2026-11-22T04:05:06.5Z\"}\n\n{\"a\":{\"b\":\"y\"},\"n\":5}\n"), "--json",
                         "--input=events", "--any-logsource", "--rules", path_rules),
                     0);
    assert_int_equal(lines(), 2);
    const struct json *j = object(1);
    assert_str(at(j, "/sightings/0/rule"), "11111111-2222-4333-8444-555555555555");
    assert_str(at(j, "/sightings/0/level"), "high");
    assert_str(at(j, "/time"), "2026-11-22T04:05:06.500000Z");
    assert_str(at(j, "/parse/dialect"), "json");
    assert_str(at(j, "/fields/a.b"), "Xy");
    assert_int_equal(json_count(json_get(object(2), "sightings")), 0);
    assert_int_equal(RUN(STR("[1]\n"), "--json", "--input=events"), 1);
}

static void the_hour_of_a_message_is_that_of_its_stamp(void **state) {
    (void)state;
    put(path_rules, STR("title: T\nid: 11111111-2222-4333-8444-555555555555\nlogsource: {category: log}\ndetection:\n"
                        "  s:\n    timestamp|hour: [22, 23]\n  condition: s\nlevel: high\n"));
    assert_int_equal(RUN(STR("<38>Oct 11 22:14:15 gw app: x\n<38>1 2026-10-11T21:14:15-01:00 gw app - - - x\n{\"timestamp\":\"2026-10-11T23:00:00Z\"}\nx\n"), "--json",
                         "--rules", path_rules), 0);
    for (size_t i = 1; i <= 4; i++)
        assert_int_equal(json_count(json_get(object(i), "sightings")), i & 1);
}

static void what_does_not_load_is_refused(void **state) {
    (void)state;
    put(path_rules, STR("title: T\ndetection: [\n"));
    assert_int_equal(RUN(STR("x\n"), "--json", "--rules", path_rules), 78);
    assert_int_equal(out.n, 0);
    assert_int_equal(RUN(STR("x\n"), "--input=nonsense"), 2);
    assert_int_equal(RUN(STR("x\n"), "--as=line:"), 2);
}

static void a_person_is_told_why(void **state) {
    (void)state;
    assert_int_equal(RUN(STR(GUESS "<38>Oct 11 22:14:15 gw sshd[411]: \x1b[2Jx\n"), "--as=syslog"), 0);
    const char *text = buf_cstr(&out);
    assert_non_null(strstr(text, "src_ip=192.0.2.7"));
    assert_non_null(strstr(text, "matched"));
    assert_non_null(strstr(text, "event     none"));
    assert_non_null(strstr(text, "because "));
    assert_null(strchr(text, '\x1b'));
}

/* The judging line: alerts for exactly the addresses with five wrong passwords within ten minutes. */
struct guesses {
    struct str ip;
    int64_t at[512];
    size_t n;
    bool want, got;
};

static struct guesses *of(struct guesses *v, size_t *n, struct str ip) {
    for (size_t i = 0; i < *n; i++)
        if (str_eq(v[i].ip, ip))
            return &v[i];
    assert_true(*n < 256);
    v[*n].ip = (struct str){str_dup(ip), ip.n};
    return &v[(*n)++];
}

static void the_alerts_of_a_real_log_are_exact(void **state) {
    const char *corpora = getenv("TOCSIN_CORPORA"), *src = getenv("srcdir");
    char path[1024];
    struct buf b;
    size_t n = 0;

    (void)state;
    if (corpora)
        snprintf(path, sizeof path, "%s/loghub/raw/OpenSSH_2k.log", corpora);
    else
        snprintf(path, sizeof path, "%s/../shared/corpora/loghub/raw/OpenSSH_2k.log", src ? src : ".");
    buf_init(&b, 16u << 20);
    if (file_read(path, 16u << 20, &b, NULL) != RC_OK) {
        print_message("skipped: %s is not there\n", path);
        buf_fini(&b);
        skip();
    }
    assert_int_equal(RUN(buf_view(&b), "--json"), 0);
    buf_fini(&b);
    assert_int_equal(lines(), 2000);
    struct guesses *v = calloc(256, sizeof *v);
    assert_non_null(v);
    for (size_t i = 1; i <= 2000; i++) {
        const struct json *j = object(i);
        int64_t us;
        struct str msg = at(j, "/parse/msg");
        if (str_find(msg, STR("Failed password")) != SIZE_MAX) {
            struct guesses *k = of(v, &n, at(j, "/fields/src_ip"));
            uint64_t times = 1;
            struct str rest = str_sub(msg, 17, msg.n);
            if (str_starts(msg, STR("message repeated ")))
                assert_true(str_u64(str_cut(&rest, ' '), 100, &times));
            assert_true(time_parse(at(j, "/time"), &us, NULL));
            while (times-- && k->n < ARRAY_N(k->at))
                k->at[k->n++] = us;
            if (k->n >= 5 && k->at[k->n - 1] - k->at[k->n - 5] <= 10 * US_PER_MIN)
                k->want = true;
        }
        for (size_t a = 0; a < json_count(json_get(j, "alerts")); a++) {
            const struct json *alert = json_at(json_get(j, "alerts"), a);
            if (str_is(json_get_text(alert, "title"), "Password guessing over SSH"))
                of(v, &n, json_get_text(alert, "src_ip"))->got = true;
        }
    }
    size_t wanted = 0;
    for (size_t i = 0; i < n; i++) {
        wanted += v[i].want;
        check_row(v[i].want == v[i].got, v[i].ip.p);
        free((char *)(uintptr_t)v[i].ip.p);
    }
    assert_true(wanted > 5);
    free(v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_there_and_absent_is_null),
        cmocka_unit_test(rfc5424_comes_out_as_it_went_in),
        cmocka_unit_test(stamps_are_given_as_the_sender_gave_them),
        cmocka_unit_test(the_fifth_guess_fires_and_the_sixth_joins),
        cmocka_unit_test(input_may_be_separated_by_nul),
        cmocka_unit_test(a_program_s_own_line_needs_no_header),
        cmocka_unit_test(rules_are_tried_on_events),
        cmocka_unit_test(the_hour_of_a_message_is_that_of_its_stamp),
        cmocka_unit_test(what_does_not_load_is_refused),
        cmocka_unit_test(a_person_is_told_why),
        cmocka_unit_test(the_alerts_of_a_real_log_are_exact),
    };
    const char *src = getenv("srcdir");

    if (!mkdtemp(dir))
        return 99;
    snprintf(config, sizeof config, "%s/etc/tocsin.yaml", src ? src : ".");
    snprintf(path_in, sizeof path_in, "%s/in", dir);
    snprintf(path_out, sizeof path_out, "%s/out", dir);
    snprintf(path_rules, sizeof path_rules, "%s/r.yml", dir);
    buf_init(&out, 64u << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    json_free(NULL);
    object(0);
    buf_fini(&out);
    unlink(path_in);
    unlink(path_out);
    unlink(path_rules);
    rmdir(dir);
    return failed;
}
