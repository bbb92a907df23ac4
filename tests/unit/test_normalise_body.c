/* SPDX-License-Identifier: ISC
 *
 * test_normalise_body.c - what the shipped files make of bodies in which a stranger may have written, too
 */
#include "normalise_help.h"

static void body(const struct loaded *l, const char *text) {
    memset(&m, 0, sizeof m);
    m.raw = m.msg = m.text = str_of(text);
    m.program = STR("myapp");
    m.body = (uint8_t)body_sniff(m.program, m.text);
    m.spare = &spare;
    spare.n = 0;
    normalise(l->nz, &m);
}

/* Who writes names without quotes lets them bring pairs of their own. */
static void of_two_addresses_none_is_believed_that_a_name_may_have_brought(void **state) {
    static const struct {
        const char *text, *src_ip;
    } t[] = {
        {"level=warn event=login_failed username=x rhost=198.51.100.1 ipAddress=192.0.2.1", NULL},
        {"level=warn event=login_failed username=x ip=198.51.100.1 ip=192.0.2.1", NULL},
        {"level=warn event=login_failed username=x src_ip=198.51.100.1 src_port=5 ipAddress=192.0.2.1", NULL},
        {"level=warn event=login_failed ipAddress=192.0.2.1 username=x src_ip=198.51.100.1", "192.0.2.1"},
        {"level=warn event=login_failed src_ip=192.0.2.1 username=x ip=198.51.100.1 src_ip=198.51.100.1", "192.0.2.1"},
        {"CEF:0|V|P|1|100|Login failed|5|suser=x src=198.51.100.1 src=192.0.2.1 outcome=failure", NULL},
        {"CEF:0|V|P|1|100|Login failed|5|src=192.0.2.1 suser=x src=198.51.100.1 outcome=failure", "192.0.2.1"},
        {"CEF:0|V|P|1|100|Login failed|5|suser=x src\\=198.51.100.1 src=192.0.2.1 outcome=failure", "192.0.2.1"},
        {"LEEF:1.0|V|P|1|100|usrName=x src=198.51.100.1 src=192.0.2.1", NULL},
        {"LEEF:1.0|V|P|1|100|usrName=x src=198.51.100.1\tsrc=192.0.2.1", "192.0.2.1"},
        {"{\"message\":\"login failed for user x from 198.51.100.1\",\"user\":\"x from 198.51.100.1\"}", NULL},
        {"{\"message\":\"login failed for user x from 192.0.2.1\",\"user\":\"x\"}", "192.0.2.1"},
        {"level=warn event=login_failed username=x rhost=\"198.51.100.1\" ipAddress=192.0.2.1", NULL},
        {"level=warn event=login_failed username=bob ipAddress=192.0.2.1 remote=192.0.2.1:4242", "192.0.2.1"},
        {"level=warn event=login_failed username=bob ipAddress=192.0.2.1", "192.0.2.1"},
        {"level=warn event=login_failed username=\"x rhost=198.51.100.1\" ipAddress=192.0.2.1", "192.0.2.1"},
        {"level=warn event=login_failed username=\"x\" remote_ip=192.0.2.1 ip=198.51.100.1", "192.0.2.1"},
        {"level=warn event=login_failed username=\"x\\\" rhost=\\\"198.51.100.1\" ipAddress=192.0.2.1", "192.0.2.1"},
    };
    struct loaded *l = shipped();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        body(l, t[i].text);
        check_row(t[i].src_ip ? str_is(got("src_ip"), t[i].src_ip) : str_absent(got("src_ip")), t[i].text);
        check_row(t[i].src_ip || str_absent(got("src_port")), t[i].text);
    }
    unload(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_addresses_none_is_believed_that_a_name_may_have_brought),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
