/* SPDX-License-Identifier: ISC
 *
 * test_pipeline.c - one message through parse, normalise and match, with the shipped configuration
 */
#include "unit.h"

#include "daemon/pipeline.h"
#include "parse/parse.h"

static struct generation *g;
static struct buf image; /* which g borrows */
static struct pipeline p;
static struct message m;
static uint32_t hits[PIPELINE_HITS_MAX];

static int open_shipped(void **state) {
    const char *src = getenv("srcdir");
    static struct errs es;
    char path[512];
    struct err e = {0};

    (void)state;
    snprintf(path, sizeof path, "%s/etc/tocsin.yaml", src ? src : ".");
    buf_init(&image, 256u << 20);
    if (config_compile(path, NULL, 0, false, &image, &es) != RC_OK || generation_open(buf_view(&image), 1, UINT32_MAX, &g, &es) != RC_OK)
        fail_msg("%s:%d: %s", es.v[0].file, es.v[0].line, es.v[0].text);
    assert_int_equal(pipeline_init(&p, g, true, &e), RC_OK);
    return 0;
}

static int close_shipped(void **state) {
    (void)state;
    pipeline_fini(&p);
    generation_free(g);
    buf_fini(&image);
    return 0;
}

static size_t line(const char *raw, const struct listen_conf *l) {
    m.raw = str_of(raw);
    m.peer = STR("192.0.2.250:40000");
    m.transport = TRANSPORT_UDP;
    m.source = m.org = 0;
    m.flags = 0;
    assert_true(time_parse(STR("2026-10-11T22:15:00Z"), &m.arrived, NULL));
    return pipeline_line(&p, &m, l, hits);
}

#define FAILED "<38>1 2026-10-11T22:14:15Z gw sshd 411 - - Failed password for root from 192.0.2.7 port 40022 ssh2"

static void a_harmless_line_makes_no_fields(void **state) {
    uint64_t before = p.normalised, scanned = p.scanned;

    (void)state;
    assert_int_equal(line("<30>Oct 11 22:14:15 gw systemd[1]: Started Session 4 of user alice.", NULL), 0);
    assert_int_equal(p.normalised, before);
    assert_int_equal(p.scanned, scanned + 1);
    assert_int_equal(m.nfields, 0);
}

static void an_attack_s_line_gives_a_sighting_with_what_its_rule_wants(void **state) {
    struct sighting_one one;
    struct sighting s;

    (void)state;
    size_t n = line(FAILED, NULL);
    assert_true(n >= 1);
    pipeline_sighting(&p, &m, hits[0], &one, &s);
    assert_true(str_eq(s.rule, rule_info(g->rules, hits[0])->id));
    assert_int_equal(s.ntimes, 1);
    assert_int_equal(s.times[0], m.time);
    assert_int_equal(s.weights[0], 1);
    assert_int_equal(s.total, 1);
    assert_true(str_eq(s.first.raw, m.raw));
    bool src = false, host = false;
    for (size_t i = 0; i < s.nfields; i++) {
        src = src || (s.fields[i].id == F_SRC_IP && str_is(s.fields[i].value, "192.0.2.7"));
        host = host || (s.fields[i].id == F_HOST && str_is(s.fields[i].value, "gw"));
        assert_true(s.fields[i].name.n > 0);
    }
    assert_true(src && host);
}

static void a_message_repeated_counts_as_often(void **state) {
    struct sighting_one one;
    struct sighting s;

    (void)state;
    assert_true(line("<38>Oct 11 22:14:15 gw sshd[411]: message repeated 5 times: [ Failed password for root from 192.0.2.7 port 1 ssh2]", NULL) >= 1);
    pipeline_sighting(&p, &m, hits[0], &one, &s);
    assert_int_equal(s.total, 5);
    assert_int_equal(s.weights[0], 5);
    assert_int_equal(s.ntimes, 1);
}

