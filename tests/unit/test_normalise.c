/* SPDX-License-Identifier: ISC
 *
 * test_normalise.c - the pattern language, the shipped files, and names that try to be addresses
 */
#include "unit.h"

#include "base/file.h"
#include "parse/addr.h"
#include "parse/normalise_file.h"
#include "parse/parse.h"

struct loaded {
    struct tree **docs;
    size_t n;
    struct normaliser *nz;
    struct errs es;
};
static struct message m;
static char spare_bytes[4096];
static struct spare spare = {spare_bytes, 0, sizeof spare_bytes};

static void load_text(struct loaded *l, const char *file, struct str text) {
    struct err e = {0};

    if (tree_from_yaml(file, text, &l->docs, &l->n, &e) != RC_OK)
        fail_msg("%s: %s", file, e.text);
}

static struct loaded *from_text(const char *yaml) {
    struct loaded *l = calloc(1, sizeof *l);

    assert_non_null(l);
    load_text(l, "t.yaml", str_of(yaml));
    normaliser_load((const struct tree *const *)(void *)l->docs, l->n, &l->nz, &l->es);
    return l;
}

static struct loaded *shipped(void) {
    const char *src = getenv("srcdir");
    struct loaded *l = calloc(1, sizeof *l);
    char dir[512], path[768];
    struct buf names, text;
    struct err e = {0};
    size_t n;

    assert_non_null(l);
    snprintf(dir, sizeof dir, "%s/etc/normalise.d", src ? src : ".");
    buf_init(&names, 1 << 16);
    if (file_list(dir, ".yaml", &names, &n, &e) != RC_OK)
        fail_msg("%s", e.text);
    const char *p = names.p;
    for (size_t i = 0; i < n; i++, p += strlen(p) + 1) {
        buf_init(&text, 1 << 20);
        snprintf(path, sizeof path, "%s/%s", dir, p);
        assert_int_equal(file_read(path, 1 << 20, &text, &e), RC_OK);
        load_text(l, path, buf_view(&text));
        buf_fini(&text);
    }
    buf_fini(&names);
    if (normaliser_load((const struct tree *const *)(void *)l->docs, l->n, &l->nz, &l->es) != RC_OK)
        fail_msg("%s:%d: %s", l->es.v[0].file, l->es.v[0].line, l->es.v[0].text);
    return l;
}

static void unload(struct loaded *l) {
    normaliser_free(l->nz);
    for (size_t i = 0; i < l->n; i++)
        tree_free(l->docs[i]);
    free(l->docs);
    free(l);
}

static void run(const struct loaded *l, const char *program, const char *text) {
    memset(&m, 0, sizeof m);
    m.raw = m.msg = m.text = str_of(text);
    m.program = str_of(program);
    m.spare = &spare;
    spare.n = 0;
    normalise(l->nz, &m);
}

static struct str got(const char *name) {
    return message_field(&m, field_find(str_of(name)), str_of(name));
}

static void every_shipped_sample_holds(void **state) {
    struct loaded *l = shipped();
    size_t n = normaliser_test(l->nz, &l->es);

    (void)state;
    for (size_t i = 0; i < l->es.n; i++)
        print_error("%s:%d: %s\n", l->es.v[i].file, l->es.v[i].line, l->es.v[i].text);
    assert_int_equal(l->es.n, 0);
    assert_true(n > 50);
    unload(l);
}

static void a_port_behind_an_address_is_no_part_of_it_where_the_pattern_says_so(void **state) {
    struct loaded *l = from_text("program: p\npatterns:\n  - match: ['a <src_ip:ip>:<src_port:port> x', 'b <src_ip:ip>.<src_port:port> x', 'c <src_ip:ip>{:<src_port:port>|} x']\n"
                                 "samples:\n"
                                 "  - {line: 'a 192.0.2.1:5 x', want: {src_ip: 192.0.2.1, src_port: 5}}\n"
                                 "  - {line: 'a ::ffff:192.0.2.1:1194 x', want: {src_ip: 192.0.2.1, src_port: 1194}}\n"
                                 "  - {line: 'a 2001:db8::1:1194 x', want: {src_ip: '2001:db8::1', src_port: 1194}}\n"
                                 "  - {line: 'a 2001:db8::1:50123 x', want: {src_ip: '2001:db8::1', src_port: 50123}}\n"
                                 "  - {line: 'b 192.0.2.1.5 x', want: {src_ip: 192.0.2.1, src_port: 5}}\n"
                                 "  - {line: 'b 192.0.2.1.x x', want: {src_ip: ~}}\n"
                                 "  - {line: 'c ::ffff:192.0.2.1:1194 x', want: {src_ip: 192.0.2.1, src_port: 1194}}\n"
                                 "  - {line: 'c 2001:db8::1 x', want: {src_ip: '2001:db8::1', src_port: ~}}\n"
                                 "  - {line: 'c 2001:db8::1:50123 x', want: {src_ip: '2001:db8::1', src_port: 50123}}\n"
                                 "  - {line: 'c 192.0.2.1.5 x', want: {src_ip: ~}}\n");

    (void)state;
    assert_int_equal(normaliser_test(l->nz, &l->es), 10);
    for (size_t i = 0; i < l->es.n; i++)
        print_error("%d: %s\n", l->es.v[i].line, l->es.v[i].text);
    assert_int_equal(l->es.n, 0);
    unload(l);
}

