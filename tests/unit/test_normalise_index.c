/* SPDX-License-Identifier: ISC
 *
 * test_normalise_index.c - what makes thousands of patterns cheap changes no field, and no text makes them dear
 */
#include "normalise_help.h"

#include "parse/parse.h"

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
        cmocka_unit_test(the_index_changes_no_field_of_any_sample),
        cmocka_unit_test(the_index_changes_no_field_of_real_lines),
        cmocka_unit_test(a_text_full_of_beginnings_costs_no_more),
        cmocka_unit_test(the_work_for_one_message_is_bounded),
        cmocka_unit_test(no_byte_behind_the_text_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
