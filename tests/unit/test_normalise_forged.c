/* SPDX-License-Identifier: ISC
 *
 * test_normalise_forged.c - whatever a stranger calls himself, no shipped file of normalise.d takes an address out of it
 *
 * Every shape is tried with names that bring along an address as such, the shape's own end and its own whole line with another
 * address: the program's own address is found, or none.
 */
#include "unit.h"

#include "base/file.h"
#include "parse/body.h"
#include "parse/normalise.h"

#define REAL "198.51.100.7"
#define FORGED "192.0.2.1"

static struct message m;
static struct spare spare;
static struct tree **docs;
static size_t ndocs, wrong;

static void load_file(const char *path) {
    struct buf text;
    struct err e = {0};

    buf_init(&text, 1 << 20);
    assert_int_equal(file_read(path, 1 << 20, &text, &e), RC_OK);
    if (tree_from_yaml(path, buf_view(&text), &docs, &ndocs, &e) != RC_OK)
        fail_msg("%s", e.text);
    buf_fini(&text);
}

static struct normaliser *shipped(void) {
    const char *src = getenv("srcdir");
    char dir[512], path[768];
    struct normaliser *nz = NULL;
    struct errs es = {0};
    struct buf names;
    struct err e = {0};
    size_t n;

    snprintf(dir, sizeof dir, "%s/etc/normalise.d", src ? src : ".");
    buf_init(&names, 1 << 16);
    assert_int_equal(file_list(dir, ".yaml", &names, &n, &e), RC_OK);
    const char *p = names.p;
    for (size_t i = 0; i < n; i++, p += strlen(p) + 1) {
        snprintf(path, sizeof path, "%s/%s", dir, p);
        load_file(path);
    }
    buf_fini(&names);
    if (normaliser_load((const struct tree *const *)(void *)docs, ndocs, &nz, &es) != RC_OK)
        fail_msg("%s:%d: %s", es.v[0].file, es.v[0].line, es.v[0].text);
    return nz;
}