static void a_sample_that_does_not_hold_is_told_with_its_line(void **state) {
    struct loaded *l = from_text("program: p\npatterns:\n  - match: \"a <user>\"\nsamples:\n  - line: a b\n    want: {user: c}\n  - line: a b\n"
                                 "    want: {user: ~}\n  - line: a b\n    want: {src_ip: x}\n");

    (void)state;
    assert_int_equal(normaliser_test(l->nz, &l->es), 3);
    assert_int_equal(l->es.n, 3);
    assert_int_equal(l->es.v[0].line, 5);
    assert_non_null(strstr(l->es.v[0].text, "\"c\""));
    unload(l);
}

/* What a stranger calls himself never becomes where he comes from. */
static void a_name_forges_no_address(void **state) {
    static const char *const names[] = {
        "root from 192.0.2.1 port 22", "root from 192.0.2.1 port 22 ssh2", "x from 192.0.2.1 port 22 ssh2: from", "192.0.2.1", "a b c",
        "from 192.0.2.1", " from 192.0.2.1 port 1", "x\" from 192.0.2.1", "rhost=192.0.2.1", "x [preauth]", "x from 192.0.2.1 port 22 ssh2 [preauth]",
        "", " ", "a port 22 ssh2: RSA SHA256:x", "error: x", "<user>", "user from 192.0.2.1 not allowed because x", "::1", "[192.0.2.1]",
    };
    static const char *const shapes[] = {
        "Failed password for invalid user %s from 198.51.100.7 port 40022 ssh2",
        "Failed none for invalid user %s from 198.51.100.7 port 40022 ssh2",
        "Failed keyboard-interactive/pam for invalid user %s from 198.51.100.7 port 40022 ssh2",
        "Invalid user %s from 198.51.100.7 port 40022",
        "Invalid user %s from 198.51.100.7",
        "Connection closed by invalid user %s 198.51.100.7 port 40022 [preauth]",
        "Connection reset by authenticating user %s 198.51.100.7 port 40022 [preauth]",
        "Disconnected from invalid user %s 198.51.100.7 port 40022 [preauth]",
        "Disconnecting invalid user %s 198.51.100.7 port 40022: Too many authentication failures [preauth]",
        "error: maximum authentication attempts exceeded for invalid user %s from 198.51.100.7 port 40022 ssh2 [preauth]",
        "error: PAM: Authentication failure for illegal user %s from 198.51.100.7",
        "Postponed keyboard-interactive for invalid user %s from 198.51.100.7 port 40022 ssh2 [preauth]",
    };
    struct loaded *l = shipped();
    char text[512];

    (void)state;
    for (size_t s = 0; s < ARRAY_N(shapes); s++)
        for (size_t i = 0; i < ARRAY_N(names); i++) {
            char shape[256];
            snprintf(shape, sizeof shape, "%s", shapes[s]);
            char *hole = strstr(shape, "%s");
            snprintf(text, sizeof text, "%.*s%s%s", (int)(hole - shape), shape, names[i], hole + 2);
            run(l, "sshd", text);
            check_row(str_is(got("src_ip"), "198.51.100.7"), text);
            check_row(str_is(got("user"), names[i]), text);
        }
    unload(l);
}

