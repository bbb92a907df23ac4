/* SPDX-License-Identifier: ISC
 *
 * test_priority.c - the formula gives what the reference gave (tests/data/priority_vectors.tsv), and more never means less urgent
 */
#include "unit.h"

#include "base/file.h"
#include "case/assess.h"

static uint64_t number(struct str s) {
    uint64_t v = 99;
    assert_true(str_u64(s, 100, &v));
    return v;
}

static void three(struct str s, uint8_t out[3]) {
    for (int i = 0; i < 3; i++)
        out[i] = (uint8_t)number(str_cut(&s, ','));
}

static void check_vector(struct str l) {
    struct prio_in in = {0};
    struct prio_out out;
    struct str name = str_cut(&l, '\t'), floors;

    three(str_cut(&l, '\t'), in.impact);
    three(str_cut(&l, '\t'), in.need);
    in.data = (uint8_t)number(str_cut(&l, '\t'));
    in.scope = (uint8_t)number(str_cut(&l, '\t'));
    in.outcome = (uint8_t)word_find(WORDS_outcome, str_cut(&l, '\t'));
    in.activity = (uint8_t)word_find(WORDS_activity, str_cut(&l, '\t'));
    in.confidence = (uint8_t)number(str_cut(&l, '\t'));
    floors = str_cut(&l, '\t');
    in.floor = str_is(floors, "-") ? 0 : (uint8_t)number(floors);
    priority_compute(&in, true, &out);
    if (out.score != number(str_cut(&l, '\t')) || out.level != number(str_sub(str_cut(&l, '\t'), 1, 2)) ||
        out.urgency != number(str_sub(str_cut(&l, '\t'), 1, 2)) || out.priority != number(str_sub(l, 1, 2)))
        fail_msg("%.*s: %d I%d U%d P%d", STR_FMT(name), out.score, out.level, out.urgency, out.priority);
}

static void the_reference_vectors_hold(void **state) {
    const char *dir = getenv("srcdir");
    char path[512];
    struct buf text;
    struct err e = {0};
    size_t n = 0;
    (void)state;

    (void)snprintf(path, sizeof path, "%s/tests/data/priority_vectors.tsv", dir ? dir : ".");
    buf_init(&text, 1 << 16);
    assert_int_equal(file_read(path, 1 << 16, &text, &e), RC_OK);
    struct str rest = buf_view(&text);
    for ((void)str_cut(&rest, '\n'); rest.n; n++)
        check_vector(str_trim(str_cut(&rest, '\n')));
    assert_int_equal(n, 13);
    buf_fini(&text);
}

/* The same cases where no file is: a table beside the code. */
static const struct {
    const char *why;
    struct prio_in in;
    int score, level, urgency, priority;
} vectors[] = {
    {"blocked port scan on web server", {{0, 0, 0}, {2, 2, 2}, 0, 0, OUTCOME_BLOCKED, ACTIVITY_ENDED, 80, 0}, 0, 0, 1, 5},
    {"brute force, ongoing, no success, VPN gateway",
     {{1, 1, 1}, {3, 3, 3}, 2, 0, OUTCOME_ATTEMPTED, ACTIVITY_ONGOING, 90, 0},
     21,
     1,
     2,
     4},
    {"phishing mail clicked, credentials suspected",
     {{2, 1, 0}, {3, 2, 2}, 2, 0, OUTCOME_SUSPECTED, ACTIVITY_ONGOING, 60, 0},
     36,
     2,
     3,
     3},
    {"single PC malware, cleaned by AV", {{1, 1, 1}, {2, 2, 2}, 1, 0, OUTCOME_SUCCESS, ACTIVITY_ENDED, 95, 0}, 13, 1, 3, 4},
    {"ransomware on normal file server, spreading",
     {{2, 4, 4}, {2, 2, 2}, 2, 2, OUTCOME_SUCCESS, ACTIVITY_SPREADING, 95, 3},
     52,
     3,
     4,
     1},
    {"domain admin account compromised", {{3, 3, 3}, {4, 4, 4}, 3, 3, OUTCOME_SUCCESS, ACTIVITY_ONGOING, 90, 3}, 78, 4, 4, 1},
    {"lost encrypted laptop, personal data", {{1, 0, 1}, {3, 2, 2}, 2, 0, OUTCOME_SUCCESS, ACTIVITY_ENDED, 100, 0}, 21, 1, 3, 4},
    {"lost unencrypted laptop, special-category data",
     {{3, 0, 1}, {3, 2, 2}, 3, 0, OUTCOME_SUCCESS, ACTIVITY_ENDED, 100, 3},
     54,
     3,
     3,
     2},
    {"web shop DDoS, ongoing", {{0, 0, 3}, {2, 3, 4}, 0, 1, OUTCOME_SUCCESS, ACTIVITY_ONGOING, 100, 0}, 63, 3, 4, 1},
    {"internal mail to wrong recipient, 1 person",
     {{1, 0, 0}, {2, 2, 2}, 2, 0, OUTCOME_SUCCESS, ACTIVITY_ENDED, 100, 0},
     16,
     1,
     3,
     4},
    {"exploit attempt on unpatched critical app",
     {{3, 3, 2}, {4, 4, 3}, 3, 0, OUTCOME_UNKNOWN, ACTIVITY_ONGOING, 50, 0},
     69,
     3,
     2,
     2},
    {"weak IDS signature, very high asset", {{4, 4, 4}, {4, 4, 4}, 3, 0, OUTCOME_ATTEMPTED, ACTIVITY_ENDED, 20, 0}, 89, 4, 1, 3},
    {"planned pen-test traffic", {{0, 0, 0}, {3, 3, 3}, 0, 0, OUTCOME_ATTEMPTED, ACTIVITY_ONGOING, 100, 0}, 0, 0, 2, 5},
    {"data count only through C or I", {{0, 0, 1}, {2, 2, 2}, 4, 0, OUTCOME_SUCCESS, ACTIVITY_ENDED, 100, 0}, 10, 1, 3, 4},
    {"the score ends at 100", {{4, 4, 4}, {4, 4, 4}, 4, 3, OUTCOME_SUCCESS, ACTIVITY_SPREADING, 100, 0}, 100, 4, 4, 1},
    {"a wild floor is the highest level", {{0, 0, 0}, {1, 1, 1}, 0, 0, OUTCOME_BLOCKED, ACTIVITY_ENDED, 100, 200}, 0, 4, 1, 2},
};

