/* SPDX-License-Identifier: ISC
 * test_notify.c - promises of notify/transfer.h: signing, and where a webhook may not go
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <string.h>

#include "notify/transfer.h"

static void the_published_standard_webhooks_vector_signs_the_same(void **state)
{
    (void)state;
    struct buf b;
    struct err e = {0};
    buf_init(&b, 256);
    assert_int_equal(webhook_sign(STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330,
                                  STR("{\"test\": 2432232314}"), &b, &e), RC_OK);
    assert_string_equal(buf_cstr(&b), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    buf_reset(&b);
    assert_int_equal(webhook_sign(STR("whsec_!"), STR("m"), 1, STR("x"), &b, &e), RC_CONFIG);
    buf_fini(&b);
}

static void private_addresses_are_known_in_every_disguise(void **state)
{
    (void)state;
    static const struct { const char *s; bool private; } t[] = {
        {"127.0.0.1", true}, {"10.1.2.3", true}, {"172.31.0.1", true}, {"172.32.0.1", false}, {"192.168.1.1", true}, {"169.254.169.254", true},
        {"100.64.0.1", true}, {"0.0.0.0", true}, {"224.0.0.1", true}, {"255.255.255.255", true}, {"8.8.8.8", false}, {"192.0.2.1", false},
        {"::1", true}, {"::", true}, {"::ffff:127.0.0.1", true}, {"::ffff:8.8.8.8", false}, {"64:ff9b::7f00:1", true}, {"fe80::1", true},
        {"fc00::1", true}, {"fd12::1", true}, {"ff02::1", true}, {"2001:db8::1", false}, {"::127.0.0.1", true},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct sockaddr_in a4 = {.sin_family = AF_INET};
        struct sockaddr_in6 a6 = {.sin6_family = AF_INET6};
        bool six = inet_pton(AF_INET, t[i].s, &a4.sin_addr) != 1;
        if (six) assert_int_equal(inet_pton(AF_INET6, t[i].s, &a6.sin6_addr), 1);
        if (address_is_private(six ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4) != t[i].private) fail_msg("%s", t[i].s);
    }
}

static void only_this_machine_counts_as_loopback(void **state)
{
    (void)state;
    static const struct { const char *s; bool is; } t[] = {
        {"smtp://127.0.0.1:25", true}, {"smtp://localhost", true}, {"smtp://[::1]:25/x", true}, {"smtp://127.evil.example", false},
        {"smtp://localhost.evil.example", false}, {"smtp://user@127.0.0.1", false}, {"smtp://mail.example", false}, {"127.0.0.1:25", true},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        if (url_is_loopback(str_of(t[i].s)) != t[i].is) fail_msg("%s", t[i].s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_standard_webhooks_vector_signs_the_same),
        cmocka_unit_test(private_addresses_are_known_in_every_disguise),
        cmocka_unit_test(only_this_machine_counts_as_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