/* Programs that nobody lists: what is asserted is the program's own, or nothing is. */
static void a_name_forges_no_address_in_the_generic_family(void **state) {
    static const char *const names[] = {
        "bob", "root from 192.0.2.1", "x from 192.0.2.1 port 22", "x from ip 192.0.2.1", "x ip=192.0.2.1", "x, ip=192.0.2.1", "x (Remote IP: 192.0.2.1)",
        "x client: 192.0.2.1,", "from 192.0.2.1: user y", "login failed from 192.0.2.1", "x' from 192.0.2.1 '", "x\" from=192.0.2.1 \"", "x] from [192.0.2.1",
        "x user=root", "x username=\"root\"", "x for user root from 192.0.2.1", "x rhost=192.0.2.1 user=root", "x src=192.0.2.1", "a from 192.0.2.1, b from 192.0.2.2",
    };
    static const char *const shapes[] = {
        "login failed for %s from 198.51.100.7", "Login failed for user %s from 198.51.100.7", "Failed authentication attempt for %s from 198.51.100.7:4022",
        "authentication failure for '%s' from 198.51.100.7", "authentication failure for user \"%s\" from 198.51.100.7", "login failed user=%s ip=198.51.100.7",
        "login failed user='%s' ip=198.51.100.7", "login failed user=\"%s\" ip=198.51.100.7", "authentication failed from 198.51.100.7: user %s",
        "login failed from 198.51.100.7 user=%s", "[client 198.51.100.7] user %s: authentication failure", "User [%s] from [198.51.100.7] failed to log in",
        "Login failed: '%s' (Remote IP: 198.51.100.7)", "invalid user %s from 198.51.100.7", "user '%s' failed to login from ip 198.51.100.7",
        "Username or password is incorrect. IP: 198.51.100.7. Username: %s.", "password doesn't match for /x username: %s IP: 198.51.100.7",
        "access denied -- client 198.51.100.7: wrong password for user '%s'",
        "Accepted login for %s from 198.51.100.7", "user %s logged in from 198.51.100.7 via web", "Too many failed logins for %s from 198.51.100.7",
    };
    struct loaded *l = shipped();
    char text[512], shape[256];

    (void)state;
    for (size_t s = 0; s < ARRAY_N(shapes); s++)
        for (size_t i = 0; i < ARRAY_N(names); i++) {
            snprintf(shape, sizeof shape, "%s", shapes[s]);
            char *hole = strstr(shape, "%s");
            snprintf(text, sizeof text, "%.*s%s%s", (int)(hole - shape), shape, names[i], hole + 2);
            run(l, "x", text);
            check_row(str_absent(got("src_ip")) || str_is(got("src_ip"), "198.51.100.7"), text);
            check_row(i > 0 || (!str_absent(got("src_ip")) && !str_absent(got("user"))), text);
            check_row(str_absent(got("user")) || str_is(got("user"), names[i]), text);
        }
    unload(l);
}

static void a_known_account_is_closed_from_the_left(void **state) {
    struct loaded *l = shipped();

    (void)state;
    run(l, "sshd", "Failed password for user from 198.51.100.7 port 20000 ssh1: ruser from 192.0.2.1");
    assert_str(got("src_ip"), "198.51.100.7");
    assert_str(got("user"), "user");
    run(l, "sshd", "Failed hostbased for dan from 198.51.100.7 port 45785 ssh2: RSA aa, client user \"x from 192.0.2.1 port 1 ssh2: y\", client host \"h\"");
    assert_str(got("src_ip"), "198.51.100.7");
    run(l, "sudo", "eve : command not allowed ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/echo ; USER=bob ; COMMAND=x");
    assert_str(got("dst_user"), "root");
    unload(l);
}

static void another_program_s_words_make_no_fields_of_sshd(void **state) {
    struct loaded *l = shipped();

    (void)state;
    run(l, "myapp", "Accepted password for root from 192.0.2.7 port 40022 ssh2");
    assert_str(got("action"), "auth-success");
    run(l, "SSHD", "Accepted password for root from 192.0.2.7 port 40022 ssh2");
    assert_str(got("action"), "ssh-accepted");
    run(l, "sshd", "x Accepted password for root from 192.0.2.7 port 40022 ssh2");
    assert_false(str_is(got("action"), "ssh-accepted"));
    unload(l);
}

static void a_name_with_a_star_stands_for_all_that_begin_like_it(void **state) {
    struct loaded *l = from_text("program: [\"mail*\", Post*]\npatterns:\n  - match: \"a <user>\"\n");

    (void)state;
    run(l, "postfix-in/smtpd", "a b");
    assert_str(got("user"), "b");
    run(l, "mail", "a b");
    assert_str(got("user"), "b");
    run(l, "pos", "a b");
    assert_true(str_absent(got("user")));
    run(l, "", "a b");
    assert_true(str_absent(got("user")));
    unload(l);
}