static void the_table_of_cases_holds(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(vectors); i++) {
        struct prio_out out;

        priority_compute(&vectors[i].in, true, &out);
        if (out.score != vectors[i].score || out.level != vectors[i].level || out.urgency != vectors[i].urgency ||
            out.priority != vectors[i].priority)
            fail_msg("%s: %d I%d U%d P%d", vectors[i].why, out.score, out.level, out.urgency, out.priority);
    }
}

static int prio(const struct prio_in *in) {
    struct prio_out out;
    priority_compute(in, true, &out);
    return out.priority;
}

/* Raises one input and expects no less urgency. */
static void raised(const struct prio_in *in, uint8_t *field, uint8_t max) {
    int before = prio(in);

    if (*field == max)
        return;
    ++*field;
    if (prio(in) > before)
        fail_msg("raising an input made P%d of P%d", prio(in), before);
    --*field;
}

static void raising_an_input_never_lowers_the_urgency(void **state) {
    static const uint8_t needs[][3] = {{1, 1, 1}, {2, 2, 2}, {4, 4, 4}, {1, 2, 4}};
    size_t n = 0;
    (void)state;

    for (int k = 0; k < 5 * 5 * 5; k++)
        for (size_t nd = 0; nd < ARRAY_N(needs); nd++)
            for (int ds = 0; ds < 20; ds++)
                for (int oa = 0; oa < 20; oa++, n++) {
                    struct prio_in in = {{(uint8_t)(k % 5), (uint8_t)(k / 5 % 5), (uint8_t)(k / 25)},
                                         {needs[nd][0], needs[nd][1], needs[nd][2]},
                                         (uint8_t)(ds % 5),
                                         (uint8_t)(ds / 5),
                                         (uint8_t)(OUTCOME_BLOCKED + oa % 5),
                                         (uint8_t)(ACTIVITY_ENDED + oa / 5),
                                         (uint8_t)(n % 2 ? 100 : 20),
                                         0};

                    for (int i = 0; i < 3; i++) {
                        raised(&in, &in.impact[i], 4);
                        raised(&in, &in.need[i], 4);
                    }
                    raised(&in, &in.data, 4);
                    raised(&in, &in.scope, 3);
                    raised(&in, &in.outcome, OUTCOME_SUCCESS);
                    raised(&in, &in.activity, ACTIVITY_SPREADING);
                    raised(&in, &in.floor, 4);
                }
    assert_int_equal(n, 200000);
}

static void doubt_lowers_a_machine_and_never_a_person(void **state) {
    struct prio_in in = {{3, 3, 2}, {4, 4, 3}, 3, 0, OUTCOME_UNKNOWN, ACTIVITY_ONGOING, 29, 0};
    struct prio_out machine, person;
    (void)state;

    priority_compute(&in, true, &machine);
    priority_compute(&in, false, &person);
    assert_int_equal(machine.priority, 3);
    assert_int_equal(person.priority, 2);
    in.confidence = 30;
    priority_compute(&in, true, &machine);
    assert_int_equal(machine.priority, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_vectors_hold),
        cmocka_unit_test(the_table_of_cases_holds),
        cmocka_unit_test(raising_an_input_never_lowers_the_urgency),
        cmocka_unit_test(doubt_lowers_a_machine_and_never_a_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
