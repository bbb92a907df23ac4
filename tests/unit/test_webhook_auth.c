/* SPDX-License-Identifier: ISC
 *
 * test_webhook_auth.c - whose deliveries are taken: the published vectors, and everything near them that is not
 */
#include "unit.h"

#include "base/clock.h"
#include "base/digest.h"
#include "intake/webhook.h"

#define NOW (INT64_C(1614265330) * US_PER_S)

struct header {
    const char *name, *value;
};
#define HEADERS_MAX 6

static char n_token[] = "token", n_hub[] = "hub", n_std[] = "std", n_plain[] = "plain", n_x[] = "x";
static struct webhook_conf confs[] = {
    {.name = n_token, .auth = 0, .window = 300 * US_PER_S},
    {.name = n_hub, .auth = 1, .window = 300 * US_PER_S},
    {.name = n_std, .auth = 2, .window = 300 * US_PER_S},
    {.name = n_plain, .auth = 2, .window = 300 * US_PER_S},
};
static const struct opt_list conf = {confs, ARRAY_N(confs)};
static struct webhooks *hooks;

static struct str secret_of(void *ctx, const char *name) {
    (void)ctx;
    return strcmp(name, "token") == 0 ? STR("first secret\nsecond secret\n")
           : strcmp(name, "hub") == 0 ? STR("It's a Secret to Everybody")
           : strcmp(name, "std") == 0 ? STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
                                      : STR("as it stands");
}

static int setup(void **state) {
    struct err e = {0};

    (void)state;
    return webhooks_new(&conf, secret_of, NULL, &hooks, &e) != RC_OK;
}

static int teardown(void **state) {
    (void)state;
    webhooks_free(hooks);
    return 0;
}

static struct str header_of(const void *from, const char *name) {
    const struct header *h = from;

    for (; h->name; h++)
        if (str_eqi(str_of(h->name), str_of(name)))
            return str_of(h->value);
    return STR_NONE;
}

static int ask(const char *method, const char *path, const char *body, const struct header *headers, int64_t now, struct webhook_call *call) {
    struct webhook_request r = {str_of(method), str_of(path), str_of(body), header_of, headers};

    return webhook_check(hooks, &r, now, call);
}

#define GOOD_SIG "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
#define STD_ID {"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"}
#define STD_TS {"webhook-timestamp", "1614265330"}
#define STD_SIG "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define STD_BODY "{\"test\": 2432232314}"

