/* SPDX-License-Identifier: ISC
 *
 * test_normalise.c - the pattern language, the shipped files, and names that try to be addresses
 */
#include "normalise_help.h"

#include "parse/addr.h"
#include "parse/parse.h"

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
        {"an empty program", "program: [p, '']\npatterns: [{match: a}]", "name of a program"},
        {"a blank program", "program: ' p'\npatterns: [{match: a}]", "name of a program"},
        {"a program that is a map", "program: [{a: b}]\npatterns: [{match: a}]", "name of a program"},
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

static void word_add(void *ctx, struct str word, unsigned group) {
    struct words *w = ctx;
    snprintf(w->got + strlen(w->got), sizeof w->got - strlen(w->got), "[%.*s]%u", STR_FMT(word), group);
}

static void a_constant_has_the_words_of_the_patterns_that_set_it(void **state) {
    struct loaded *l = from_text("program: p\npatterns:\n  - {match: 'Failed for <user>', set: {action: bad}}\n"
                                 "  - {match: '<user> {denied|refused here}', set: {action: bad}}\n"
                                 "  - {match: 'Accepted <user>', set: {action: good}}\n  - {match: '<w> x', set: {action: short}}\n"
                                 "  - {match: 'Digest <h:hex>', set: {reason: r}}\n");
    static const struct {
        const char *value, *words;
        bool known;
    } rows[] = {{"bad", "[Failed for ]1[denied]1[refused here]1", true}, {"good", "[Accepted ]1", true}, {"other", "", true}, {"short", "[]1", true}};
    struct words none = {.want = STR_NONE};
    const struct normaliser_need hex = {word_fits, word_add, &none};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct words w = {.want = str_of(rows[i].value)};
        const struct normaliser_need need = {word_fits, word_add, &w};
        assert_int_equal(normaliser_needs(l->nz, F_ACTION, STR("action"), &need), rows[i].known);
        assert_string_equal(w.got, rows[i].words);
    }
    assert_true(normaliser_needs(l->nz, F_OTHER, STR("h"), &hex));
    assert_string_equal(none.got, "[]1"); /* decoded: any text of the program's */
    assert_str(normaliser_group(l->nz, 1, 0), "p");
    assert_true(str_absent(normaliser_group(l->nz, 1, 1)));
    unload(l);
}

static void what_any_program_says_is_known_by_words_alone(void **state) {
    struct loaded *l = from_text("program: [\"*\", x]\npatterns:\n  - {match: 'Failed for <user>', set: {action: bad}}\n"
                                 "  - {match: '<w> x', set: {action: short}}\n  - {match: 'Digest <h:hex>'}\n");
    struct words w = {.want = STR("bad")};
    const struct normaliser_need need = {word_fits, word_add, &w};

    (void)state;
    assert_true(normaliser_needs(l->nz, F_ACTION, STR("action"), &need));
    assert_string_equal(w.got, "[Failed for ]0");
    w.want = STR("short");
    assert_false(normaliser_needs(l->nz, F_ACTION, STR("action"), &need));
    assert_false(normaliser_needs(l->nz, F_OTHER, STR("h"), &need));
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
        cmocka_unit_test(what_any_program_says_is_known_by_words_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
