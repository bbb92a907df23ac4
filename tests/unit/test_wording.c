/* SPDX-License-Identifier: ISC
 *
 * test_wording.c - what a notice says to whom, and what a stranger's text can do in it: nothing
 */
#include "unit.h"

#include "base/json.h"
#include "escalate/letter.h"
#include "escalate/wording.h"

#define NOW (INT64_C(1791756900) * US_PER_S) /* 2026-10-11T22:15:00Z */
#define R(name) ROLE_BIT(ROLE_##name)

static struct event attack(void) {
    return (struct event){.ref = STR("EV-2026-000002"),
                          .title = STR("Root login on gw from 192.0.2.7 after failures"),
                          .state = EV_NEW,
                          .priority = 2,
                          .out = {51, 3, 3, 2},
                          .count = 7,
                          .first_seen = NOW - 45 * US_PER_S,
                          .last_seen = NOW - 20 * US_PER_S,
                          .rsit_class = STR("intrusions"),
                          .rsit_type = STR("privileged-account-compromise"),
                          .src_ip = STR("192.0.2.7"),
                          .user = STR("root"),
                          .host = STR("gw")};
}

static const struct person iso = {.login = "iso", .name = "Ida"};

static struct wording_in letter_to(const struct event *ev, const struct incident *inc, enum wording_why why, uint32_t roles) {
    return (struct wording_in){.why = why,
                               .event = ev,
                               .incident = inc,
                               .to = &iso,
                               .to_roles = roles,
                               .now = NOW,
                               .since = NOW - 10 * US_PER_MIN,
                               .next_due = NOW + 30 * US_PER_MIN,
                               .next_who = "the Deputy ISO",
                               .tlp = "AMBER+STRICT",
                               .domain = "example.test",
                               .uuid = STR("0190-abcd"),
                               .sample = STR("<38>Oct 11 22:14:40 gw sshd[431]: Accepted password for root"),
                               .first = STR("Cut the machine off the network.")};
}

struct parts {
    struct wording_out out;
};

static void make(struct parts *p, const struct wording_in *in, enum rc want) {
    buf_init(&p->out.subject, 8000);
    buf_init(&p->out.headers, 8000);
    buf_init(&p->out.text, 64000);
    buf_init(&p->out.html, 64000);
    buf_init(&p->out.json, 32000);
    assert_int_equal(wording_make(in, &p->out), want);
}

static void drop(struct parts *p) {
    buf_fini(&p->out.subject);
    buf_fini(&p->out.headers);
    buf_fini(&p->out.text);
    buf_fini(&p->out.html);
    buf_fini(&p->out.json);
}

static bool has(const struct buf *b, const char *words) {
    return str_find(buf_view(b), str_of(words)) != SIZE_MAX;
}

static void check_has(const struct buf *b, const char *words) {
    if (!has(b, words))
        fail_msg("\"%s\" is not in:\n%.*s", words, STR_FMT(buf_view(b)));
}

static void a_notice_says_what_is_asked_of_whom_by_when(void **state) {
    struct event ev = attack();
    struct wording_in in = letter_to(&ev, NULL, WHY_NEW, R(ISO));
    struct parts p;
    (void)state;

    make(&p, &in, RC_OK);
    assert_str(buf_view(&p.out.subject), "[TLP:AMBER+STRICT] EV-2026-000002 P2: Root login on gw from 192.0.2.7 after failures");
    check_has(&p.out.text, "TLP:AMBER+STRICT\n");
    check_has(&p.out.text, "EV-2026-000002, P2 (high).");
    check_has(&p.out.text, "7 times, first 2026-10-11 22:14:15 +0000, last 2026-10-11 22:14:40 +0000");
    check_has(&p.out.text, "Open for 10 min");
    check_has(&p.out.text, "By 2026-10-11 22:45:00 +0000, within 30 min.");
    check_has(&p.out.text, "    tocsin claim EV-2026-000002\n");
    check_has(&p.out.text, "At 2026-10-11 22:45:00 +0000 the Deputy ISO is asked.");
    check_has(&p.out.text, "Cut the machine off the network.");
    check_has(&p.out.text, "  | <38>Oct 11 22:14:40 gw sshd");
    check_has(&p.out.html, "&lt;38&gt;Oct 11 22:14:40");
    check_has(&p.out.html, "tocsin claim EV-2026-000002");
    drop(&p);
}

