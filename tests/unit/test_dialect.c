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

static struct dialect_map *shipped(const char *file) {
    const char *src = getenv("srcdir");
    static struct errs es;
    char path[512];
    struct buf b;
    struct err e = {0};

    snprintf(path, sizeof path, "%s/etc/dialects.d/%s", src ? src : ".", file);
    buf_init(&b, 1 << 20);
    if (file_read(path, 1 << 20, &b, &e) != RC_OK)
        fail_msg("%s", e.text);
    struct dialect_map *d = load(file, buf_view(&b), &es);
    buf_fini(&b);
    if (!d)
        fail_msg("%s", es.v[0].text);
    return d;
}

static struct dialect_map *generic(void) {
    return shipped("generic.yaml");
}

static size_t apply_part(const struct dialect_map *d, const char *body, size_t part) {
    struct json *j;
    struct err e = {0};

    arena_reset(&arena);
    memset(&m, 0, sizeof m);
    m.raw = str_of(body);
    m.arrived = 77;
    m.transport = TRANSPORT_HTTP;
    if (json_parse(m.raw, 1 << 20, &j, &e) != RC_OK)
        fail_msg("%s", e.text);
    size_t over, n = dialect_parts(d, j, &over);
    dialect_part(d, j, part, &arena, &m, &ev);
    json_free(j); /* what was made of it is in the arena */
    return n;
}

