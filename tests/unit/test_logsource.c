/* SPDX-License-Identifier: ISC
 *
 * test_logsource.c - which rules may speak about which message
 */
#include "sigma_help.h"

#include "detect/logsource.h"

static bool fits(const char *logsource, const char *program, int pri, enum transport tr) {
    char yaml[512];
    struct message m;
    static struct errs es;

    snprintf(yaml, sizeof yaml, "title: t\nlogsource: %s\ndetection:\n  s: [needle]\n  condition: s\n", logsource);
    struct ruleset *rs = help_load(yaml, 0, &es);
    assert_non_null(rs);
    help_message(&m, program, "a needle");
    m.pri = (int16_t)pri;
    m.transport = (uint8_t)tr;
    bool hit = help_hits(rs, &m);
    ruleset_free(rs);
    return hit;
}

static void rules_speak_about_their_own_sources_only(void **state) {
    static const struct {
        const char *logsource, *program;
        int pri;
        enum transport tr;
        bool want;
    } rows[] = {
        {"{product: linux}", "sshd", 38, TRANSPORT_UDP, true},
        {"{product: linux, service: sshd}", "sshd", 38, TRANSPORT_UDP, true},
        {"{product: linux, service: sshd}", "sshd-session", 38, TRANSPORT_UDP, true},
        {"{product: linux, service: auth}", "sshd", 38, TRANSPORT_UDP, true},
        {"{product: linux, service: sshd}", "sudo", 38, TRANSPORT_UDP, false},
        {"{product: linux, service: auth}", "myapp", 10 * 8 + 5, TRANSPORT_UDP, true},
        {"{product: linux, service: auth}", "myapp", 13, TRANSPORT_UDP, false},
        {"{product: linux, service: cron}", "CRON", 78, TRANSPORT_UDP, true},
        {"{service: syslog}", "anything", -1, TRANSPORT_TCP, true},
        {"{product: linux}", NULL, -1, TRANSPORT_TCP, true},
        {"{product: linux, service: myapp}", "MyApp", 13, TRANSPORT_UDP, true},
        {"{product: linux, service: myapp}", "other", 13, TRANSPORT_UDP, false},
        {"{category: webserver}", "nginx", 13, TRANSPORT_UDP, true},
        {"{product: nginx, category: webserver}", "apache2", 13, TRANSPORT_UDP, false},
        {"{category: webserver}", "sshd", 13, TRANSPORT_UDP, false},
        {"{product: windows}", "sshd", 13, TRANSPORT_UDP, false},
        {"{category: tea_making}", "sshd", 13, TRANSPORT_UDP, false},
        {"{product: linux}", "falco", -1, TRANSPORT_HTTP, false},
        {"{product: webhook}", "falco", -1, TRANSPORT_HTTP, true},
        {"{product: webhook, service: falco}", "falco", -1, TRANSPORT_HTTP, true},
        {"{product: webhook, service: falco}", "github", -1, TRANSPORT_HTTP, false},
        {"{product: webhook}", "falco", -1, TRANSPORT_UDP, false},
        {"{product: linux}", "falco", -1, TRANSPORT_UDP, true},
        {"{product: cisco, service: bgp}", "%BGP-5-ADJCHANGE", -1, TRANSPORT_UDP, true},
        {"{product: huawei, service: bgp}", "%%01BGP/3/STATE_CHG_UPDOWN(l)", -1, TRANSPORT_UDP, true},
        {"{product: cisco, service: bgp}", "%%01BGP/3/STATE_CHG_UPDOWN(l)", -1, TRANSPORT_UDP, false},
        {"{product: juniper, service: bgp}", "rpd", -1, TRANSPORT_UDP, true},
        {"{category: webserver}", "nginx-vhost3", 13, TRANSPORT_UDP, true},
        {"{category: application, product: jvm}", "billing", 13, TRANSPORT_UDP, true},
        {"{category: application, product: jvm}", "sshd", 13, TRANSPORT_UDP, false},
        {"{product: github, service: audit}", "github", -1, TRANSPORT_HTTP, true},
        {"{category: antivirus}", "clamd", -1, TRANSPORT_UDP, true},
        {"{category: database}", "postgres", -1, TRANSPORT_UDP, true},
        {"{product: tocsin}", "tocsin", -1, TRANSPORT_INTERNAL, true},
        {"{product: cisco, service: aaa}", "%AAA-5-X", -1, TRANSPORT_UDP, true},
        {"{category: firewall}", "kernel", 4, TRANSPORT_UDP, true},
        {"{product: linux, category: process_creation}", "auditd", 4, TRANSPORT_UDP, true},
        {"{product: linux, category: process_creation}", "sshd", 4, TRANSPORT_UDP, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++)
        if (fits(rows[i].logsource, rows[i].program, rows[i].pri, rows[i].tr) != rows[i].want)
            fail_msg("%s and program %s: not %d", rows[i].logsource, rows[i].program, rows[i].want);
}

static void a_rule_without_a_log_source_is_refused(void **state) {
    static const char *const bad[] = {"", "logsource: {}\n", "logsource: linux\n", "logsource: {definition: x}\n"};
    char yaml[512];
    static struct errs es;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        snprintf(yaml, sizeof yaml, "title: t\n%sdetection:\n  s: [needle]\n  condition: s\n", bad[i]);
        assert_null(help_load(yaml, 0, &es));
        assert_non_null(strstr(es.v[0].text, "logsource"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_speak_about_their_own_sources_only),
        cmocka_unit_test(a_rule_without_a_log_source_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