static const struct {
    const char *why, *path, *body;
    struct header headers[HEADERS_MAX];
    int64_t off;
    int status;
} rows[] = {
    {"bearer", "/v1/in/token", "{}", {{"Authorization", "Bearer first secret"}}, 0, 0},
    {"the second of two secrets", "/v1/in/token", "{}", {{"Authorization", "bearer second secret"}}, 0, 0},
    {"no header", "/v1/in/token", "{}", {{NULL, NULL}}, 0, 401},
    {"no token", "/v1/in/token", "{}", {{"Authorization", "Bearer "}}, 0, 401},
    {"another scheme", "/v1/in/token", "{}", {{"Authorization", "Basic first secret"}}, 0, 401},
    {"half a token", "/v1/in/token", "{}", {{"Authorization", "Bearer first"}}, 0, 401},
    {"both tokens", "/v1/in/token", "{}", {{"Authorization", "Bearer first secret\nsecond secret"}}, 0, 401},
    {"more than the token", "/v1/in/token", "{}", {{"Authorization", "Bearer first secretX"}}, 0, 401},
    {"the vector of GitHub", "/v1/in/hub", "Hello, World!", {{"X-Hub-Signature-256", GOOD_SIG}}, 0, 0},
    {"another body", "/v1/in/hub", "Hello, World?", {{"X-Hub-Signature-256", GOOD_SIG}}, 0, 401},
    {"a longer signature", "/v1/in/hub", "Hello, World!", {{"X-Hub-Signature-256", GOOD_SIG "00"}}, 0, 401},
    {"a shorter signature", "/v1/in/hub", "Hello, World!", {{"X-Hub-Signature-256", "sha256=757107ea"}}, 0, 401},
    {"without its prefix", "/v1/in/hub", "Hello, World!", {{"X-Hub-Signature-256", "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}}, 0, 401},
    {"SHA-1 is not enough", "/v1/in/hub", "Hello, World!", {{"X-Hub-Signature", GOOD_SIG}}, 0, 401},
    {"the vector of Standard Webhooks", "/v1/in/std", STD_BODY, {STD_ID, STD_TS, {"webhook-signature", STD_SIG}}, 0, 0},
    {"one good signature of several", "/v1/in/std", STD_BODY, {STD_ID, STD_TS, {"webhook-signature", "v1a,AAAA v1,AAAA v2,xx " STD_SIG}}, 0, 0},
    {"at the end of the window", "/v1/in/std", STD_BODY, {STD_ID, STD_TS, {"webhook-signature", STD_SIG}}, 300 * US_PER_S, 0},
    {"replayed late", "/v1/in/std", STD_BODY, {STD_ID, STD_TS, {"webhook-signature", STD_SIG}}, 301 * US_PER_S, 401},
    {"from the future", "/v1/in/std", STD_BODY, {STD_ID, STD_TS, {"webhook-signature", STD_SIG}}, -301 * US_PER_S, 401},
    {"another id", "/v1/in/std", STD_BODY, {{"webhook-id", "msg_other"}, STD_TS, {"webhook-signature", STD_SIG}}, 0, 401},
    {"another time", "/v1/in/std", STD_BODY, {STD_ID, {"webhook-timestamp", "1614265331"}, {"webhook-signature", STD_SIG}}, 0, 401},
    {"a time that is none", "/v1/in/std", STD_BODY, {STD_ID, {"webhook-timestamp", "1614265330x"}, {"webhook-signature", STD_SIG}}, 0, 401},
    {"a time beyond all", "/v1/in/std", STD_BODY, {STD_ID, {"webhook-timestamp", "99999999999999999999"}, {"webhook-signature", STD_SIG}}, 0, 401},
    {"another body", "/v1/in/std", "{\"test\": 2432232315}", {STD_ID, STD_TS, {"webhook-signature", STD_SIG}}, 0, 401},
    {"another version", "/v1/in/std", STD_BODY, {STD_ID, STD_TS, {"webhook-signature", "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}}, 0, 401},
    {"no signature", "/v1/in/std", STD_BODY, {STD_ID, STD_TS}, 0, 401},
    {"no id", "/v1/in/std", STD_BODY, {STD_TS, {"webhook-signature", STD_SIG}}, 0, 401},
    {"the secret of another", "/v1/in/plain", STD_BODY, {STD_ID, STD_TS, {"webhook-signature", STD_SIG}}, 0, 401},
    {"a good token on another's path", "/v1/in/hub", "{}", {{"Authorization", "Bearer first secret"}}, 0, 401},
    {"nobody", "/v1/in/nobody", "{}", {{NULL, NULL}}, 0, 404},
    {"a name and more", "/v1/in/token/x", "{}", {{"Authorization", "Bearer first secret"}}, 0, 404},
    {"no name", "/v1/in/", "{}", {{NULL, NULL}}, 0, 404},
    {"elsewhere", "/", "{}", {{NULL, NULL}}, 0, 404},
    {"an id with a blank", "/v1/in/token", "{}", {{"Authorization", "Bearer first secret"}, {"Idempotency-Key", "a b"}}, 0, 400},
    {"an empty id", "/v1/in/token", "{}", {{"Authorization", "Bearer first secret"}, {"Idempotency-Key", ""}}, 0, 400},
};

static void only_who_holds_the_secret_may_deliver(void **state) {
    struct webhook_call call;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        int got = ask("POST", rows[i].path, rows[i].body, rows[i].headers, NOW + rows[i].off, &call);
        if (got != rows[i].status)
            fail_msg("%s: got %d", rows[i].why, got);
    }
}

static void only_post_delivers(void **state) {
    struct webhook_call call;
    const struct header good[] = {{"Authorization", "Bearer first secret"}, {NULL, NULL}};

    (void)state;
    assert_int_equal(ask("GET", "/v1/in/token", "{}", good, NOW, &call), 405);
    assert_int_equal(ask("PUT", "/v1/in/token", "{}", good, NOW, &call), 405);
}

static void the_delivery_id_is_the_senders_or_the_bodys(void **state) {
    struct webhook_call call;
    char long_id[WEBHOOK_ID_MAX + 2];
    struct header h[5] = {{"Authorization", "Bearer first secret"}};

    (void)state;
    assert_int_equal(ask("POST", "/v1/in/token", "abc", h, NOW, &call), 0);
    assert_string_equal(call.id, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    h[1] = (struct header){"Idempotency-Key", "i-1"};
    assert_int_equal(ask("POST", "/v1/in/token", "abc", h, NOW, &call), 0);
    assert_string_equal(call.id, "i-1");
    h[2] = (struct header){"x-github-delivery", "g-1"};
    assert_int_equal(ask("POST", "/v1/in/token", "abc", h, NOW, &call), 0);
    assert_string_equal(call.id, "g-1");
    h[3] = (struct header){"Webhook-Id", "w-1"};
    assert_int_equal(ask("POST", "/v1/in/token", "abc", h, NOW, &call), 0);
    assert_string_equal(call.id, "w-1");
    memset(long_id, 'x', sizeof long_id);
    long_id[WEBHOOK_ID_MAX] = '\0';
    h[3].value = long_id;
    assert_int_equal(ask("POST", "/v1/in/token", "abc", h, NOW, &call), 0);
    long_id[WEBHOOK_ID_MAX] = 'x';
    long_id[WEBHOOK_ID_MAX + 1] = '\0';
    assert_int_equal(ask("POST", "/v1/in/token", "abc", h, NOW, &call), 400);
}

static struct str bad_secret(void *ctx, const char *name) {
    (void)name;
    return str_of(ctx);
}

static void a_secret_that_cannot_be_used_is_refused(void **state) {
    static const struct {
        int auth;
        const char *secret, *says;
    } bad[] = {
        {0, NULL, "no secret"},
        {0, "\n \n", "no secret"},
        {0, "a\nb\nc\n", "more than two"},
        {2, "whsec_!!", "no base64"},
        {2, "whsec_", "no base64"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        struct webhook_conf one = {.name = n_x, .auth = bad[i].auth};
        const struct opt_list list = {&one, 1};
        struct webhooks *w = NULL;
        struct err e = {0};
        check_row(webhooks_new(&list, bad_secret, (void *)(uintptr_t)bad[i].secret, &w, &e) == RC_CONFIG && !w, bad[i].says);
        check_row(strstr(e.text, bad[i].says) != NULL, bad[i].says);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_who_holds_the_secret_may_deliver),
        cmocka_unit_test(only_post_delivers),
        cmocka_unit_test(the_delivery_id_is_the_senders_or_the_bodys),
        cmocka_unit_test(a_secret_that_cannot_be_used_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