static void the_headers_thread_and_stop_loops(void **state) {
    struct event ev = attack();
    struct wording_in in = letter_to(&ev, NULL, WHY_AGAIN, R(ISO));
    struct parts p;
    (void)state;

    make(&p, &in, RC_OK);
    check_has(&p.out.headers, "Message-ID: <0190-abcd@example.test>\n");
    check_has(&p.out.headers, "In-Reply-To: <ev-2026-000002.root@example.test>\n");
    check_has(&p.out.headers, "References: <ev-2026-000002.root@example.test>\n");
    check_has(&p.out.headers, "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n");
    check_has(&p.out.headers, "List-Id: <incidents.tocsin.example.test>\n");
    check_has(&p.out.headers, "X-Tocsin-Event: EV-2026-000002\nX-Tocsin-Severity: P2\nX-Tocsin-State: new\n");
    check_has(&p.out.headers, "X-Tocsin-Escalation: reminded\n");
    check_has(&p.out.headers, "Importance: high\n");
    drop(&p);
    ev.priority = 3;
    make(&p, &in, RC_OK);
    assert_false(has(&p.out.headers, "Importance"));
    drop(&p);
}

static void the_subject_is_the_same_whatever_happens(void **state) {
    struct event ev = attack();
    struct buf first;
    (void)state;

    buf_init(&first, 2000);
    for (int why = WHY_NEW; why <= WHY_CHANNEL_DEAD; why++) {
        struct wording_in in = letter_to(&ev, NULL, (enum wording_why)why, R(ISO));
        struct parts p;

        if (why == WHY_TEST)
            continue;
        ev.count++;
        ev.state = why % 2 ? EV_ASSESSING : EV_NEW;
        make(&p, &in, RC_OK);
        if (why == WHY_NEW)
            buf_str(&first, buf_view(&p.out.subject));
        assert_true(str_eq(buf_view(&first), buf_view(&p.out.subject)));
        drop(&p);
    }
    buf_fini(&first);
}

static void management_reads_impact_and_owner_and_no_log_line(void **state) {
    struct event ev = attack();
    struct wording_in in = letter_to(&ev, NULL, WHY_NO_ANSWER, R(MANAGEMENT));
    struct parts p;
    (void)state;

    in.silent = "The Information Security Officer";
    in.next_due = 0;
    make(&p, &in, RC_OK);
    check_has(&p.out.text, "The Information Security Officer has not answered. You are asked next.");
    check_has(&p.out.text, "severe");
    check_has(&p.out.text, "nobody yet");
    check_has(&p.out.text, "you are the last who is asked");
    assert_false(has(&p.out.text, "sshd["));
    assert_false(has(&p.out.html, "sshd["));
    assert_false(has(&p.out.text, "Cut the machine"));
    drop(&p);
    in.to_roles |= R(DEPUTY); /* who works on it reads it all */
    make(&p, &in, RC_OK);
    check_has(&p.out.text, "sshd[431]");
    drop(&p);
}

static void who_is_only_told_is_asked_nothing(void **state) {
    struct event ev = attack();
    struct wording_in in = letter_to(&ev, NULL, WHY_INFORM, R(MANAGEMENT));
    struct parts p;
    (void)state;

    make(&p, &in, RC_OK);
    assert_false(has(&p.out.text, "What is asked of you"));
    assert_false(has(&p.out.text, "If nobody does"));
    check_has(&p.out.text, "tocsin show EV-2026-000002");
    drop(&p);
}