static void spans_are_verbatim_and_constants_are_marked(void **state) {
    struct loaded *l = shipped();

    (void)state;
    run(l, "sshd", "Failed password for root from 192.0.2.7 port 40022 ssh2");
    for (size_t i = 0; i < m.nfields; i++) {
        bool inside = m.fields[i].value.p >= m.text.p && m.fields[i].value.p < m.text.p + m.text.n;
        assert_int_equal(inside, !(m.fields[i].flags & FIELD_DERIVED));
    }
    assert_true(m.nfields >= 5);
    assert_true(m.flags & MSG_FIELDS);
    uint16_t n = m.nfields;
    normalise(l->nz, &m);
    assert_int_equal(m.nfields, n);
    unload(l);
}

static void a_pattern_says_what_it_takes(void **state) {
    static const struct {
        const char *pattern, *text, *user, *ip; /* user "!" = no match */
    } t[] = {
        {"a <user> b", "a x y b", "x y", NULL},
        {"a <user> b", "a x b y b", "x b y", NULL},
        {"a <user:lazy> b<*>", "a x b y b", "x", NULL},
        {"a <user:word> b", "a x y b", "!", NULL},
        {"a <user:word>, b", "a x,y, b", "x,y", NULL},
        {"a <user:word>", "a ", "!", NULL},
        {"a{ <user>|}", "a", NULL, NULL},
        {"a{ <user>|}", "a x", "x", NULL},
        {"{x|y|} <user>", "y z", "z", NULL},
        {"<user> from <src_ip:ip>", "u from 192.0.2.1", "u", "192.0.2.1"},
        {"<user> from <src_ip:ip>", "u from 192.0.2.256", "!", NULL},
        {"<user> from <src_ip:ip>", "u from 192.0.2.01", "!", NULL},
        {"<user> from <src_ip:ip>.", "u from 192.0.2.1.", "u", "192.0.2.1"},
        {"<user> from <src_ip:ip><*>", "u from 192.0.2.1.5", "!", NULL},
        {"<user> from <src_ip:ip><*>", "u from 192.0.2.1x", "!", NULL},
        {"<user> from <src_ip:ip>", "u from [192.0.2.1]", "u", "192.0.2.1"},
        {"<user> from <src_ip:ip>:<src_port:port>", "u from [2001:db8::1]:22", "u", "2001:db8::1"},
        {"<user> from <src_ip:ip>: x", "u from 2001:db8::1: x", "u", "2001:db8::1"},
        {"<user> from <src_ip:ip>", "u from ::ffff:192.0.2.1", "u", "192.0.2.1"},
        {"<user> from <src_ip:ip>", "u from fe80::1%eth0", "u", "fe80::1"},
        {"<user> from <src_ip:ip>", "u from 1:2:3:4:5:6:7:8:9", "!", NULL},
        {"<user> port <src_port:port>", "u port 65536", "!", NULL},
        {"<user:quoted>!", "\"a b\"!", "a b", NULL},
        {"\\<<user>\\>", "<x>", "x", NULL},
        {"<user>", "", "!", NULL},
        {"{a{b|c}|d} <user>", "ac x", "x", NULL},
        {"{a{b|c}|d} <user>", "d x", "x", NULL},
        {"{a{b|c|}|d} <user>", "a x", "x", NULL},
        {"{@verb} {@who}", "was refused bob", "bob", NULL},
        {"{x|@verb}: {@who}", "failed: 'b b'", "b b", NULL},
        {"{x|@}<user>", "@y", "y", NULL},
        {"a <user:user> b", "a x y b", "!", NULL},
        {"a <user:user><*>", "a x.y@example.org. b", "x.y@example.org", NULL},
        {"a <user:user>{ |,}<*>", "a EXAMPLE\\x, b", "EXAMPLE\\x", NULL},
        {"a <user:user>y", "a xy", "!", NULL},
        {"a=<user:qstr> <*>", "a=\"x \\\"y\" b=\"z\"", "x \"y", NULL},
        {"a=<user:qstr>", "a=\"x\\u00e9\\x41\"", "x\xc3\xa9" "A", NULL},
        {"a=<user:qstr>", "a=\"x", "!", NULL},
        {"a=<user:qstr>", "a=\"x\\\"", "!", NULL},
        {"a=<user:hex> b", "a=626f62 b", "bob", NULL},
        {"a=<user:hex>", "a=626f6", "!", NULL},
        {"a <user:until ',;'><*>", "a x y; b, c", "x y", NULL},
        {"a <user:until ','>, c", "a x y; b, c", "x y; b", NULL},
        {"\\<<user:until '>'>\\>", "<a b>", "a b", NULL},
        {"a <user:until ','>", "a x y", "x y", NULL},
        {"<*><:edge>ip <src_ip:ip><*>", "zip 192.0.2.1, ip 192.0.2.2", NULL, "192.0.2.2"},
        {"<*><:edge>{ip|src} <src_ip:ip><*>", "(ip 192.0.2.1, ip 192.0.2.2", NULL, "192.0.2.1"},
        {"<:edge>x <user>", "x y", "y", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        char yaml[768], escaped[256];
        size_t n = 0;
        for (const char *p = t[i].pattern; *p; p++) {
            if (*p == '\\' || *p == '"')
                escaped[n++] = '\\';
            escaped[n++] = *p;
        }
        escaped[n] = '\0';
        snprintf(yaml, sizeof yaml, "program: p\nwords: {verb: [failed, 'was {refused|denied}'], who: [\"'<user>'\", '<user>']}\npatterns:\n  - match: \"%s\"\n    set: {hit: yes}\n", escaped);
        struct loaded *l = from_text(yaml);
        if (!l->nz)
            fail_msg("%s: %s", t[i].pattern, l->es.v[0].text);
        run(l, "p", t[i].text);
        bool hit = !str_absent(got("hit")), want = !t[i].user || strcmp(t[i].user, "!") != 0;
        check_row(hit == want, t[i].pattern);
        check_row(!want || (t[i].user ? str_is(got("user"), t[i].user) : str_absent(got("user"))), t[i].pattern);
        check_row(!t[i].ip || str_is(got("src_ip"), t[i].ip), t[i].pattern);
        unload(l);
    }
}

static void a_bad_file_is_refused_with_its_place(void **state) {
    static const struct {
        const char *why, *yaml, *text;
    } t[] = {
        {"no program", "patterns: [{match: a}]", "program"},
        {"no patterns", "program: p", "patterns"},
        {"unknown key", "program: p\npatern: x\npatterns: [{match: a}]", "did you mean \"patterns\""},
        {"unknown type", "program: p\npatterns: [{match: '<a:ipp>'}]", "unknown type"},
        {"open capture", "program: p\npatterns: [{match: '<a'}]", "without '>'"},
        {"open choice", "program: p\npatterns: [{match: '{a|b'}]", "without '}'"},
        {"nested too deep", "program: p\npatterns: [{match: '{{{{{{{{{a}}}}}}}}}'}]", "nest"},
        {"a list of itself", "program: p\nwords: {w: ['{@w}']}\npatterns: [{match: 'a{@w}'}]", "nest"},
        {"no such list", "program: p\npatterns: [{match: 'a{@w|b}'}]", "no such list"},
        {"an empty list", "program: p\nwords: {w: []}\npatterns: [{match: 'a{@w|b}'}]", "empty"},
        {"until what", "program: p\npatterns: [{match: 'a<x:until>'}]", "until"},
        {"no such part", "program: p\npatterns: [{match: 'a', then: [b]}]", "parts"},
        {"a part has no parts", "program: p\npatterns: [{match: 'a'}]\nparts: {b: [{match: c, then: [b]}]}", "unknown key"},
        {"named pairs", "program: p\npatterns: [{match: 'a <x:pairs>'}]", "name"},
        {"stray bracket", "program: p\npatterns: [{match: 'a}'}]", "bracket"},
        {"lone backslash", "program: p\npatterns: [{match: 'a\\'}]", "backslash"},
        {"empty pattern", "program: p\npatterns: [{match: ''}]", "empty"},
        {"a sample without want", "program: p\npatterns: [{match: a}]\nsamples: [{line: a}]", "sample"},
        {"set is a list", "program: p\npatterns: [{match: a, set: [b]}]", "set"},
        {"a list", "- a", "map"},
        {"no such body", "body: jsonn", "there is no body"},
        {"a key bodies have not", "body: json\nmaps: {a: b}", "did you mean \"map\""},
        {"map is a list", "body: json\nmap: [a]", "map"},
        {"map of nothing", "body: json\nmap: {user: {a: b}}", "name"},
        {"when is a word", "body: json\nwhen: a", "when"},
        {"a case without when", "body: json\ncases: [{set: {a: b}}]", "case"},
        {"a constant is a list", "body: json\nset: {a: [b]}", "constant"},
        {"a sample of a body without want", "body: json\nsamples: [{line: a}]", "sample"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        struct loaded *l = from_text(t[i].yaml);
        check_row(!l->nz && l->es.n > 0, t[i].why);
        check_row(strstr(l->es.v[0].text, t[i].text) != NULL, t[i].why);
        check_row(l->es.v[0].line > 0 && strcmp(l->es.v[0].file, "t.yaml") == 0, t[i].why);
        unload(l);
    }
}

static void a_part_finds_more_wherever_it_stands(void **state) {
    struct loaded *l = from_text("program: p\nnothing: ['-', Unknown]\npatterns:\n  - {match: '<*>failed<*>', set: {action: a}, then: [who, where]}\n"
                                 "  - {match: '<*>went<*>', set: {action: b}}\nparts:\n  where:\n    - match: '<*>from <:ip><*>from <:ip><*>'\n"
                                 "    - match: '<*>from <src_ip:ip><*>'\n  who:\n    - match: '<*>for <user:user><*>'\n");

    (void)state;
    run(l, "p", "from 192.0.2.1 it failed for bob");
    assert_str(got("user"), "bob");
    assert_str(got("src_ip"), "192.0.2.1");
    run(l, "p", "it failed for unknown from 192.0.2.1");
    assert_true(str_absent(got("user")));
    assert_str(got("src_ip"), "192.0.2.1");
    run(l, "p", "it failed for unknown for eve from 192.0.2.1");
    assert_str(got("user"), "eve");
    run(l, "p", "it failed from 192.0.2.1 from 192.0.2.2");
    assert_true(str_absent(got("src_ip")));
    assert_str(got("action"), "a");
    run(l, "p", "it went for bob from 192.0.2.1");
    assert_true(str_absent(got("user")));
    unload(l);
}

struct words {
    struct str want;
    char got[200];
};

static bool word_fits(void *ctx, struct str value) {
    return str_eq(((struct words *)ctx)->want, value);
}

static void word_add(void *ctx, struct str word) {
    struct words *w = ctx;
    snprintf(w->got + strlen(w->got), sizeof w->got - strlen(w->got), "[%.*s]", STR_FMT(word));
}

static void a_constant_has_the_words_of_the_patterns_that_set_it(void **state) {
    struct loaded *l = from_text("program: p\npatterns:\n  - {match: 'Failed for <user>', set: {action: bad}}\n"
                                 "  - {match: '<user> {denied|refused here}', set: {action: bad}}\n"
                                 "  - {match: 'Accepted <user>', set: {action: good}}\n  - {match: '<w> x', set: {action: short}}\n"
                                 "  - {match: 'Digest <h:hex>', set: {reason: r}}\n");
    static const struct {
        const char *value, *words;
        bool known;
    } rows[] = {{"bad", "[Failed for ][denied][refused here]", true}, {"good", "[Accepted ]", true}, {"other", "", true}, {"short", "", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct words w = {.want = str_of(rows[i].value)};
        const struct normaliser_need need = {word_fits, word_add, &w};
        assert_int_equal(normaliser_needs(l->nz, F_ACTION, STR("action"), &need), rows[i].known);
        assert_string_equal(w.got, rows[i].words);
        assert_false(normaliser_needs(l->nz, F_OTHER, STR("h"), &need));
    }
    unload(l);
}

static void what_no_text_says_is_known_by_name(void **state) {
    struct loaded *l = from_text("program: p\npatterns:\n  - {match: 'a <user> <x:qstr> <y:hex> <z>', set: {action: b, Own: c}}\n  - {match: 'b <w>'}\n");

    (void)state;
    assert_true(normaliser_derives(l->nz, F_ACTION, STR("action")));
    assert_true(normaliser_derives(l->nz, F_OTHER, STR("own")));
    assert_false(normaliser_derives(l->nz, F_OTHER, STR("x"))); /* a span unless there is a backslash, and then it is made first */
    assert_true(normaliser_derives(l->nz, F_OTHER, STR("y")));
    assert_false(normaliser_derives(l->nz, F_OTHER, STR("z")));
    assert_false(normaliser_derives(l->nz, F_OTHER, STR("w")));
    assert_false(normaliser_derives(l->nz, F_USER, STR("user")));
    assert_false(normaliser_derives(l->nz, F_OUTCOME, STR("outcome")));
    run(l, "p", "a b \\ c");
    assert_true(normalise_first(l->nz, &m));
    unload(l);
    l = from_text("program: p\npatterns:\n  - {match: 'a <w>'}\n");
    run(l, "p", "a b \\ c");
    assert_false(normalise_first(l->nz, &m));
    unload(l);
    l = from_text("program: p\npatterns:\n  - {match: 'a <:pairs>'}\n");
    run(l, "p", "a b \\ c");
    assert_true(normalise_first(l->nz, &m));
    run(l, "p", "a b c");
    assert_false(normalise_first(l->nz, &m));
    unload(l);
}

/* ---- the indexes rule out, they decide nothing */

static struct message other;

/* Fields the same, in order, by index and by one pattern after the other. */
static bool same_either_way(const struct loaded *l, struct str program, struct str text) {
    static char other_bytes[4096];
    struct spare other_spare = {other_bytes, 0, sizeof other_bytes};
    bool same;

    memset(&m, 0, sizeof m);
    m.raw = m.msg = m.text = text;
    m.program = program;
    m.spare = &spare;
    spare.n = 0;
    other = m;
    other.spare = &other_spare;
    normalise(l->nz, &m);
    normalise_plain(l->nz, &other);
    same = m.nfields == other.nfields;
    for (size_t i = 0; same && i < m.nfields; i++)
        same = m.fields[i].id == other.fields[i].id && str_eq(m.fields[i].name, other.fields[i].name) && str_eq(m.fields[i].value, other.fields[i].value);
    return same;
}

static uint32_t dice(uint32_t n) {
    static uint32_t x = 2463534242u;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x % n;
}

/* A piece left out, said twice, or from elsewhere in the text; or a byte changed. */
static struct str mutated(struct str s, char *out, size_t cap) {
    size_t n = s.n < cap / 2 ? s.n : cap / 2, a = dice((uint32_t)n + 1), b = a + dice((uint32_t)(n - a) + 1), c = dice((uint32_t)n + 1);
    struct buf o;

    buf_init(&o, cap);
    buf_str(&o, str_sub(s, 0, a));
    switch (dice(5)) {
    case 0: break;
    case 1: buf_str(&o, str_sub(s, a, b)); buf_str(&o, str_sub(s, a, b)); break;
    case 2: buf_str(&o, str_sub(s, c, n)); break;
    case 3: buf_str(&o, dice(2) ? STR(" from 192.0.2.1 ") : STR("authentication failure")); buf_str(&o, str_sub(s, a, b)); break;
    default: buf_str(&o, str_n(&"\"'[]:=, x9"[dice(10)], 1)); buf_str(&o, str_sub(s, a + 1, b)); break;
    }
    buf_str(&o, str_sub(s, b, n));
    n = o.n < cap ? o.n : cap;
    memcpy(out, o.p, n);
    buf_fini(&o);
    return str_n(out, n);
}

static void check_either_way(const struct loaded *l, struct str program, struct str line, int mutations) {
    char text[8192], why[160];

    for (int i = 0; i <= mutations; i++) {
        struct str t = i == 0 ? line : mutated(line, text, sizeof text);
        str_copy(why, sizeof why, t);
        check_row(same_either_way(l, program, t), why);
    }
}

static void the_index_changes_no_field_of_any_sample(void **state) {
    struct loaded *l = shipped();

    (void)state;
    for (size_t i = 0; i < l->nz->nsamples; i++) {
        check_either_way(l, l->nz->samples[i].program, l->nz->samples[i].line, 8);
        check_either_way(l, STR("another"), l->nz->samples[i].line, 1);
    }
    unload(l);
}

static void lines_of(const struct loaded *l, const char *path, size_t step) {
    struct buf b;
    struct err e = {0};

    buf_init(&b, 64u << 20);
    if (file_read(path, 64u << 20, &b, &e) == RC_OK) {
        struct str all = buf_view(&b);
        for (size_t i = 0; all.n; i++) {
            struct str line = str_cut(&all, '\n');
            if (i % step)
                continue;
            memset(&m, 0, sizeof m);
            m.raw = line;
            parse_message(&m);
            struct str program = m.program, text = m.text;
            check_either_way(l, program, text, 1);
        }
    }
    buf_fini(&b);
}

/* Where the corpora are at hand. */
static void the_index_changes_no_field_of_real_lines(void **state) {
    static const char *const files[] = {"loghub/raw/Linux_2k.log", "loghub/raw/OpenSSH_2k.log", "loghub/raw/Apache_2k.log", "loghub/raw/Proxifier_2k.log",
                                        "fail2ban/fail2ban-public.jsonl"};
    const char *dir = getenv("TOCSIN_CORPORA"), *src = getenv("srcdir");
    struct loaded *l = shipped();
    char path[768];

    (void)state;
    for (size_t i = 0; i < ARRAY_N(files); i++) {
        snprintf(path, sizeof path, "%s%s/%s", dir ? dir : src ? src : ".", dir ? "" : "/../shared/corpora", files[i]);
        lines_of(l, path, 7);
    }
    unload(l);
}

/* Words that every pattern waits for, as often as a message holds them. */
static void a_text_full_of_beginnings_costs_no_more(void **state) {
    static const char *const words[] = {"from ", "login failed for ", "authentication failure; rhost=", "user=", "failed password for invalid user from ",
                                        "192.0.2.1 ", "[client ", "\"", "'", "pam_", "{", "from 1 "};
    struct loaded *l = shipped();
    char *text = malloc(65536);

    (void)state;
    assert_non_null(text);
    for (size_t w = 0; w < ARRAY_N(words); w++) {
        size_t n = strlen(words[w]);
        for (size_t i = 0; i < 65536; i++)
            text[i] = words[w][i % n];
        for (int program = 0; program < 2; program++) {
            memset(&m, 0, sizeof m);
            m.raw = m.msg = m.text = str_n(text, 65536);
            m.program = program ? STR("sshd") : STR("x");
            normalise(l->nz, &m);
            assert_true(m.nfields < MSG_FIELDS_MAX);
        }
    }
    free(text);
    unload(l);
}

/* A text made to cost as much as possible ends in a "no", soon. */
static void the_work_for_one_message_is_bounded(void **state) {
    struct loaded *l = from_text("program: p\npatterns:\n  - match: \"<a:lazy> <b:lazy> <c:lazy> <d:lazy> <e> <f>!\"\n");
    char *text = malloc(60001);

    (void)state;
    assert_non_null(text);
    memset(text, ' ', 60000);
    text[60000] = '\0';
    text[59999] = '?';
    for (int i = 0; i < 20; i++) {
        run(l, "p", text);
        assert_int_equal(m.nfields, 0);
    }
    free(text);
    unload(l);
}

static void no_byte_behind_the_text_is_looked_at(void **state) {
    static const struct {
        const char *program, *text;
    } t[] = {
        {"sshd", "[ID 800047 auth.info] Failed password for invalid user x from ::ffff:192.0.2.7 port 40022 ssh2 [preauth]"},
        {"sshd", "gw sshd[411]: error: PAM: Authentication failure for illegal user bob from host.example.com"},
        {"sudo", "  alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/apt update"},
        {"x", "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.112  user=root"},
        {"x", "login failed for eve from 192.0.2.1 from [::ffff:192.0.2.9]:443"},
        {"kernel", "kernel:[12970.69] [ 12.5] connection from fe80::1%eth0"},
    };
    struct loaded *l = shipped();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++)
        for (size_t n = 0; n <= strlen(t[i].text); n++) {
            struct str text = unit_exact(str_n(t[i].text, n));
            memset(&m, 0, sizeof m);
            m.raw = m.text = text;
            m.program = str_of(t[i].program);
            normalise(l->nz, &m);
            for (size_t f = 0; f < m.nfields; f++)
                assert_true((m.fields[f].flags & FIELD_DERIVED) ||
                            (m.fields[f].value.p >= text.p && m.fields[f].value.p + m.fields[f].value.n <= text.p + text.n));
            free((char *)(uintptr_t)text.p);
        }
    unload(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shipped_sample_holds),
        cmocka_unit_test(a_port_behind_an_address_is_no_part_of_it_where_the_pattern_says_so),
        cmocka_unit_test(a_sample_that_does_not_hold_is_told_with_its_line),
        cmocka_unit_test(a_name_forges_no_address),
        cmocka_unit_test(a_name_forges_no_address_in_the_generic_family),
        cmocka_unit_test(a_known_account_is_closed_from_the_left),
        cmocka_unit_test(another_program_s_words_make_no_fields_of_sshd),
        cmocka_unit_test(a_name_with_a_star_stands_for_all_that_begin_like_it),
        cmocka_unit_test(spans_are_verbatim_and_constants_are_marked),
        cmocka_unit_test(a_pattern_says_what_it_takes),
        cmocka_unit_test(a_bad_file_is_refused_with_its_place),
        cmocka_unit_test(a_part_finds_more_wherever_it_stands),
        cmocka_unit_test(what_no_text_says_is_known_by_name),
        cmocka_unit_test(a_constant_has_the_words_of_the_patterns_that_set_it),
        cmocka_unit_test(the_index_changes_no_field_of_any_sample),
        cmocka_unit_test(the_index_changes_no_field_of_real_lines),
        cmocka_unit_test(a_text_full_of_beginnings_costs_no_more),
        cmocka_unit_test(the_work_for_one_message_is_bounded),
        cmocka_unit_test(no_byte_behind_the_text_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
