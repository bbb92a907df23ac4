/* SPDX-License-Identifier: ISC
 *
 * test_tally.c - what an ingest worker counts of its rules, and what the desk makes of it
 */
#include "sigma_help.h"

#include "control/cmd.h"
#include "control/rulebook.h"
#include "daemon/tally.h"

#define RULES                                                                                                                    \
    "title: one\nid: r1\nlogsource: {product: linux, service: sshd}\ndetection:\n  s: {user: root, their.own: x}\n  condition: s\n" \
    "---\ntitle: two\nid: r2\nlogsource: {product: linux, service: sshd}\ndetection:\n  s: [never]\n  condition: s\n"

static struct ruleset *rs;
static struct generation g;
static struct pipeline p;
static struct tally *t;
static struct tally_frame f;
static struct message m;

static int begin(void **state) {
    static struct errs es;
    struct err e = {0};

    (void)state;
    rs = help_load(RULES, 0, &es);
    assert_non_null(rs);
    g = (struct generation){.number = 1, .rules = rs};
    assert_int_equal(pipeline_init(&p, &g, true, &e), RC_OK);
    assert_non_null(t = tally_new(rs));
    return 0;
}

static int end(void **state) {
    (void)state;
    tally_free(t);
    pipeline_fini(&p);
    ruleset_free(rs);
    return 0;
}

/* As the pipeline leaves it: judged, with a field of theirs and one of ours. */
static bool say(const char *program, const char *user, int64_t at) {
    uint32_t hits[4];

    help_message(&m, program, "text");
    m.arrived = m.time = at;
    m.transport = TRANSPORT_TCP;
    if (user) {
        message_add(&m, F_USER, STR("user"), str_of(user), 0);
        message_add(&m, F_OTHER, STR("their.own"), STR("x"), FIELD_DERIVED);
        m.flags |= MSG_FIELDS | MSG_DECODED;
    }
    match_scan(p.matcher, &m);
    bool hit = match_eval(p.matcher, &m, hits, 4) > 0;
    tally_line(t, &p, &m, hit);
    return hit;
}

static bool has_field(const char *name) {
    for (size_t i = 0; i < f.nfields; i++)
        if (str_is(f.fields[i], name))
            return true;
    return false;
}

static void what_is_new_is_told_once(void **state) {
    (void)state;
    assert_false(tally_next(t, p.matcher, &f));
    assert_true(say("sshd", "root", 5));
    assert_true(say("sshd", "root", 7));
    assert_true(tally_next(t, p.matcher, &f));
    assert_int_equal(f.nrules, 2);
    assert_true(str_is(f.rules[0].id, "r1") && f.rules[0].matched == 2 && f.rules[0].asked == 2);
    assert_true(str_is(f.rules[1].id, "r2") && f.rules[1].matched == 0 && f.rules[1].asked == 2);
    assert_int_equal(f.rules[0].last, 7);
    assert_true(has_field("user") && has_field("their.own"));
    assert_true(f.nprograms == 1 && str_is(f.programs[0].name, "sshd") && f.programs[0].lines == 2 && f.programs[0].ruled && f.programs[0].read);
    assert_false(tally_next(t, p.matcher, &f));
    assert_true(say("sshd", "root", 9));
    assert_true(tally_next(t, p.matcher, &f));
    assert_int_equal(f.rules[0].matched, 1);
    assert_int_equal(f.nfields, 0);
}

static void a_new_desk_hears_of_filled_fields_again_and_of_no_count_twice(void **state) {
    (void)state;
    say("sshd", "root", 5);
    tally_next(t, p.matcher, &f);
    tally_again(t);
    assert_true(tally_next(t, p.matcher, &f));
    assert_true(f.nrules == 0 && f.nprograms == 0 && f.nfields == 2);
}

static void a_program_without_a_rule_or_a_field_is_known_as_such(void **state) {
    (void)state;
    say("frobnicator", NULL, 5);
    assert_true(tally_next(t, p.matcher, &f));
    assert_true(f.nprograms == 1 && !f.programs[0].ruled && !f.programs[0].read);
}

static void invented_names_push_out_inventions_and_are_counted(void **state) {
    char name[32];
    uint64_t lines = 0;

    (void)state;
    for (int i = 0; i < 100; i++)
        say("sshd", NULL, 5);
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "made-up-%d", i);
        say(name, NULL, 5);
    }
    bool kept = false;
    while (tally_next(t, p.matcher, &f)) {
        for (size_t i = 0; i < f.nprograms; i++) {
            lines += f.programs[i].lines;
            kept |= str_is(f.programs[i].name, "sshd") && f.programs[i].lines == 100;
        }
        lines += f.others;
    }
    assert_true(kept);
    assert_int_equal(lines, 20100);
}

static void a_reload_forgets_neither_fields_nor_programs(void **state) {
    (void)state;
    say("sshd", "root", 5);
    tally_next(t, p.matcher, &f);
    struct tally *next = tally_new(rs);
    tally_carry(next, t);
    tally_free(t);
    t = next;
    tally_again(t);
    assert_true(tally_next(t, p.matcher, &f)); /* a matcher that goes on: its counts are told from the start */
    assert_int_equal(f.nfields, 2);
    assert_int_equal(f.nprograms, 0);
}

/* ---- the desk's side */

static void counts_add_up_by_id_and_live_through_a_reload(void **state) {
    struct control c = {.book = rulebook_new(1)};
    struct tally_rule rules[] = {{STR("r1"), 4, 3, 1, 1000, 0, 50}};
    struct str fields[] = {STR("user")};
    struct tally_program programs[] = {{STR("sshd"), 7, 40, true, true}};
    struct tally_frame frame = {2, rules, 1, NULL, 0, fields, 1, programs, 1};

    (void)state;
    assert_non_null(c.book);
    control_rules(&c, rs, STR_NONE);
    control_tally(&c, &frame);
    rules[0].last = 20; /* of another worker, earlier */
    control_tally(&c, &frame);
    control_rules(&c, rs, STR_NONE);
    struct book_rule n = rulebook_rule(c.book, STR("r1"));
    assert_true(n.asked == 8 && n.matched == 6 && n.excluded == 2 && n.ns == 2000 && n.last == 50);
    assert_int_equal(rulebook_ns(c.book), 2000);
    assert_true(rulebook_filled(c.book, STR("user")) && !rulebook_filled(c.book, STR("their.own")));
    assert_int_equal(c.book->others, 4);
    struct book_program *sshd = table_find(c.book->programs, STR("sshd"));
    assert_true(sshd && sshd->lines == 14 && !sshd->ruled); /* by other rules: to be seen anew */
    control_fired(&c, STR("corr"), 60);
    assert_int_equal(rulebook_rule(c.book, STR("corr")).matched, 1);
    rulebook_free(c.book);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_new_is_told_once, begin, end),
        cmocka_unit_test_setup_teardown(a_new_desk_hears_of_filled_fields_again_and_of_no_count_twice, begin, end),
        cmocka_unit_test_setup_teardown(a_program_without_a_rule_or_a_field_is_known_as_such, begin, end),
        cmocka_unit_test_setup_teardown(invented_names_push_out_inventions_and_are_counted, begin, end),
        cmocka_unit_test_setup_teardown(a_reload_forgets_neither_fields_nor_programs, begin, end),
        cmocka_unit_test_setup_teardown(counts_add_up_by_id_and_live_through_a_reload, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