static void an_incident_is_acknowledged_and_a_close_approved(void **state) {
    struct event ev = attack();
    struct incident inc = {.ref = STR("INC-2026-0007"),
                           .title = STR("Break-in on gw"),
                           .summary = STR("A stranger has root."),
                           .state = INC_DECLARED,
                           .priority = 2,
                           .out = {51, 3, 3, 2},
                           .declared_at = NOW,
                           .rsit_class = STR("intrusions")};
    struct wording_in in = letter_to(&ev, &inc, WHY_NEW, R(ISO));
    struct parts p;
    (void)state;

    make(&p, &in, RC_OK);
    assert_str(buf_view(&p.out.subject), "[TLP:AMBER+STRICT] INC-2026-0007 P2: Break-in on gw");
    check_has(&p.out.headers, "X-Tocsin-Incident: INC-2026-0007\n");
    check_has(&p.out.headers, "References: <inc-2026-0007.root@example.test>\n");
    check_has(&p.out.text, "tocsin ack INC-2026-0007");
    check_has(&p.out.text, "A stranger has root.");
    drop(&p);
    in.why = WHY_APPROVAL;
    inc.state = INC_REVIEW;
    make(&p, &in, RC_OK);
    check_has(&p.out.text, "tocsin approve INC-2026-0007 --note '...'");
    drop(&p);
}

static void red_sends_the_reference_and_nothing_more(void **state) {
    struct event ev = attack();
    struct wording_in in = letter_to(&ev, NULL, WHY_NEW, R(ISO));
    struct parts p;
    (void)state;

    in.tlp = "RED";
    make(&p, &in, RC_OK);
    assert_str(buf_view(&p.out.subject), "[TLP:RED] EV-2026-000002 P2");
    const struct buf *parts[] = {&p.out.text, &p.out.html, &p.out.json, &p.out.headers};
    for (size_t i = 0; i < ARRAY_N(parts); i++) {
        assert_false(has(parts[i], "192.0.2.7"));
        assert_false(has(parts[i], "after failures"));
        assert_false(has(parts[i], "sshd"));
        assert_true(parts[i] == &p.out.headers || has(parts[i], "EV-2026-000002"));
    }
    drop(&p);
    in.tlp = "PURPLE"; /* no such word: the strictest that still says something */
    make(&p, &in, RC_OK);
    check_has(&p.out.subject, "[TLP:AMBER+STRICT]");
    drop(&p);
}

static void a_test_names_no_event(void **state) {
    struct wording_in in = letter_to(NULL, NULL, WHY_TEST, R(ISO));
    struct parts p;
    (void)state;

    make(&p, &in, RC_OK);
    assert_str(buf_view(&p.out.subject), "[TLP:AMBER+STRICT] tocsin: test message");
    check_has(&p.out.text, "Nothing has happened.");
    assert_false(has(&p.out.headers, "X-Tocsin-Event"));
    check_has(&p.out.json, "\"type\":\"io.tocsin.test\"");
    drop(&p);
}

static void the_json_is_a_cloud_event(void **state) {
    struct event ev = attack();
    struct wording_in in = letter_to(&ev, NULL, WHY_NO_ANSWER, R(DEPUTY));
    struct json *j = NULL;
    struct err e = {0};
    struct parts p;
    (void)state;

    make(&p, &in, RC_OK);
    assert_int_equal(json_parse(buf_view(&p.out.json), 32000, &j, &e), RC_OK);
    assert_str(json_get_text(j, "specversion"), "1.0");
    assert_str(json_get_text(j, "id"), "0190-abcd");
    assert_str(json_get_text(j, "type"), "io.tocsin.event.escalated");
    assert_str(json_get_text(j, "subject"), "EV-2026-000002");
    assert_str(json_get_text(json_get(j, "data"), "src_ip"), "192.0.2.7");
    assert_int_equal(json_int(json_get(json_get(j, "data"), "count"), 0), 7);
    assert_false(has(&p.out.json, "sshd[")); /* a webhook is a foreign machine */
    json_free(j);
    drop(&p);
}

/* Every byte and a few well-known tricks, in every place where a stranger's text can come. */
static void check_harmless(const struct parts *p) {
    const struct buf *all[] = {&p->out.subject, &p->out.headers, &p->out.text, &p->out.html, &p->out.json};

    for (size_t i = 0; i < ARRAY_N(all); i++) {
        assert_true(str_utf8(buf_view(all[i])));
        assert_true(str_chr(buf_view(all[i]), '\r') == SIZE_MAX);
        assert_true(str_chr(buf_view(all[i]), '\x1b') == SIZE_MAX);
        assert_true(str_chr(buf_view(all[i]), '\0') == SIZE_MAX);
    }
    assert_true(str_chr(buf_view(&p->out.subject), '\n') == SIZE_MAX);
    assert_false(has(&p->out.html, "<script"));
    assert_false(has(&p->out.html, "<img"));
    for (struct str rest = buf_view(&p->out.headers); rest.n;) {
        struct str l = str_cut(&rest, '\n');
        assert_false(str_starts(l, STR("Bcc")));
        assert_true(str_chr(l, ':') != SIZE_MAX);
    }
}

