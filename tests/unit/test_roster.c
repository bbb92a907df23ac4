/* SPDX-License-Identifier: ISC
 *
 * test_roster.c - what a roster must say, and who may not be what at the same time
 */
#include "unit.h"

#include "base/clock.h"
#include "base/file.h"
#include "escalate/address.h"
#include "escalate/policy.h"

static struct errs es;

static enum rc load_n(const char *const *yaml, size_t files, struct roster *r) {
    struct tree **trees = NULL;
    struct err e = {0};
    size_t n = 0;
    enum rc rc;

    memset(&es, 0, sizeof es);
    for (size_t i = 0; i < files; i++)
        if (tree_from_yaml("roster.yaml", str_of(yaml[i]), &trees, &n, &e) != RC_OK)
            fail_msg("%s", e.text);
    rc = roster_load((const struct tree *const *)trees, n, r, &es);
    for (size_t i = 0; i < n; i++)
        tree_free(trees[i]);
    free(trees);
    return rc;
}

static enum rc load(const char *yaml, struct roster *r) {
    return load_n(&yaml, 1, r);
}

#define ORG "orgs: [{slug: main, name: Example}]\n"
#define ISO "  - {login: iso, name: Ida, email: iso@example.test, roles: [{role: iso}]}\n"
#define BOSS "  - {login: boss, name: Bea, email: boss@example.test, roles: [{role: management}]}\n"
#define BASE ORG "people:\n" ISO BOSS

static void the_shipped_roster_is_valid(void **state) {
    const char *dir = getenv("srcdir");
    struct roster r;
    struct buf text;
    struct err e = {0};
    char path[512];
    (void)state;

    (void)snprintf(path, sizeof path, "%s/etc/roster.yaml", dir ? dir : ".");
    buf_init(&text, 1 << 16);
    assert_int_equal(file_read(path, 1 << 16, &text, &e), RC_OK);
    assert_int_equal(load(buf_cstr(&text), &r), RC_OK);
    assert_int_equal(r.npeople, 3);
    const struct person *dep = roster_person(&r, STR("dep"));
    assert_non_null(dep);
    assert_int_equal(person_roles(dep, 0, clock_now()), ROLE_BIT(ROLE_DEPUTY));
    assert_int_equal(dep->nchannels, 1); /* an address is a channel when none are listed */
    assert_int_equal(dep->channels[0], CHANNEL_EMAIL);
    assert_int_equal(roster_asset(&r, 0, STR("gw"))->need[1], 3);
    roster_fini(&r);
    buf_fini(&text);
}

static void everything_is_read_as_written(void **state) {
    struct roster r;
    (void)state;

    assert_int_equal(
        load("orgs:\n  - {slug: a, name: A, tz: Europe/Berlin, sod_mode: compensating}\n  - {slug: b, name: B}\n"
             "people:\n"
             "  - login: iso\n    name: Ida\n    email: iso@example.test\n    webhook: https://hook.example.test/x\n"
             "    webhook_secret_file: iso.secret\n    uid: 1000\n    channels: [webhook, email]\n    function: iso\n"
             "    roles: [{org: a, role: iso, from: 2026-01-01, to: 2026-12-31T23:00:00Z, reason: appointed}, {org: b, role: "
             "iso}]\n"
             "  - {login: boss, name: Bea, roles: [{org: a, role: management}, {org: b, role: management}]}\n"
             "assets: [{key: gw, org: b, need: {c: 4}, data: 3}]\n"
             "sources: [{name: gw, org: a, zone: UTC, year: 2019, heartbeat: 15m, trust: 60}]\n",
             &r),
        RC_OK);
    const struct person *p = roster_person(&r, STR("iso"));
    assert_true(r.orgs[0].compensating && !r.orgs[1].compensating);
    assert_string_equal(r.orgs[1].tz, "UTC");
    assert_int_equal(p->channels[0], CHANNEL_WEBHOOK);
    assert_int_equal(p->channels[1], CHANNEL_EMAIL);
    assert_int_equal(p->uid, 1000);
    assert_int_equal(p->bindings[0].from, INT64_C(1767225600) * US_PER_S);
    assert_int_equal(p->bindings[0].to, INT64_C(1798758000) * US_PER_S);
    assert_int_equal(p->bindings[1].org, 1);
    assert_string_equal(p->bindings[0].reason, "appointed");
    assert_int_equal(roster_person(&r, STR("boss"))->nchannels, 0);
    assert_string_equal(roster_person(&r, STR("boss"))->function, "management");
    assert_int_equal(roster_asset(&r, 1, STR("gw"))->need[0], 4);
    assert_int_equal(roster_asset(&r, 1, STR("gw"))->need[1], 2);
    assert_string_equal(roster_asset(&r, 1, STR("gw"))->name, "gw");
    assert_int_equal(r.sources[0].heartbeat, 15 * US_PER_MIN);
    assert_int_equal(r.sources[0].trust, 60);
    assert_int_equal(r.sources[0].year, 2019);
    roster_fini(&r);
    roster_fini(&r); /* giving back twice is harmless */
}