static void the_last_message_of_a_host_is_repeated_and_no_other(void **state) {
    struct sighting_one one;
    struct sighting s;
    uint32_t first;

    (void)state;
    assert_true(line("<38>Oct 11 22:14:15 gw sshd[411]: Failed password for root from 192.0.2.7 port 1 ssh2", NULL) >= 1);
    first = hits[0];
    line("<30>Oct 11 22:14:15 db systemd[1]: Started x.", NULL);
    assert_true(line("Oct 11 22:14:16 gw last message repeated 3 times", NULL) >= 1);
    assert_int_equal(hits[0], first);
    pipeline_sighting(&p, &m, hits[0], &one, &s);
    assert_int_equal(s.total, 3);
    assert_str(message_field(&m, F_SRC_IP, STR_NONE), "192.0.2.7");
    assert_str(m.raw, "Oct 11 22:14:16 gw last message repeated 3 times");
    assert_true(line("Oct 11 22:14:17 gw last message repeated 2 times", NULL) >= 1);
    assert_int_equal(line("Oct 11 22:14:16 db last message repeated 3 times", NULL), 0);
    line("<30>Oct 11 22:14:18 gw systemd[1]: Started x.", NULL);
    assert_int_equal(line("Oct 11 22:14:19 gw last message repeated 3 times", NULL), 0);
    assert_true(line(FAILED, NULL) >= 1);
    assert_int_equal(line("<38>Oct 11 22:14:19 gw myapp: last message repeated 3 times", NULL), 0);
}

static void what_a_body_said_is_repeated_too(void **state) {
    (void)state;
    assert_true(line("<38>Oct 11 22:14:15 gw journal: {\"_TRANSPORT\":\"syslog\",\"SYSLOG_IDENTIFIER\":\"sshd\",\"MESSAGE\":\"Failed password for root from "
                     "192.0.2.7 port 1 ssh2\"}", NULL) >= 1);
    assert_str(m.program, "sshd");
    assert_str(m.app, "journal");
    assert_true(line("Oct 11 22:14:16 gw last message repeated 3 times", NULL) >= 1);
    assert_str(m.program, "sshd");
    assert_int_equal(m.repeat, 3);
    assert_str(message_field(&m, F_SRC_IP, STR_NONE), "192.0.2.7");
}

static void the_listener_s_policy_sets_the_time(void **state) {
    static const struct listen_conf receive = {.time = TIME_RECEIVE}, event = {.time = TIME_EVENT}, tight = {.time = TIME_SKEW, .skew = US_PER_S};

    (void)state;
    line(FAILED, NULL);
    assert_int_equal(m.time, m.arrived - 45 * US_PER_S);
    line(FAILED, &receive);
    assert_int_equal(m.time, m.arrived);
    line(FAILED, &event);
    assert_int_equal(m.time, m.arrived - 45 * US_PER_S);
    line(FAILED, &tight);
    assert_int_equal(m.time, m.arrived);
    assert_true(m.flags & MSG_SKEWED);
}

static void the_prefilter_changes_no_verdict(void **state) {
    static const char *const lines[] = {
        FAILED,
        "<38>Oct 11 22:14:15 gw sshd[411]: Accepted password for root from 192.0.2.7 port 40022 ssh2",
        "<85>Oct 11 22:14:15 gw sudo:   bob : user NOT in sudoers ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
        "<86>Oct 11 22:14:15 gw useradd[9]: new user: name=eve, UID=0, GID=0, home=/root, shell=/bin/bash",
        "<38>Oct 11 22:14:15 gw su[1]: FAILED SU (to root) alice on pts/0",
        "<13>hello", "", "\xff\xfe",
    };
    struct pipeline plain;
    struct err e = {0};
    uint32_t other[PIPELINE_HITS_MAX];

    (void)state;
    assert_int_equal(pipeline_init(&plain, g, false, &e), RC_OK);
    for (size_t i = 0; i < ARRAY_N(lines); i++) {
        size_t n = line(lines[i], NULL);
        m.flags = 0;
        check_row(pipeline_line(&plain, &m, NULL, other) == n && memcmp(hits, other, n * sizeof *hits) == 0, lines[i]);
    }
    pipeline_fini(&plain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_harmless_line_makes_no_fields),
        cmocka_unit_test(an_attack_s_line_gives_a_sighting_with_what_its_rule_wants),
        cmocka_unit_test(a_message_repeated_counts_as_often),
        cmocka_unit_test(the_last_message_of_a_host_is_repeated_and_no_other),
        cmocka_unit_test(what_a_body_said_is_repeated_too),
        cmocka_unit_test(the_listener_s_policy_sets_the_time),
        cmocka_unit_test(the_prefilter_changes_no_verdict),
    };
    return cmocka_run_group_tests(tests, open_shipped, close_shipped);
}