/* %s is the stranger's text. */
static const struct {
    const char *program, *shape;
} shapes[] = {
    {"sshd", "Failed password for invalid user %s from " REAL " port 40022 ssh2"},
    {"sshd", "Invalid user %s from " REAL " port 40022"},
    {"sshd", "Disconnecting invalid user %s " REAL " port 40022: Change of username or service not allowed: (a,ssh-connection) -> (b,ssh-connection) [preauth]"},
    {"sshd", "Disconnecting invalid user a " REAL " port 40022: Change of username or service not allowed: (a,ssh-connection) -> (%s,ssh-connection) [preauth]"},
    {"sshd", "Received disconnect from " REAL " port 40022:11: %s [preauth]"},
    {"sshd", "Bad protocol version identification '%s' from " REAL " port 40022"},
    {"sshd", "Failed publickey for invalid user %s from " REAL " port 40022 ssh2: RSA SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"},
    {"sshd", "Connection closed by authenticating user %s " REAL " port 40022 [preauth]"},
    {"sshd", "ssh_dispatch_run_fatal: Connection from invalid user %s " REAL " port 40022: message authentication code incorrect [preauth]"},
    {"sshd", "pam_sss(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=" REAL " user=%s"},
    {"vsftpd", "pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser=%s rhost=" REAL ""},
    {"vsftpd", "pam_sss(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser=%s rhost=" REAL " user=bob"},
    {"apache2", "[core:error] [pid 1:tid 2] [client " REAL ":5] AH00128: File does not exist: /var/www/%s"},
    {"apache2", "[auth_basic:error] [pid 1:tid 2] [client " REAL ":5] AH01618: user %s not found: /"},
    {"apache2", "[error] [client " REAL "] user bob: authentication failure for \"/%s\": Password Mismatch"},
    {"apache2", "[core:error] [pid 1:tid 2] [client " REAL ":5] AH00128: File does not exist: /x, referer: %s"},
    {"nginx", REAL " - - [10/Oct/2026:13:55:36 +0000] \"GET /%s HTTP/1.1\" 404 5 \"-\" \"x\""},
    {"nginx", REAL " - %s [10/Oct/2026:13:55:36 +0000] \"GET / HTTP/1.1\" 404 5 \"-\" \"x\""},
    {"nginx", REAL " - - [10/Oct/2026:13:55:36 +0000] \"GET / HTTP/1.1\" 404 5 \"-\" \"%s\""},
    {"nginx", "[error] 7#7: *12 user \"%s\": password mismatch, client: " REAL ", server: example.com, request: \"GET / HTTP/1.1\", host: \"x\""},
    {"nginx", "[error] 7#7: *12 user \"bob\": password mismatch, client: " REAL ", server: example.com, request: \"GET /%s HTTP/1.1\", host: \"x\""},
    {"nginx", "[error] 7#7: *12 open() \"/srv/%s\" failed (2: No such file or directory), client: " REAL ", server: example.com, request: \"GET /x HTTP/1.1\", host: \"x\""},
    {"nginx", "[error] 7#7: *12 access forbidden by rule, client: " REAL ", server: example.com, request: \"GET / HTTP/1.1\", host: \"x\", referrer: \"%s\""},
    {"dovecot", "imap-login: Disconnected (auth failed, 2 attempts in 5 secs): user=<%s>, method=PLAIN, rip=" REAL ", lip=203.0.113.1, TLS, session=<aB>"},
    {"dovecot", "imap-login: Login: user=<%s>, method=PLAIN, rip=" REAL ", lip=203.0.113.1, mpid=1, TLS, session=<aB>"},
    {"dovecot", "auth-worker(4711): pam(%s," REAL ",<aB>): pam_authenticate() failed: Authentication failure (password mismatch?)"},
    {"dovecot", "auth: passwd-file(%s," REAL "): unknown user"},
    {"postfix/smtpd", "warning: unknown[" REAL "]: SASL LOGIN authentication failed: authentication failure, sasl_username=%s"},
    {"postfix/smtpd", "NOQUEUE: reject: RCPT from unknown[" REAL "]: 554 5.7.1 <a>: Relay access denied; from=<%s> to=<x@example.com> proto=ESMTP helo=<a>"},
    {"postfix/smtpd", "NOQUEUE: reject: RCPT from unknown[" REAL "]: 554 5.7.1 <a>: Relay access denied; from=<a> to=<x@example.com> proto=ESMTP helo=<%s>"},
    {"postfix/smtpd", "warning: non-SMTP command from unknown[" REAL "]: %s"},
    {"postfix/postscreen", "PREGREET 14 after 0.19 from [" REAL "]:40022: %s"},
    {"exim", "login authenticator failed for (x) [" REAL "]: 535 Incorrect authentication data (set_id=%s)"},
    {"exim", "H=(x) [" REAL "]:5 F=<%s> rejected RCPT <b@example.com>: relay not permitted"},
    {"exim", "SMTP syntax error in \"%s\" H=(x) [" REAL "] unrecognized command"},
    {"exim", "1nABCd-0001Xy-2Z <= a@example.net H=(x) [" REAL "] P=esmtp S=5 id=%s"},
    {"sendmail", "u0A1B2C3004711: ruleset=check_rcpt, arg1=<%s>, relay=[" REAL "], reject=550 5.7.1 x... Relaying denied"},
    {"sendmail", "u0A1B2C3004711: from=<%s>, size=1, class=0, nrcpts=0, proto=SMTP, daemon=MTA, relay=[" REAL "]"},
    {"sendmail", "AUTH=server, relay=[" REAL "], authid=%s, mech=PLAIN, bits=0"},
    {"named", "client @0x7f8a1c0 " REAL "#40022 (%s): query (cache) 'x/A/IN' denied"},
    {"named", "client @0x7f8a1c0 " REAL "#40022 (x): query (cache) '%s/A/IN' denied"},
    {"asterisk", "NOTICE[1] chan_sip.c: Registration from '%s' failed for '" REAL ":5060' - Wrong password"},
    {"asterisk", "NOTICE[1] res_pjsip.c: Request 'REGISTER' from '%s' failed for '" REAL ":5060' (callid: a) - No matching endpoint found"},
    {"asterisk", "NOTICE[1] res_pjsip.c: Request 'REGISTER' from '<sip:a@b>' failed for '" REAL ":5060' (callid: %s) - No matching endpoint found"},
    {"asterisk", "NOTICE[1] chan_sip.c: Call from 'bob' (" REAL ":5070) to extension '%s' rejected because extension not found in context 'default'."},
    {"asterisk", "SecurityEvent=\"InvalidAccountID\",EventTV=\"1\",Severity=\"Error\",Service=\"SIP\",EventVersion=\"1\",AccountID=\"%s\",SessionID=\"0\",LocalAddress=\"IPV4/UDP/203.0.113.1/5060\",RemoteAddress=\"IPV4/UDP/" REAL "/5071\""},
    {"asterisk", "SecurityEvent=\"InvalidPassword\",EventTV=\"1\",Severity=\"Error\",Service=\"SIP\",EventVersion=\"2\",AccountID=\"100\",SessionID=\"0\",LocalAddress=\"IPV4/UDP/203.0.113.1/5060\",RemoteAddress=\"IPV4/UDP/" REAL "/5071\",Challenge=\"a\",ReceivedChallenge=\"%s\""},
    {"mysqld", "5 [Warning] Access denied for user '%s'@'" REAL "' (using password: YES)"},
    {"mysqld", "5 [Warning] Access denied for user 'bob'@'" REAL "' to database '%s'"},
    {"postgres", "[5-1] user=%s,db=x,app=[unknown],client=" REAL " FATAL:  password authentication failed for user \"bob\""},
    {"postgres", "FATAL:  no pg_hba.conf entry for host \"" REAL "\", user \"%s\", database \"x\", no encryption"},
    {"lighttpd", "(mod_auth.c.525) password doesn't match for /x username: %s IP: " REAL ""},
};

