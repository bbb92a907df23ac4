/* SPDX-License-Identifier: ISC
 *
 * test_config.c - what of a configuration is refused, in which words and where; and that what is accepted arrives in a generation
 */
#include "unit.h"

#include "daemon/compile.h"
#include "daemon/config.h"
#include "daemon/config_check.h"
#include "daemon/image.h"
#include "daemon/secrets.h"

#include "base/file.h"

#include <sys/stat.h>
#include <unistd.h>

#define ROSTER                                                                                                                   \
    "orgs: [{slug: main, name: M, tz: Europe/Berlin}]\n"                                                                         \
    "people:\n"                                                                                                                  \
    "  - {login: iso, name: I, email: iso@example.test, function: iso, roles: [{org: main, role: iso, from: 2026-01-01, "        \
    "reason: r}]}\n"                                                                                                             \
    "  - {login: dep, name: D, email: dep@example.test, function: iso, roles: [{org: main, role: deputy, from: 2026-01-01, "     \
    "reason: r}]}\n"                                                                                                             \
    "  - {login: boss, name: B, email: b@example.test, function: management, roles: [{org: main, role: management, from: "       \
    "2026-01-01, reason: r}]}\n"
#define MAIL "mail: {server: \"smtp://127.0.0.1:25\", from: t@example.test, tls: none}\n"
#define DIALECT "name: generic\ntitle: /summary\n"

static struct errs es;

static enum rc compile(const char *config, const char *roster, struct buf *image) {
    struct buf b;

    memset(&es, 0, sizeof es);
    buf_init(&b, BUNDLE_MAX);
    buf_init(image, IMAGE_MAX);
    bundle_add(&b, SEC_CONFIG, "tocsin.yaml", str_of(config));
    bundle_add(&b, SEC_ROSTER, "roster.yaml", str_of(roster));
    bundle_add(&b, SEC_DIALECTS, "generic.yaml", str_of(DIALECT));
    enum rc rc = compile_bundle(buf_view(&b), 0, true, image, &es);
    buf_fini(&b);
    return rc;
}

static bool said(const char *what) {
    char line[1024];

    for (unsigned i = 0; i < es.n; i++)
        if (strstr(err_format(&es.v[i], line, sizeof line), what))
            return true;
    return false;
}