static void a_strangers_text_changes_nothing_in_a_notice(void **state) {
    static const char *const tricks[] = {"x\r\nBcc: eve@example.test\r\n\r\n<script>alert(1)</script>",
                                         "</pre><img src=x onerror=alert(1)>\x1b[2J",
                                         "\xe2\x80\xaetxt.exe",
                                         "\xff\xfe\xc0\x80",
                                         "=?utf-8?q?=0d=0aBcc:?=",
                                         "\"},\"tlp\":\"CLEAR",
                                         "&lt;&#x3c;script",
                                         "\xed\xa0\x80\xf4\x90\x80\x80"};
    char every[512];
    (void)state;

    for (int i = 0; i < 512; i++)
        every[i] = (char)i;
    for (size_t i = 0; i <= ARRAY_N(tricks); i++) {
        struct str bad = i < ARRAY_N(tricks) ? str_of(tricks[i]) : str_n(every, sizeof every);
        struct str exact = unit_exact(bad);
        struct event ev = attack();
        struct incident inc = {
            .ref = exact, .title = exact, .summary = exact, .owner = exact, .state = INC_DECLARED, .priority = 1};
        struct wording_in in;
        struct parts p;
        char word[600];

        ev.ref = ev.title = ev.src_ip = ev.user = ev.host = ev.assessor = ev.rsit_class = ev.rsit_type = exact;
        (void)str_copy(word, sizeof word, bad);
        in = letter_to(&ev, NULL, WHY_NO_ANSWER, R(ISO));
        in.sample = in.first = in.uuid = exact;
        in.state_text = in.silent = in.next_who = in.domain = word;
        make(&p, &in, RC_OK);
        check_harmless(&p);
        drop(&p);
        in.incident = &inc;
        make(&p, &in, RC_OK);
        check_harmless(&p);
        drop(&p);
        free((char *)(uintptr_t)exact.p);
    }
}

static void a_part_that_grows_too_long_is_said(void **state) {
    struct event ev = attack();
    struct wording_in in = letter_to(&ev, NULL, WHY_NEW, R(ISO));
    struct parts p;
    (void)state;

    make(&p, &in, RC_OK);
    buf_fini(&p.out.text);
    buf_init(&p.out.text, 50);
    assert_int_equal(wording_make(&in, &p.out), RC_LIMIT);
    drop(&p);
}

static void spans_are_rounded_for_people(void **state) {
    static const struct {
        int64_t us;
        const char *want;
    } rows[] = {{0, "1 min"},          {US_PER_S, "1 min"},     {30 * US_PER_MIN, "30 min"}, {90 * US_PER_MIN, "90 min"},
                {2 * US_PER_H, "2 h"}, {47 * US_PER_H, "47 h"}, {3 * US_PER_DAY, "3 d"}};
    (void)state;

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct buf b;

        buf_init(&b, 100);
        letter_span(&b, rows[i].us);
        assert_str(buf_view(&b), rows[i].want);
        buf_fini(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notice_says_what_is_asked_of_whom_by_when),
        cmocka_unit_test(the_headers_thread_and_stop_loops),
        cmocka_unit_test(the_subject_is_the_same_whatever_happens),
        cmocka_unit_test(management_reads_impact_and_owner_and_no_log_line),
        cmocka_unit_test(who_is_only_told_is_asked_nothing),
        cmocka_unit_test(an_incident_is_acknowledged_and_a_close_approved),
        cmocka_unit_test(red_sends_the_reference_and_nothing_more),
        cmocka_unit_test(a_test_names_no_event),
        cmocka_unit_test(the_json_is_a_cloud_event),
        cmocka_unit_test(a_strangers_text_changes_nothing_in_a_notice),
        cmocka_unit_test(a_part_that_grows_too_long_is_said),
        cmocka_unit_test(spans_are_rounded_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
