/* SPDX-License-Identifier: ISC
 *
 * test_person.c - who holds which role when, and who is meant by a name
 */
#include "unit.h"

#include "model/person.h"

static const struct binding bindings[] = {
    {0, ROLE_ISO, 100, 200, "", NULL},
    {0, ROLE_DEPUTY, 200, 0, "", NULL},
    {1, ROLE_AUDITOR, 0, 0, "", NULL},
};
static struct person people[] = {
    {.login = "ida", .uid = 1000, .bindings = bindings, .nbindings = 3},
    {.login = "dan", .uid = -1},
};
static struct org orgs[] = {{.slug = "main"}, {.slug = "other"}};
static struct asset assets[] = {{.key = "gw", .org = 0, .data = 2}, {.key = "GW", .org = 1, .data = 4}};
static struct source sources[] = {{.name = "gw", .trust = 80}};
static const struct roster r = {
    .orgs = orgs, .norgs = 2, .people = people, .npeople = 2, .assets = assets, .nassets = 2, .sources = sources, .nsources = 1};

static void a_role_holds_from_its_first_instant_to_before_its_last(void **state) {
    (void)state;
    assert_int_equal(person_roles(&people[0], 0, 99), 0);
    assert_int_equal(person_roles(&people[0], 0, 100), ROLE_BIT(ROLE_ISO));
    assert_int_equal(person_roles(&people[0], 0, 199), ROLE_BIT(ROLE_ISO));
    assert_int_equal(person_roles(&people[0], 0, 200), ROLE_BIT(ROLE_DEPUTY));
    assert_int_equal(person_roles(&people[0], 1, 200), ROLE_BIT(ROLE_AUDITOR));
    assert_int_equal(person_roles(&people[1], 0, 200), 0);
}

static void people_are_found_by_login_and_uid(void **state) {
    (void)state;
    assert_ptr_equal(roster_person(&r, STR("dan")), &people[1]);
    assert_null(roster_person(&r, STR("Dan")));
    assert_null(roster_person(&r, STR_NONE));
    assert_ptr_equal(roster_uid(&r, 1000), &people[0]);
    assert_null(roster_uid(&r, -1)); /* who has no account is nobody's uid */
    assert_null(roster_uid(&r, 0));
}

static void an_asset_is_found_without_case_and_within_its_organisation(void **state) {
    (void)state;
    assert_ptr_equal(roster_asset(&r, 0, STR("Gw")), &assets[0]);
    assert_ptr_equal(roster_asset(&r, 1, STR("gw")), &assets[1]);
    assert_null(roster_asset(&r, 0, STR("")));
    assert_null(roster_asset(&r, 2, STR("gw")));
    assert_ptr_equal(roster_source(&r, STR("GW")), &sources[0]);
    assert_null(roster_source(&r, STR_NONE));
    assert_int_equal(roster_org(&r, STR("other")), 1);
    assert_int_equal(roster_org(&r, STR("none")), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_holds_from_its_first_instant_to_before_its_last),
        cmocka_unit_test(people_are_found_by_login_and_uid),
        cmocka_unit_test(an_asset_is_found_without_case_and_within_its_organisation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
