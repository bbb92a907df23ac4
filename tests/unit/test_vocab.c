/* SPDX-License-Identifier: ISC
 *
 * test_vocab.c - every word is found again by its name, and only in its own list
 */
#include "unit.h"

#include "model/vocab.h"

static void every_role_is_found_by_its_word(void **state) {
    (void)state;
    for (int r = 0; r < ROLE__COUNT; r++) {
        assert_int_equal(role_find(str_of(role_name((enum role)r))), r);
        assert_true(strlen(role_label((enum role)r)) > 0);
    }
    assert_int_equal(role_find(STR("ISO")), -1);
    assert_int_equal(role_find(STR_NONE), -1);
    assert_string_equal(role_name((enum role)99), "?");
}

static void a_state_belongs_to_its_machine(void **state) {
    (void)state;
    for (int s = STATE_NONE + 1; s < STATE__COUNT; s++)
        for (int m = 0; m < MACHINE__COUNT; m++) {
            bool own = state_machine((enum state)s) == (enum machine)m;
            int found = state_find((enum machine)m, str_of(state_name((enum state)s)));

            check_row(own ? found == s : found != s, state_name((enum state)s));
        }
    assert_int_equal(state_find(MACHINE_EVENT, STR("-")), STATE_NONE);
    assert_int_equal(state_find(MACHINE_EVENT, STR("declared")), -1);
}

static void a_word_is_found_in_its_list_only(void **state) {
    (void)state;
    for (int w = 0; w < WORD__COUNT; w++) {
        int lists = 0;

        for (int l = 0; l < WORDS__COUNT; l++)
            lists += word_find((enum word_list)l, str_of(word_name((enum word_id)w))) == w;
        assert_int_equal(lists, 1);
    }
    assert_int_equal(word_find(WORDS_outcome, STR("unknown")), OUTCOME_UNKNOWN);
    assert_int_equal(word_find(WORDS_activity, STR("unknown")), ACTIVITY_UNKNOWN);
    assert_int_equal(word_find(WORDS_level, STR("email")), -1);
}

static void a_list_ends_with_null_and_holds_all_its_words(void **state) {
    size_t n = 0;
    (void)state;

    for (int l = 0; l < WORDS__COUNT; l++)
        for (const char *const *w = word_list((enum word_list)l); *w; w++, n++)
            assert_true(word_find((enum word_list)l, str_of(*w)) >= 0);
    assert_int_equal(n, WORD__COUNT);
}

static void the_taxonomy_has_39_types_and_the_causes_are_25(void **state) {
    const struct rsit *r = rsit_parse(STR("intrusions/privileged-account-compromise"));
    size_t n = 0;
    (void)state;

    assert_non_null(r);
    assert_int_equal(r->floor, 3);
    assert_int_equal(r->c, 3);
    assert_string_equal(r->route, "incident");
    assert_string_equal(rsit_parse(STR("fraud/copyright"))->route, "restricted");
    assert_null(rsit_parse(STR("intrusions")));
    assert_null(rsit_parse(STR("intrusions/")));
    assert_null(rsit_parse(STR("spam/abusive-content")));
    assert_string_equal(rsit_undetermined()->type, "undetermined");
    while (rootcause_at(n))
        assert_ptr_equal(rootcause_find(str_of(rootcause_at(n)->code)), rootcause_at(n)), n++;
    assert_int_equal(n, 25);
    assert_null(rootcause_find(STR("RC.NOTHING")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_is_found_by_its_word),
        cmocka_unit_test(a_state_belongs_to_its_machine),
        cmocka_unit_test(a_word_is_found_in_its_list_only),
        cmocka_unit_test(a_list_ends_with_null_and_holds_all_its_words),
        cmocka_unit_test(the_taxonomy_has_39_types_and_the_causes_are_25),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