static void apply(const struct dialect_map *d, const char *body) {
    apply_part(d, body, 0);
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

static void every_element_of_a_split_list_claims_for_itself(void **state) {
    static const char body[] = "{\"version\":\"4\",\"status\":\"firing\",\"groupKey\":\"g\",\"commonLabels\":{\"severity\":\"critical\"},"
                               "\"commonAnnotations\":{\"summary\":\"disk\"},\"alerts\":["
                               "{\"status\":\"firing\",\"labels\":{\"instance\":\"db1\"},\"fingerprint\":\"a\"},"
                               "{\"status\":\"resolved\",\"labels\":{\"instance\":\"db2\",\"severity\":\"warning\"},\"annotations\":{\"summary\":\"own\"},\"fingerprint\":\"b\"}]}";
    struct dialect_map *d = shipped("alertmanager.yaml");

    (void)state;
    assert_int_equal(apply_part(d, body, 0), 2);
    assert_true(ev.claims && !ev.resolved && ev.level == LEVEL_HIGH);
    assert_str(ev.title, "disk");
    assert_str(ev.key, "a");
    assert_str(m.host, "db1");
    apply_part(d, body, 1);
    assert_true(ev.claims && ev.resolved && ev.level == LEVEL_MEDIUM);
    assert_str(ev.title, "own");
    assert_str(ev.key, "b");
    assert_int_equal(apply_part(d, "{\"alerts\":[]}", 0), 0);
    assert_int_equal(apply_part(d, "{\"x\":1}", 0), 1);
    assert_false(ev.claims);
    dialect_free(d);
}

static void a_list_longer_than_the_limit_is_counted(void **state) {
    struct dialect_map *d = shipped("crowdsec.yaml");
    struct buf b;
    struct json *j;
    struct err e = {0};
    size_t over;

    (void)state;
    buf_init(&b, 1 << 16);
    buf_text(&b, "[{}");
    for (int i = 0; i < DIALECT_PARTS_MAX + 6; i++)
        buf_text(&b, ",{\"scenario\":\"x\"}");
    buf_text(&b, "]");
    assert_int_equal(json_parse(buf_view(&b), 1 << 16, &j, &e), RC_OK);
    assert_int_equal(dialect_parts(d, j, &over), DIALECT_PARTS_MAX);
    assert_int_equal(over, 7);
    arena_reset(&arena);
    dialect_part(d, j, 0, &arena, &m, &ev);
    assert_false(ev.claims);
    dialect_part(d, j, 1, &arena, &m, &ev);
    assert_true(ev.claims);
    json_free(j);
    buf_fini(&b);
    dialect_free(d);
}

static void the_shipped_dialects_read_what_their_senders_post(void **state) {
    static const struct {
        const char *file, *body, *title, *cls, *ip;
        int level;
        bool claims, resolved;
    } t[] = {
        {"github.yaml", "{\"action\":\"created\",\"alert\":{\"number\":1,\"state\":\"open\",\"html_url\":\"https://git.example.com/1\",\"security_advisory\":{\"ghsa_id\":\"G\",\"summary\":\"s\",\"severity\":\"critical\"}},"
                        "\"repository\":{\"full_name\":\"o/r\"}}", "s", "vulnerable", NULL, LEVEL_CRITICAL, true, false},
        {"github.yaml", "{\"action\":\"fixed\",\"alert\":{\"number\":1,\"state\":\"fixed\",\"rule\":{\"id\":\"x\",\"severity\":\"error\",\"security_severity_level\":null,\"description\":\"d\"}}}", "d",
         "vulnerable", NULL, LEVEL_HIGH, true, true},
        {"github.yaml", "{\"action\":\"created\",\"starred_at\":\"2026-10-11T22:14:15Z\",\"repository\":{\"full_name\":\"o/r\"}}", "created", "vulnerable", NULL, LEVEL_HIGH, false, false},
        {"falco.yaml", "{\"rule\":\"Shell\",\"priority\":\"Critical\",\"output\":\"x\",\"output_fields\":{\"user.name\":\"root\"}}", "Shell", "intrusions", NULL, LEVEL_CRITICAL, true, false},
        {"falco.yaml", "{\"rule\":\"Test\",\"priority\":\"Debug\",\"output\":\"x\"}", "Test", "intrusions", NULL, LEVEL_INFORMATIONAL, false, false},
        {"suricata.yaml", "{\"event_type\":\"alert\",\"src_ip\":\"192.0.2.7\",\"alert\":{\"signature\":\"s\",\"severity\":1}}", "s", "intrusion-attempts", "192.0.2.7", LEVEL_HIGH, true, false},
        {"suricata.yaml", "[{\"event_type\":\"flow\",\"src_ip\":\"192.0.2.7\"}]", "flow", "intrusion-attempts", "192.0.2.7", LEVEL_MEDIUM, false, false},
        {"wazuh4.yaml", "{\"rule\":{\"level\":12,\"description\":\"d\",\"id\":\"1\"},\"data\":{\"srcip\":\"192.0.2.7\"},\"agent\":{\"name\":\"web\"}}", "d", "intrusion-attempts", "192.0.2.7", LEVEL_HIGH, true, false},
        {"crowdsec.yaml", "[{\"scenario\":\"c/ssh-bf\",\"message\":\"m\",\"source\":{\"ip\":\"192.0.2.7\"}}]", "m", "intrusion-attempts", "192.0.2.7", LEVEL_MEDIUM, true, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        struct dialect_map *d = shipped(t[i].file);
        apply(d, t[i].body);
        check_row(ev.claims == t[i].claims && ev.resolved == t[i].resolved, t[i].body);
        check_row(ev.level == t[i].level && str_is(ev.title, t[i].title), t[i].body);
        check_row(strcmp(ev.rsit->cls, t[i].cls) == 0, t[i].body);
        check_row(!t[i].ip || str_is(got(F_SRC_IP), t[i].ip), t[i].body);
        dialect_free(d);
    }
}

static void a_bad_file_is_refused_with_its_place(void **state) {
    static const char *const t[] = {
        "title: /t", "name: x", "name: X y\ntitle: /t", "name: x\ntitle: t", "name: x\ntitle: /t\nseverity: {default: terrible}",
        "name: x\ntitle: /t\nfields: [a]", "name: x\ntitle: /t\nsevirity: {}", "name: x\ntitle: /t\nclass: no/such", "name: x\ntitle: {a: b}",
        "name: x\ntitle: /t\nseverity: {map: {a: hihg}}",
        "name: x\ntitle: /t\nsplit: alerts", "name: x\ntitle: /t\nwhen: {status: a}", "name: x\ntitle: /t\nresolve_when: []", "name: x\ntitle: /t\nwhen: firing",
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
        cmocka_unit_test(every_element_of_a_split_list_claims_for_itself),
        cmocka_unit_test(a_list_longer_than_the_limit_is_counted),
        cmocka_unit_test(the_shipped_dialects_read_what_their_senders_post),
        cmocka_unit_test(a_bad_file_is_refused_with_its_place),
    };
    arena_init(&arena, 1 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    return failed;
}
