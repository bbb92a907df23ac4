/* SPDX-License-Identifier: ISC - tests of store/verify.c: an altered byte is found and named */
#include "desk_help.h"

#include <sqlite3.h>

#include "store/verify.h"

static char path[64], copy_path[80];

/* A record with a bit of everything, closed. */
static void make_record(void) {
    struct help h;
    snprintf(path, sizeof path, "/tmp/tocsin-verify-%d.db", (int)getpid());
    snprintf(copy_path, sizeof copy_path, "%s.copy", path);
    unlink(path);
    help_open_at(&h, path);
    for (int i = 0; i < 12; i++) {
        h.now += US_PER_S;
        help_sight(&h, "r-fail", "192.0.2.7", 1, 0);
    }
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    help_run_until(&h, h.now + US_PER_S);
    help_do(&h, "iso", MACHINE_EVENT, "2", "claim", "");
    help_do(&h, "iso", MACHINE_EVENT, "2", "promote", "rationale=real");
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "ack", "");
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "note", "text=looked at it");
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "lesson", "text=keep logs");
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "note", "text=said twice|text=in one request"); /* as an API client may */
    help_run_until(&h, h.now + 3 * US_PER_H);
    help_sight(&h, "r-fail", "192.0.2.9", 9, US_PER_S);
    desk_close(h.d, h.now);
    h.d = NULL;
    h.path[0] = '\0';
    help_close(&h);
}

static void copy_file(const char *from, const char *to) {
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    char block[65536];
    size_t n;
    assert_non_null(in);
    assert_non_null(out);
    while ((n = fread(block, 1, sizeof block, in)) > 0)
        assert_int_equal(fwrite(block, 1, n, out), n);
    fclose(in);
    fclose(out);
}