static void files_add_up_in_any_order(void **state) {
    const char *const files[] = {"people:\n" ISO BOSS, ORG, "assets: [{key: gw}]\n"};
    struct roster r;
    (void)state;

    assert_int_equal(load_n(files, 3, &r), RC_OK);
    assert_int_equal(r.npeople, 2);
    assert_int_equal(r.nassets, 1);
    roster_fini(&r);
}

#define MORE(roles) BASE "  - {login: x, name: X, email: x@example.test, " roles "}\n"
static const struct {
    const char *yaml, *says; /* says NULL: it stands */
    const char *why;
} cases[] = {
    {BASE, NULL, "ISO and management are enough"},
    {"people: []\n", "no organisation", "no organisation"},
    {ORG "people:\n" ISO, "nobody is management", "no last rung"},
    {ORG "people:\n" BOSS, "nobody is iso", "no first rung"},
    {MORE("roles: [{role: deputy}, {role: dpo}]"), "control themselves", "deputy and DPO"},
    {MORE("roles: [{role: deputy, exception_ref: D-1, from: 2026-01-01, to: 2026-12-01}, {role: dpo}]"), NULL,
     "with a dated exception"},
    {MORE("roles: [{role: deputy, exception_ref: D-1, from: 2026-01-01}, {role: dpo}]"), "12 months",
     "an exception without an end"},
    {MORE("roles: [{role: deputy, exception_ref: D-1, from: 2026-01-01, to: 2028-01-01}, {role: dpo}]"), "12 months",
     "an exception for too long"},
    {MORE("roles: [{role: deputy}, {role: admin}]"), "control themselves", "deputy and administrator"},
    {MORE("roles: [{role: auditor}, {role: analyst}]"), "auditor", "an auditor is nothing else"},
    {MORE("roles: [{role: auditor, exception_ref: D-1, from: 2026-01-01, to: 2026-02-01}, {role: analyst}]"), "auditor",
     "nor by exception"},
    {MORE("roles: [{role: auditor}, {role: reporter}]"), NULL, "anybody may report"},
    {MORE("roles: [{role: auditor, to: 2026-01-01}, {role: analyst, from: 2026-01-01}]"), NULL, "one after the other"},
    {MORE("roles: [{role: dpo}, {role: management}], function: management"), "GDPR", "DPO and management"},
    {MORE("roles: [{role: deputy}, {role: management}], function: management"), "somebody else", "deputy and management"},
    {MORE("roles: [{role: deputy}], function: it"), "IT is told", "an IT rung"},
    {MORE("roles: [{role: management}], function: business"), "function must be management", "the last rung is management"},
    {MORE("roles: [{role: analyst}]"), NULL, "an analyst"},
    {MORE("roles: [{role: king}]"), "no role", "no such role"},
    {MORE("roles: [{role: system}]"), "no role", "a machine's role"},
    {MORE("roles: [{org: none, role: analyst}]"), "no organisation", "no such organisation"},
    {MORE("roles: [{role: analyst, from: yesterday}]"), "not a day", "no such day"},
    {MORE("roles: [{role: analyst, from: 2026-02-01, to: 2026-01-01}]"), "ends before", "backwards"},
    {MORE("channels: [pigeon]"), "no channel", "no such channel"},
    {MORE("channels: [webhook]"), "has none", "a channel without an address"},
    {MORE("uid: 0"), "root", "root is nobody of the roster"},
    {BASE "  - {login: iso, name: Y}\n", "two people", "a login twice"},
    {BASE "  - {login: Root X, name: Y}\n", "login", "no word"},
    {BASE "  - {login: root, name: Y}\n", "login", "a reserved word"},
    {BASE "  - {login: y, name: Y, email: \"y@example.test\\r\\nBcc: z@example.test\"}\n", "email", "a header in an address"},
    {BASE "  - {login: y, name: Y, webhook: \"ftp://example.test\"}\n", "webhook", "no web address"},
    {BASE "  - {login: y, nam: Y}\n", "did you mean", "a typo"},
    {BASE "assets: [{key: gw, need: {c: 5}}]\n", "c", "need out of range"},
    {BASE "assets: [{key: gw}, {key: GW}]\n", "two assets", "an asset twice"},
    {"orgs: [{slug: a, name: A}, {slug: a, name: B}]\n", "two organisations", "an organisation twice"},
};