static void a_mistake_is_named_with_its_place(void **state) {
    static const struct {
        const char *why, *config, *says;
    } rows[] = {
        {"an unknown option", MAIL "lisen: []\n", "tocsin.yaml:2:1: "},
        {"did you mean", MAIL "lisen: []\n", "listen"},
        {"an organisation nobody has", MAIL "listen:\n  - {kind: tcp, address: \"127.0.0.1:1\", org: sales}\n", "tocsin.yaml:3:"},
        {"no such organisation, by name", MAIL "listen:\n  - {kind: tcp, address: \"127.0.0.1:1\", org: sales}\n",
         "\"sales\" is not in the roster"},
        {"a dialect nobody has",
         MAIL "listen: [{kind: http, address: \"127.0.0.1:2\"}]\nwebhooks: [{name: a, dialect: klingon, secret_file: s}]\n",
         "there is no dialect \"klingon\""},
        {"a webhook without a secret", MAIL "listen: [{kind: http, address: \"127.0.0.1:2\"}]\nwebhooks: [{name: a}]\n",
         "secret_file"},
        {"a webhook without a listener", MAIL "webhooks: [{name: a, secret_file: s}]\n", "no listener of kind http"},
        {"two webhooks of one name",
         MAIL
         "listen: [{kind: http, address: \"127.0.0.1:2\"}]\nwebhooks: [{name: a, secret_file: s}, {name: a, secret_file: s}]\n",
         "two webhooks"},
        {"a webhook's name is part of a path",
         MAIL "listen: [{kind: http, address: \"127.0.0.1:2\"}]\nwebhooks: [{name: \"../x\", secret_file: s}]\n",
         "is no name of a webhook"},
        {"two listeners of one name",
         MAIL "listen:\n  - {kind: tcp, name: x, address: \"127.0.0.1:1\"}\n  - {kind: udp, name: x, address: \"127.0.0.1:1\"}\n",
         "two listeners are called \"x\""},
        {"a relative socket", MAIL "listen: [{kind: unixgram, address: log.sock}]\n", "is no absolute path"},
        {"mail in the clear to elsewhere", "mail: {server: \"smtp://mail.example.test:25\", from: t@example.test, tls: none}\n",
         "without TLS"},
        {"opportunistic is in the clear too",
         "mail: {server: \"smtp://192.0.2.1:25\", from: t@example.test, tls: opportunistic}\n", "without TLS"},
        {"a host that only looks like loopback",
         "mail: {server: \"smtp://127.0.0.1.example.test:25\", from: t@example.test, tls: none}\n", "without TLS"},
        {"mail without a sender", "mail: {server: \"smtp://127.0.0.1:25\", tls: none}\n", "mail.from is missing"},
        {"a zone that climbs", MAIL "zone: ../../etc/passwd\n", "there is no time zone"},
        {"a zone nobody knows", MAIL "zone: Europe/Atlantis\n", "tocsin.yaml:2:"},
        {"a relative record", MAIL "state: here\n", "state must be an absolute path"},
        {"a relative certificate", "mail: {server: \"smtps://mail.example.test\", from: t@example.test, ca_file: ca.pem}\n",
         "mail.ca_file must be"},
        {"out of bounds", MAIL "workers: 0\n", "tocsin.yaml:2:"},
        {"two documents", MAIL "---\nworkers: 2\n", "holds one document"},
        {"no YAML at all", "mail: [\n", "tocsin.yaml:"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf image;
        enum rc rc = compile(rows[i].config, ROSTER, &image);
        if (rc != RC_CONFIG || !said(rows[i].says))
            fail_msg("%s: rc=%s, %u mistakes, first: %s", rows[i].why, rc_word(rc), es.n, es.v[0].text);
        assert_int_equal(image.n, 0);
        buf_fini(&image);
    }
}

static void a_person_on_a_ladder_without_address_is_a_hole(void **state) {
    struct buf image;

    (void)state;
    assert_int_equal(
        compile(MAIL,
                ROSTER
                "  - {login: silent, name: S, function: iso, roles: [{org: main, role: deputy, from: 2026-01-01, reason: r}]}\n",
                &image),
        RC_CONFIG);
    assert_true(said("roster.yaml:6:"));
    assert_true(said("silent"));
    buf_fini(&image);
}

static void people_whom_nobody_can_mail_are_counted(void **state) {
    struct buf image;
    struct generation *g;
    const char *first = NULL;

    (void)state;
    assert_int_equal(compile("tlp: GREEN\n", ROSTER, &image), RC_OK);
    assert_int_equal(generation_open(buf_view(&image), 1, 1u << SEC_CONFIG | 1u << SEC_ROSTER, &g, &es), RC_OK);
    assert_int_equal(config_unreachable(&g->config, &g->roster, &first), 3);
    assert_string_equal(first, "iso");
    generation_free(g);
    buf_fini(&image);
}

static void all_mistakes_are_told_in_one_run(void **state) {
    struct buf image;

    (void)state;
    assert_int_equal(compile("mial: {}\nworkers: many\nlisten: [{kind: tcp}]\n", ROSTER, &image), RC_CONFIG);
    assert_true(es.n >= 3);
    buf_fini(&image);
}

static void what_is_accepted_arrives(void **state) {
    struct buf image;
    struct generation *g;

    (void)state;
    if (compile(MAIL "zone: Europe/Berlin\nlisten:\n  - {kind: tcp, address: \"127.0.0.1:1\"}\n  - {kind: udp, name: u, address: "
                     "\"127.0.0.1:1\"}\n",
                ROSTER, &image) != RC_OK)
        fail_msg("%s", es.v[0].text);
    assert_int_equal(generation_open(buf_view(&image), 7, (1u << SEC_SECRETS) - 1, &g, &es), RC_OK);
    assert_int_equal(g->number, 7);
    const struct listen_conf *l = g->config.intake.listen.v;
    assert_int_equal(g->config.intake.listen.n, 2);
    assert_string_equal(l[0].name, "tcp1");
    assert_string_equal(l[1].name, "u");
    assert_string_equal(g->config.domain, "example.test");
    assert_int_equal(g->roster.npeople, 3);
    assert_int_equal(zone_offset(g->zone, INT64_C(1782000000) * US_PER_S), 7200);
    assert_int_equal(g->ndialects, 1);
    assert_non_null(g->policy.ladders[1].n ? g : NULL);
    generation_free(g);
    buf_fini(&image);
}

/* A role binds an image it did not make: whatever is broken in it, it is refused or used, never crashed on. */
static void a_damaged_image_harms_nobody(void **state) {
    struct buf image;

    (void)state;
    assert_int_equal(compile(MAIL, ROSTER, &image), RC_OK);
    size_t step = image.n / 400 + 1;
    for (size_t n = 0; n < image.n; n += step) {
        struct generation *g = NULL;
        char *copy = malloc(n + 1);
        memcpy(copy, image.p, n);
        memset(&es, 0, sizeof es);
        if (generation_open(str_n(copy, n), 1, 1u << SEC_CONFIG | 1u << SEC_ROSTER | 1u << SEC_POLICY, &g, &es) == RC_OK)
            generation_free(g);
        free(copy);
    }
    buf_fini(&image);
}

static void an_image_that_is_not_sealed_is_refused(void **state) {
    struct buf image;
    struct generation *g;
    int fd = fd_memfd("t");

    (void)state;
    assert_int_equal(compile(MAIL, ROSTER, &image), RC_OK);
    assert_int_equal(fd_write_all(fd, buf_view(&image), NULL), RC_OK);
    memset(&es, 0, sizeof es);
    assert_int_equal(generation_open_fd(fd, 1, 1u << SEC_CONFIG, &g, &es), RC_INVALID);
    assert_null(g);
    assert_int_equal(fd_seal(fd, NULL), RC_OK);
    assert_int_equal(generation_open_fd(fd, 1, 1u << SEC_CONFIG, &g, &es), RC_OK);
    generation_free(g);
    close(fd);
    buf_fini(&image);
}

/* ---- secrets */
static void put(const char *dir, const char *name, const char *text, mode_t mode) {
    char path[200];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    chmod(path, mode);
}

static void secrets_go_to_the_role_that_needs_them(void **state) {
    char dir[] = "/tmp/tocsin-cfgXXXXXX", path[200];
    struct buf image;
    struct generation *g;
    int fds[CONFINE__COUNT];

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/tocsin.yaml", dir);
    assert_int_equal(
        compile("mail: {server: \"smtp://127.0.0.1:25\", from: t@example.test, tls: none, user: u, password_file: pw}\n"
                "listen: [{kind: http, address: \"127.0.0.1:2\"}]\nwebhooks: [{name: scanner, secret_file: hook}]\n",
                ROSTER, &image),
        RC_OK);
    assert_int_equal(generation_open(buf_view(&image), 1, 1u << SEC_CONFIG | 1u << SEC_ROSTER, &g, &es), RC_OK);
    put(dir, "pw", "geheim\n", 0600);
    put(dir, "hook", "one\ntwo\n", 0644);
    assert_int_equal(secrets_read(path, g, fds, &es), RC_CONFIG);
    assert_true(said("can be read by others"));
    assert_int_equal(es.v[es.n - 1].line, 3); /* tocsin.yaml's, where the file is named */
    assert_true(es.v[es.n - 1].col > 1 && es.v[es.n - 1].hint[0]);
    assert_int_equal(fds[CONFINE_NOTIFY], -1);
    put(dir, "hook", "one\ntwo\n", 0600);
    assert_int_equal(secrets_read(path, g, fds, &es), RC_OK);
    assert_int_equal(fds[CONFINE_DESK], -1);
    assert_int_equal(generation_secrets_fd(g, fds[CONFINE_INGEST], NULL), RC_OK);
    assert_true(str_is(generation_secret(g, "webhook.scanner"), "one\ntwo"));
    assert_true(str_absent(generation_secret(g, "mail.password")));
    assert_int_equal(generation_secrets_fd(g, fds[CONFINE_NOTIFY], NULL), RC_OK);
    assert_true(str_is(generation_secret(g, "mail.password"), "geheim"));
    for (int i = 0; i < CONFINE__COUNT; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    generation_free(g);
    buf_fini(&image);
    snprintf(path, sizeof path, "%s/pw", dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/hook", dir);
    unlink(path);
    rmdir(dir);
}

static void the_printed_defaults_are_a_configuration(void **state) {
    struct buf text, image;

    (void)state;
    buf_init(&text, 1u << 20);
    config_print_defaults(&text);
    buf_text(&text, "\n");
    if (compile(buf_cstr(&text), ROSTER, &image) != RC_OK)
        fail_msg("%s:%d: %s", es.v[0].file, es.v[0].line, es.v[0].text);
    buf_fini(&image);
    buf_fini(&text);
}

/* ---- the manual */
static void in_manual(const struct opt *rows, const char *man) {
    char item[80];

    for (; rows->key; rows++) {
        snprintf(item, sizeof item, rows->sub ? "\n.Ss %s\n" : "\n.It Ic %s ", rows->key);
        if (!strstr(man, item))
            fail_msg("tocsin.yaml.5 does not know \"%s\"", rows->key);
        if (rows->sub)
            in_manual(rows->sub, man);
    }
}

static void every_option_stands_in_the_manual(void **state) {
    const char *src = getenv("srcdir");
    struct buf man;
    char path[4096];

    (void)state;
    snprintf(path, sizeof path, "%s/man/tocsin.yaml.5", src ? src : ".");
    buf_init(&man, 1u << 20);
    if (file_read(path, 1u << 20, &man, NULL) != RC_OK)
        skip();
    in_manual(config_opts, buf_cstr(&man));
    buf_fini(&man);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mistake_is_named_with_its_place),
        cmocka_unit_test(a_person_on_a_ladder_without_address_is_a_hole),
        cmocka_unit_test(people_whom_nobody_can_mail_are_counted),
        cmocka_unit_test(all_mistakes_are_told_in_one_run),
        cmocka_unit_test(what_is_accepted_arrives),
        cmocka_unit_test(a_damaged_image_harms_nobody),
        cmocka_unit_test(an_image_that_is_not_sealed_is_refused),
        cmocka_unit_test(secrets_go_to_the_role_that_needs_them),
        cmocka_unit_test(every_option_stands_in_the_manual),
        cmocka_unit_test(the_printed_defaults_are_a_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