static void edit(const char *sql) {
    sqlite3 *db = NULL;
    char *why = NULL;
    copy_file(path, copy_path);
    assert_int_equal(sqlite3_open(copy_path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
    sqlite3_exec(db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
    sqlite3_close(db);
}

static void an_untouched_record_is_intact(void **state) {
    struct verify_result r;
    struct err e = {0};
    (void)state;
    enum rc rc = verify_file(path, &r, &e);
    if (rc)
        fail_msg("%s", e.text);
    assert_true(r.intact);
    assert_true(r.rows > 20);
    assert_true(r.records > 50);
    assert_int_equal(strlen(r.head), 64);
}

#define OPEN_TRIGGERS "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; DROP TRIGGER payload_no_update; DROP TRIGGER payload_delete_needs_erasure; PRAGMA foreign_keys=OFF;"

static void every_altered_row_is_named(void **state) {
    static const struct {
        const char *sql, *named, *why;
    } t[] = {
        {"UPDATE event SET title='harmless' WHERE id=1", "event EV-2026-000001: differs", "a title"},
        {"UPDATE event SET count=count-1 WHERE id=1", "event EV-2026-000001: differs", "a count"},
        {"UPDATE event SET suggestion='x' WHERE id=1", "event EV-2026-000001: differs", "a column that no command writes later"},
        {"UPDATE event SET priority=3 WHERE id=2", "event EV-2026-000002: differs", "a priority"},
        {"UPDATE incident SET summary=summary||' ' WHERE id=1", "incident INC-2026-0001: differs", "a blank"},
        {"UPDATE stamp SET at=at+1 WHERE id=3", "stamp 3: differs", "a microsecond"},
        {"UPDATE note SET text='nothing'", "note 1: differs", "a note"},
        {"UPDATE notification SET login='nobody' WHERE id=1", "notification ", "who was told"},
        {"UPDATE role_binding SET role='auditor' WHERE id=1", "role_binding 1: differs", "a role"},
        {"UPDATE assessment SET rationale='' WHERE id=1", "assessment 1: differs", "an assessment"},
        {"DELETE FROM lesson", "lesson 1: it is missing", "a missing row"},
        {"INSERT INTO note(audit_seq,object,object_id,at,by,text) VALUES(3,'event',1,1,1,'made up')", "note 3: no audit row accounts for it", "a row put in"},
        {"UPDATE raw SET body=CAST(replace(CAST(body AS TEXT),'192','193') AS BLOB) WHERE id=1", "raw line 1 of EV-2026-000001: differs from its hash", "a raw line"},
        {"UPDATE raw SET peer='192.0.2.99:1' WHERE id=1", "event EV-2026-000001: its raw lines differ", "where a raw line came from"},
        {"UPDATE raw SET transport=0 WHERE id=1", "event EV-2026-000001: its raw lines differ", "how a raw line came"},
        {"UPDATE raw SET org_id=2 WHERE id=1", "event EV-2026-000001: its raw lines differ", "whose a raw line is"},
        {"UPDATE raw SET body=NULL WHERE id=1", "raw line 1 of EV-2026-000001: differs from its hash", "a raw line emptied"},
        {"DELETE FROM raw WHERE id=1", "event EV-2026-000001: its raw lines differ", "a missing raw line"},
        {OPEN_TRIGGERS "UPDATE audit SET actor=9 WHERE seq=7", "audit row 7: header altered", "an actor"},
        {OPEN_TRIGGERS "UPDATE audit SET object='EV-2026-000009' WHERE seq=7", "audit row 7: header altered", "an object"},
        {OPEN_TRIGGERS "UPDATE audit SET hash=zeroblob(32) WHERE seq=7", "audit row 7: header altered", "a hash"},
        {OPEN_TRIGGERS "UPDATE audit SET prev=zeroblob(32) WHERE seq=7", "audit row 7: does not follow", "a link"},
        {OPEN_TRIGGERS "UPDATE audit SET commitment=zeroblob(32) WHERE seq=7", "audit row 7: header altered", "a commitment"},
        {OPEN_TRIGGERS "DELETE FROM audit_payload WHERE seq=7", "audit row 7: payload missing", "a payload"},
        {OPEN_TRIGGERS "UPDATE audit_payload SET body=replace(body,'data','dato') WHERE seq=7", "audit row 7: payload altered", "a payload's body"},
        {OPEN_TRIGGERS "UPDATE audit_payload SET salt=zeroblob(32) WHERE seq=7", "audit row 7: payload altered", "a salt"},
        {"DROP TRIGGER audit_no_update", "schema: trigger audit_no_update is missing", "a trigger"},
        {"CREATE TABLE extra(x)", "schema: table extra is none of ours", "a table"},
        {OPEN_TRIGGERS "DELETE FROM audit_payload WHERE seq=7; DELETE FROM audit WHERE seq=7", "audit row 7: missing", "a row of the chain"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        struct verify_result r;
        struct err e = {0};
        edit(t[i].sql);
        check_row(verify_file(copy_path, &r, &e) == RC_CHECK, t[i].why);
        if (!strstr(r.first_bad, t[i].named))
            fail_msg("%s: said \"%s\", wanted \"%s\"", t[i].why, r.first_bad, t[i].named);
    }
}

static void a_lawful_erasure_is_no_damage(void **state) {
    struct verify_result r;
    struct err e = {0};
    (void)state;
    edit("PRAGMA foreign_keys=OFF; INSERT INTO audit_erasure VALUES(1,5); DELETE FROM audit_payload WHERE seq=1");
    enum rc rc = verify_file(copy_path, &r, &e);
    if (rc)
        fail_msg("%s", e.text);
    assert_int_equal(r.erased, 1);
}

static void the_chain_refuses_to_be_edited(void **state) {
    static const char *const tries[] = {"UPDATE audit SET actor=1", "DELETE FROM audit", "UPDATE audit_payload SET body='{}'", "DELETE FROM audit_payload WHERE seq=1"};
    sqlite3 *db = NULL;
    (void)state;
    copy_file(path, copy_path);
    assert_int_equal(sqlite3_open(copy_path, &db), SQLITE_OK);
    for (size_t i = 0; i < ARRAY_N(tries); i++)
        check_row(sqlite3_exec(db, tries[i], NULL, NULL, NULL) != SQLITE_OK, tries[i]);
    sqlite3_close(db);
}

/* Any byte anywhere: never a crash. Most of a small file is unused space, where nothing is there to be found. */
static void a_flipped_byte_never_crashes(void **state) {
    FILE *f;
    long size;
    unsigned found = 0;
    (void)state;
    copy_file(path, copy_path);
    f = fopen(copy_path, "r+b");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    for (long at = 5; at < size; at += size / 61) {
        struct verify_result r;
        struct err e = {0};
        fseek(f, at, SEEK_SET);
        int c = fgetc(f);
        fseek(f, at, SEEK_SET);
        fputc(c ^ 0x20, f);
        fflush(f);
        found += verify_file(copy_path, &r, &e) != RC_OK;
        fseek(f, at, SEEK_SET);
        fputc(c, f);
        fflush(f);
    }
    fclose(f);
    assert_true(found > 0);
}

/* In the bytes of the file, under SQLite: every place where these words stand, be it in a row, an audit payload or an index. */
static void a_flipped_byte_of_what_was_said_is_found(void **state) {
    static const char *const words[] = {"Password guessing", "looked at it", "keep logs", "EV-2026-000001", "sshd[1]", "event.claim", "management"};
    static char all[4 << 20];
    (void)state;
    copy_file(path, copy_path);
    FILE *f = fopen(copy_path, "r+b");
    assert_non_null(f);
    size_t size = fread(all, 1, sizeof all, f);
    for (size_t i = 0; i < ARRAY_N(words); i++) {
        size_t places = 0;
        for (char *at = all; (at = memmem(at, size - (size_t)(at - all), words[i], strlen(words[i]))) && places < 40; at++, places++) {
            struct verify_result r;
            struct err e = {0};
            fseek(f, at - all + 3, SEEK_SET);
            fputc(at[3] ^ 1, f);
            fflush(f);
            if (verify_file(copy_path, &r, &e) != RC_CHECK || !r.first_bad[0])
                fail_msg("\"%s\" altered at %ld, and nobody notices: %.80s", words[i], (long)(at - all), at > all + 30 ? at - 30 : at);
            fseek(f, at - all + 3, SEEK_SET);
            fputc(at[3], f);
            fflush(f);
        }
        check_row(places > 0, words[i]);
    }
    fclose(f);
}

static void what_is_no_record_is_said_to_be_none(void **state) {
    struct verify_result r;
    struct err e = {0};
    FILE *f = fopen(copy_path, "wb");
    (void)state;
    assert_non_null(f);
    fputs("this is no database, however long one looks at it\n", f);
    fclose(f);
    assert_int_equal(verify_file(copy_path, &r, &e), RC_CHECK);
    assert_false(r.intact);
    copy_file(path, copy_path);
    assert_int_equal(truncate(copy_path, 3000), 0);
    assert_int_equal(verify_file(copy_path, &r, &e), RC_CHECK);
    assert_int_equal(verify_file("/nonexistent/x.db", &r, &e), RC_NOTFOUND);
}

static int set_up(void **state) {
    (void)state;
    make_record();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    unlink(path);
    unlink(copy_path);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_untouched_record_is_intact),
        cmocka_unit_test(every_altered_row_is_named),
        cmocka_unit_test(a_lawful_erasure_is_no_damage),
        cmocka_unit_test(the_chain_refuses_to_be_edited),
        cmocka_unit_test(a_flipped_byte_never_crashes),
        cmocka_unit_test(a_flipped_byte_of_what_was_said_is_found),
        cmocka_unit_test(what_is_no_record_is_said_to_be_none),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