static void what_cannot_stand_is_refused_with_its_place(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct roster r;
        bool said = false;
        enum rc rc = load(cases[i].yaml, &r);

        if (!cases[i].says) {
            if (rc != RC_OK)
                fail_msg("%s: %s", cases[i].why, es.v[0].text);
            roster_fini(&r);
            continue;
        }
        check_row(rc == RC_CONFIG, cases[i].why);
        check_row(r.npeople == 0 && r.memory == NULL, cases[i].why);
        for (unsigned k = 0; k < es.n; k++)
            said = said || strstr(es.v[k].text, cases[i].says);
        if (!said)
            fail_msg("%s: %s", cases[i].why, es.v[0].text);
    }
}

static void all_mistakes_of_a_file_are_told_in_one_run(void **state) {
    struct roster r;
    (void)state;

    assert_int_equal(
        load(ORG "people:\n  - {login: A B, name: X, email: nobody}\n  - {login: c, name: C, roles: [{role: king}]}\n", &r),
        RC_CONFIG);
    assert_true(es.n >= 5); /* login, email, role, nobody is iso, nobody is management */
    assert_int_equal(es.v[0].line, 3);
}

static void mail_addresses_are_what_a_mail_server_takes(void **state) {
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"a@b", true},
        {"iso@example.test", true},
        {"first.last+tag@mail.example.org", true},
        {"o'neil@example.org", true},
        {"", false},
        {"@", false},
        {"a@", false},
        {"@b", false},
        {"a b@c", false},
        {".a@b", false},
        {"a.@b", false},
        {"a..b@c", false},
        {"a@b@c", false},
        {"a@-b", false},
        {"a@b-", false},
        {"a@b..c", false},
        {"a@b.", false},
        {"\"a\"@b", false},
        {"a@[192.0.2.1]", false},
        {"a@b\n", false},
        {"<a@b>", false},
        {"a@b,c@d", false},
        {"\xc3\xa4@b", false},
    };
    char big[400];
    (void)state;

    for (size_t i = 0; i < ARRAY_N(rows); i++)
        check_row(address_mail(str_of(rows[i].text)) == rows[i].good, rows[i].text);
    memset(big, 'a', sizeof big);
    memcpy(big + 65, "@b", 3);
    assert_false(address_mail(str_of(big)));
    memset(big, 'a', sizeof big);
    big[1] = '@';
    assert_false(address_mail(str_n(big, 66)));
    assert_true(address_mail(str_n(big, 65)));
    assert_false(address_word(str_n("a\0b", 3)));
    assert_true(address_url(STR("https://example.test/x?y=1")));
    assert_false(address_url(STR("https://")));
    assert_false(address_url(STR("https:///x")));
    assert_false(address_url(STR("https://a b")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_roster_is_valid),
        cmocka_unit_test(everything_is_read_as_written),
        cmocka_unit_test(files_add_up_in_any_order),
        cmocka_unit_test(what_cannot_stand_is_refused_with_its_place),
        cmocka_unit_test(all_mistakes_of_a_file_are_told_in_one_run),
        cmocka_unit_test(mail_addresses_are_what_a_mail_server_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