/* shape with `name` for %s into out. */
static void fill(char *out, size_t size, const char *shape, const char *name) {
    const char *hole = strstr(shape, "%s");

    snprintf(out, size, "%.*s%s%s", (int)(hole - shape), shape, name, hole + 2);
}

/* Every REAL of text becomes FORGED. */
static void forge(char *text, size_t size) {
    char out[4096], *at;

    while ((at = strstr(text, REAL))) {
        snprintf(out, sizeof out, "%.*s" FORGED "%s", (int)(at - text), text, at + strlen(REAL));
        snprintf(text, size, "%s", out);
    }
}

static void try_name(const struct normaliser *nz, size_t i, const char *name) {
    static char line[8192];

    fill(line, sizeof line, shapes[i].shape, name);
    memset(&m, 0, sizeof m);
    spare.n = 0;
    m.spare = &spare;
    m.raw = m.msg = m.text = str_of(line);
    m.program = str_of(shapes[i].program);
    m.body = (uint8_t)body_sniff(m.program, m.text);
    normalise(nz, &m);
    struct str ip = message_field(&m, F_SRC_IP, STR_NONE);
    if (!str_absent(ip) && !str_is(ip, REAL)) {
        print_error("%s: %s\n", shapes[i].program, line);
        wrong++;
    }
}

static void no_name_becomes_an_address(void **state) {
    static const char *const plain[] = {
        "bob", FORGED, "root from " FORGED, "root from " FORGED " port 22 ssh2", "x rhost=" FORGED, "a, rip=" FORGED, "x] sender [" FORGED, "a[" FORGED "]",
        "a [" FORGED "]", "x'@'" FORGED, "a, relay=b [" FORGED "]", "a (" FORGED ")", "a client " FORGED, "a, client: " FORGED, "H=(b) [" FORGED "]",
    };
    struct normaliser *nz = shipped();
    char tail[2048], whole[4096], name[8192];

    (void)state;
    spare = (struct spare){malloc(MSG_SPARE), 0, MSG_SPARE};
    for (size_t i = 0; i < ARRAY_N(shapes); i++) {
        const char *hole = strstr(shapes[i].shape, "%s");
        fill(whole, sizeof whole, shapes[i].shape, "bob");
        try_name(nz, i, "bob");
        check_row(str_is(message_field(&m, F_SRC_IP, STR_NONE), REAL), whole);
        for (size_t k = 0; k < ARRAY_N(plain); k++)
            try_name(nz, i, plain[k]);
        snprintf(tail, sizeof tail, "%s", hole + 2);
        forge(tail, sizeof tail);
        forge(whole, sizeof whole);
        const char *const parts[] = {tail, whole};
        for (size_t k = 0; k < 2; k++) {
            try_name(nz, i, parts[k]);
            snprintf(name, sizeof name, "x%s", parts[k]);
            try_name(nz, i, name);
            snprintf(name, sizeof name, "%sx", parts[k]);
            try_name(nz, i, name);
            snprintf(name, sizeof name, "x%s y", parts[k]);
            try_name(nz, i, name);
        }
    }
    assert_int_equal(wrong, 0);
    free(spare.p);
    normaliser_free(nz);
    for (size_t i = 0; i < ndocs; i++)
        tree_free(docs[i]);
    free(docs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_name_becomes_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
