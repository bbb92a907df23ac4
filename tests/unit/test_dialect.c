/* SPDX-License-Identifier: ISC
 *
 * test_dialect.c - webhook bodies to messages
 */
#include "unit.h"

#include "base/file.h"
#include "parse/dialect.h"

static struct message m;
static struct dialect_event ev;
static struct arena arena;

static struct dialect_map *load(const char *file, struct str yaml, struct errs *es) {
    struct tree **docs = NULL;
    size_t n = 0;
    struct err e = {0};
    struct dialect_map *d = NULL;

    if (tree_from_yaml(file, yaml, &docs, &n, &e) != RC_OK)
        fail_msg("%s", e.text);
    dialect_load(docs[0], &d, es);
    tree_free(docs[0]);
    free(docs);
    return d;
}

static struct dialect_map *generic(void) {
    const char *src = getenv("srcdir");
    static struct errs es;
    char path[512];
    struct buf b;
    struct err e = {0};

    snprintf(path, sizeof path, "%s/etc/dialects.d/generic.yaml", src ? src : ".");
    buf_init(&b, 1 << 20);
    if (file_read(path, 1 << 20, &b, &e) != RC_OK)
        fail_msg("%s", e.text);
    struct dialect_map *d = load("generic.yaml", buf_view(&b), &es);
    buf_fini(&b);
    if (!d)
        fail_msg("%s", es.v[0].text);
    return d;
}

static void apply(const struct dialect_map *d, const char *body) {
    struct json *j;
    struct err e = {0};

    arena_reset(&arena);
    memset(&m, 0, sizeof m);
    m.raw = str_of(body);
    m.arrived = 77;
    m.transport = TRANSPORT_HTTP;
    if (json_parse(m.raw, 1 << 20, &j, &e) != RC_OK)
        fail_msg("%s", e.text);
    dialect_apply(d, j, &arena, &m, &ev);
    json_free(j); /* what was made of it is in the arena */
}

static struct str got(enum field_id id) {
    return message_field(&m, id, STR_NONE);
}

static void a_full_body_is_mapped(void **state) {
    struct dialect_map *d = generic();

    (void)state;
    assert_str(dialect_map_name(d), "generic");
    apply(d, "{\"title\":\"Door \\\"9\\\" forced\",\"severity\":\"HIGH\",\"host\":\"gate\",\"time\":\"2026-11-22T04:05:06+01:00\",\"text\":\"sensor\","
             "\"key\":\"k1\",\"class\":\"intrusions/burglary\",\"src_ip\":\"192.0.2.7\",\"src_port\":22,\"user\":\"root\"}");
    assert_str(ev.title, "Door \"9\" forced");
    assert_str(ev.text, "sensor");
    assert_str(ev.key, "k1");
    assert_int_equal(ev.level, LEVEL_HIGH);
    assert_string_equal(ev.rsit->type, "burglary");
    assert_str(m.host, "gate");
    assert_str(got(F_SRC_IP), "192.0.2.7");
    assert_str(got(F_SRC_PORT), "22");
    assert_str(got(F_USER), "root");
    assert_str(got(F_MESSAGE), "sensor");
    assert_int_equal(m.dialect, DIALECT_JSON);
    assert_true((m.flags & MSG_DECODED) && (m.flags & MSG_FIELDS));
    struct civil c;
    civil_from_us(m.time, &c);
    assert_int_equal(c.hour, 3);
    assert_int_equal(m.ts.offset_min, 60);
    dialect_free(d);
}

static void what_is_missing_stays_missing(void **state) {
    struct dialect_map *d = generic();

    (void)state;
    apply(d, "{}");
    assert_true(str_absent(ev.title) && str_absent(ev.text) && str_absent(ev.key) && str_absent(m.host) && str_absent(got(F_SRC_IP)));
    assert_int_equal(ev.level, LEVEL_MEDIUM);
    assert_ptr_equal(ev.rsit, rsit_undetermined());
    assert_int_equal(m.time, 77);
    assert_false(m.ts.present);
    apply(d, "[1,2]");
    assert_true(str_absent(ev.title));
    apply(d, "{\"title\":null,\"summary\":\"s\",\"severity\":\"nonsense\",\"time\":\"yesterday\",\"class\":\"no/such\",\"user\":null}");
    assert_str(ev.title, "s");
    assert_int_equal(ev.level, LEVEL_MEDIUM);
    assert_ptr_equal(ev.rsit, rsit_undetermined());
    assert_true(str_absent(got(F_USER)));
    dialect_free(d);
}

static void numbers_of_seconds_and_milliseconds_are_times(void **state) {
    struct dialect_map *d = generic();

    (void)state;
    apply(d, "{\"time\":1386543323}");
    assert_int_equal(m.time, INT64_C(1386543323) * US_PER_S);
    apply(d, "{\"time\":\"1386543323500\"}");
    assert_int_equal(m.time, INT64_C(1386543323500) * 1000);
    dialect_free(d);
}

static void a_bad_file_is_refused_with_its_place(void **state) {
    static const char *const t[] = {
        "title: /t", "name: x", "name: X y\ntitle: /t", "name: x\ntitle: t", "name: x\ntitle: /t\nseverity: {default: terrible}",
        "name: x\ntitle: /t\nfields: [a]", "name: x\ntitle: /t\nsevirity: {}", "name: x\ntitle: /t\nclass: no/such", "name: x\ntitle: {a: b}",
        "name: x\ntitle: /t\nseverity: {map: {a: hihg}}",
    };
    static struct errs es;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        es.n = 0;
        check_row(load("d.yaml", str_of(t[i]), &es) == NULL, t[i]);
        check_row(es.n > 0 && strcmp(es.v[0].file, "d.yaml") == 0 && es.v[0].text[0], t[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_body_is_mapped),
        cmocka_unit_test(what_is_missing_stays_missing),
        cmocka_unit_test(numbers_of_seconds_and_milliseconds_are_times),
        cmocka_unit_test(a_bad_file_is_refused_with_its_place),
    };
    arena_init(&arena, 1 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    return failed;
}
