/* SPDX-License-Identifier: ISC
 *
 * test_message.c - fields by our name, by their names, and out of the header
 */
#include "unit.h"

#include "model/message.h"

static void a_field_is_known_by_our_name_and_by_theirs(void **state) {
    (void)state;
    assert_int_equal(field_find(STR("src_ip")), F_SRC_IP);
    assert_int_equal(field_find(STR("source.ip")), F_SRC_IP);
    assert_int_equal(field_find(STR("SOURCEIP")), F_SRC_IP); /* an alias: without case */
    assert_int_equal(field_find(STR("SRC_IP")), F_OTHER);    /* ours: exactly */
    assert_int_equal(field_find(STR("src_i")), F_OTHER);
    assert_int_equal(field_find(STR("")), F_OTHER);
    for (int i = F_OTHER + 1; i < F__COUNT; i++)
        assert_int_equal(field_find(str_of(field_name((enum field_id)i))), i);
    assert_null(field_name(F_OTHER));
}

static struct message sample(void) {
    struct message m = {.pri = 38, .version = -1};

    m.host = STR("gw");
    m.app = STR("/usr/sbin/sshd");
    m.procid = STR("411");
    m.text = STR("hello");
    return m;
}

static void the_header_answers_too(void **state) {
    struct message m = sample();
    (void)state;

    assert_str(message_field(&m, F_HOST, STR_NONE), "gw");
    assert_str(message_field(&m, F_PROGRAM, STR_NONE), "/usr/sbin/sshd");
    m.program = STR("sshd");
    assert_str(message_field(&m, F_PROGRAM, STR_NONE), "sshd");
    assert_str(message_field(&m, F_FACILITY, STR_NONE), "4");
    assert_str(message_field(&m, F_SEVERITY, STR_NONE), "6");
    m.pri = 191;
    assert_str(message_field(&m, F_FACILITY, STR_NONE), "23");
    m.pri = 80;
    assert_str(message_field(&m, F_FACILITY, STR_NONE), "10");
    assert_str(message_field(&m, F_MESSAGE, STR_NONE), "hello");
}

static void absent_stays_absent(void **state) {
    struct message m = {.pri = -1, .version = -1};
    const struct field *f = &m.fields[0];
    (void)state;

    for (int i = F_OTHER + 1; i < F__COUNT; i++) {
        assert_true(str_absent(message_field(&m, (enum field_id)i, STR_NONE)));
        assert_false(message_has(&m, (enum field_id)i, STR_NONE, &f));
        assert_null(f);
    }
    m.pri = 1000; /* out of range is no priority */
    assert_true(str_absent(message_field(&m, F_SEVERITY, STR_NONE)));
}

static void what_the_text_names_stands_before_the_header(void **state) {
    struct message m = sample();
    const struct field *f = NULL;
    (void)state;

    assert_true(message_add(&m, F_HOST, STR_NONE, STR("web1"), 0));
    assert_true(message_add(&m, F_OTHER, STR("shop"), STR("x"), 0));
    assert_true(message_add(&m, F_USER, STR_NONE, STR(""), 0));
    assert_str(message_field(&m, F_HOST, STR_NONE), "web1");
    assert_str(message_field(&m, F_OTHER, STR("shop")), "x");
    assert_true(str_absent(message_field(&m, F_OTHER, STR("shoe"))));
    assert_true(message_has(&m, F_USER, STR_NONE, &f)); /* empty is there */
    assert_ptr_equal(f, &m.fields[2]);
}

static void one_too_many_is_counted(void **state) {
    struct message m = sample();
    (void)state;

    for (int i = 0; i < MSG_FIELDS_MAX; i++)
        assert_true(message_add(&m, F_USER, STR_NONE, STR("x"), 0));
    for (int i = 0; i < 70000; i++)
        assert_false(message_add(&m, F_USER, STR_NONE, STR("x"), 0));
    assert_int_equal(m.nfields, MSG_FIELDS_MAX);
    assert_int_equal(m.fields_dropped, UINT16_MAX); /* does not start again at 0 */
}

static void dialects_and_transports_have_names(void **state) {
    (void)state;
    assert_string_equal(dialect_name(DIALECT_CEF), "cef");
    assert_string_equal(dialect_name(DIALECT_JSON), "json");
    assert_string_equal(transport_name(TRANSPORT_UNIXGRAM), "unixgram");
    assert_string_equal(transport_name(TRANSPORT_INTERNAL), "internal");
    assert_non_null(dialect_name(DIALECT__COUNT));
    assert_non_null(transport_name((enum transport)99));
}

static void a_peer_without_its_port_is_a_host(void **state) {
    static const char *const rows[][2] = {{"192.0.2.1:40022", "192.0.2.1"}, {"[2001:db8::1]:514", "2001:db8::1"}, {"gw", "gw"},
                                          {"", ""},                         {":1", ""},                           {"[]:1", "[]"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++)
        assert_true(str_is(peer_host(str_of(rows[i][0])), rows[i][1]));
    assert_true(peer_host(STR_NONE).n == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_without_its_port_is_a_host),
        cmocka_unit_test(a_field_is_known_by_our_name_and_by_theirs),
        cmocka_unit_test(the_header_answers_too),
        cmocka_unit_test(absent_stays_absent),
        cmocka_unit_test(what_the_text_names_stands_before_the_header),
        cmocka_unit_test(one_too_many_is_counted),
        cmocka_unit_test(dialects_and_transports_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
