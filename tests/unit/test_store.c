/* SPDX-License-Identifier: ISC - tests of store: what is opened, what is refused, transactions, the chain's head */
#include "unit.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "store/audit.h"
#include "store/verify.h"

static char path[64];

static int set_up(void **state) {
    (void)state;
    snprintf(path, sizeof path, "/tmp/tocsin-store-%d.db", (int)getpid());
    unlink(path);
    return 0;
}

static int tear_down(void **state) {
    static const char *const tails[] = {"", "-wal", "-shm"};
    (void)state;
    for (size_t i = 0; i < ARRAY_N(tails); i++) {
        char p[96];
        snprintf(p, sizeof p, "%s%s", path, tails[i]);
        unlink(p);
    }
    return 0;
}

static struct store *opened(void) {
    struct store *s = NULL;
    struct err e = {0};
    if (store_open(path, &s, &e))
        fail_msg("%s", e.text);
    return s;
}

static void sql(const char *text) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_new_record_is_made_and_found_again(void **state) {
    (void)state;
    struct store *s = opened();
    assert_true(store_version(s) >= 1);
    assert_false(store_was_unclean(s));
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 077, 0); /* nobody else's to read */
    store_close(s);
    s = opened();
    assert_false(store_was_unclean(s));
    store_close(s);
}

static void a_crash_is_noticed_and_checked(void **state) {
    (void)state;
    store_close(opened());
    sql("UPDATE meta SET value='1' WHERE key='running'");
    struct store *s = opened();
    assert_true(store_was_unclean(s));
    assert_string_equal(store_check(s).p, "ok");
    store_close(s);
}

/* The file of every schema there ever was, as its daemon left it, is brought up to date and then checks out like a new one. */
static void an_older_record_is_brought_up_to_date(void **state) {
    extern const char schema_001[], schema_002[], schema_003[], schema_004[], schema_005[];
    const char *const steps[] = {schema_001, schema_002, schema_003, schema_004, schema_005};
    struct verify_result r;
    struct err e = {0};
    (void)state;
    for (int k = 0; k < (int)ARRAY_N(steps); k++) {
        char version[96];
        tear_down(NULL);
        for (int i = 0; i <= k; i++)
            sql(steps[i]);
        snprintf(version, sizeof version, "PRAGMA application_id=%d; PRAGMA user_version=%d", 0x746f6373, k + 1);
        sql(version);
        struct store *s = opened();
        assert_true(store_version(s) > k + 1);
        store_close(s);
        if (verify_file(path, &r, &e))
            fail_msg("%s", e.text);
        assert_true(r.intact);
    }
}

static void a_newer_record_is_refused(void **state) {
    struct store *s = NULL;
    struct err e = {0};
    (void)state;
    store_close(opened());
    sql("PRAGMA user_version=999");
    assert_int_equal(store_open(path, &s, &e), RC_CONFIG);
    assert_null(s);
    assert_non_null(strstr(e.text, "newer"));
}

static void somebody_elses_database_is_refused(void **state) {
    struct store *s = NULL;
    struct err e = {0};
    (void)state;
    sql("CREATE TABLE theirs(x)");
    assert_int_equal(store_open(path, &s, &e), RC_CONFIG);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    for (int i = 0; i < 500; i++)
        fputs("no database at all\n", f);
    fclose(f);
    assert_int_equal(store_open(path, &s, &e), RC_CONFIG);
}

static void what_was_touched_must_be_accounted_for(void **state) {
    struct err e = {0};
    (void)state;
    struct store *s = opened();
    assert_int_equal(store_begin(s, &e), RC_OK);
    query_do(s, Q_PRINCIPAL_ADD, "iitt", INT64_C(7), audit_next(s), "P-7", "person");
    audit_touch(s, REC_principal, 7);
    assert_int_equal(store_commit(s, &e), RC_IO);
    assert_false(store_in_tx(s));
    assert_int_equal(store_begin(s, &e), RC_OK);
    query_do(s, Q_PRINCIPAL_ADD, "iitt", INT64_C(7), audit_next(s), "P-7", "person");
    audit_touch(s, REC_principal, 7);
    audit_append(s, &(struct audit_line){.at = 1, .actor = 1, .action = "test", .object = STR("x")});
    assert_int_equal(store_commit(s, &e), RC_OK);
    assert_int_equal(audit_seq(s), 1);
    store_close(s);
}

static void a_rollback_takes_the_head_of_the_chain_back(void **state) {
    struct err e = {0};
    char before[65], after[65];
    (void)state;
    struct store *s = opened();
    audit_head(s, before);
    store_begin(s, &e);
    audit_append(s, &(struct audit_line){.at = 1, .actor = 1, .action = "test"});
    audit_head(s, after);
    assert_string_not_equal(before, after);
    store_rollback(s);
    assert_string_equal(audit_head(s, after), before);
    assert_int_equal(audit_seq(s), 0);
    store_close(s);
}

static void the_first_failure_sticks_until_the_rollback(void **state) {
    struct err e = {0};
    (void)state;
    struct store *s = opened();
    store_begin(s, &e);
    query_do(s, Q_PRINCIPAL_ADD, "iitt", INT64_C(1), INT64_C(1), "P-1", "no such kind");
    query_do(s, Q_PRINCIPAL_ADD, "iitt", INT64_C(2), INT64_C(1), "P-2", "person");
    assert_int_equal(store_commit(s, &e), RC_INVALID);
    assert_int_equal(query_number(s, -1, Q_IDENTITY_ID, "t", "nobody"), -1);
    store_close(s);
}

static void a_part_fails_by_itself(void **state) {
    struct err e = {0};
    (void)state;
    struct store *s = opened();
    store_begin(s, &e);
    store_part(s);
    query_do(s, Q_PRINCIPAL_ADD, "iitt", INT64_C(5), audit_next(s), "P-5", "person");
    audit_touch(s, REC_principal, 5);
    audit_append(s, &(struct audit_line){.at = 1, .actor = 1, .action = "test"});
    assert_int_equal(store_part_end(s, &e), RC_OK);
    store_part(s);
    audit_append(s, &(struct audit_line){.at = 2, .actor = 1, .action = "test"});
    query_do(s, Q_PRINCIPAL_ADD, "iitt", INT64_C(6), INT64_C(1), "P-6", "no such kind");
    assert_int_equal(store_part_end(s, &e), RC_INVALID);
    assert_int_equal(audit_seq(s), 1);
    assert_int_equal(store_commit(s, &e), RC_OK);
    assert_int_equal(store_commits(s), 1);
    store_close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_record_is_made_and_found_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash_is_noticed_and_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_older_record_is_brought_up_to_date, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_newer_record_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(somebody_elses_database_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_touched_must_be_accounted_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rollback_takes_the_head_of_the_chain_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_failure_sticks_until_the_rollback, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_part_fails_by_itself, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
