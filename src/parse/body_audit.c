/* SPDX-License-Identifier: ISC
 *
 * body_audit.c - records of the Linux audit system, from auditd's plugins or the kernel itself
 *
 * Takes   [node=NAME ]type=NAME msg=audit(1700000000.123:45): name=value name="value" msg='name=value ...', and the names resolved
 *         behind a group separator (0x1D, which relays write as #035).
 * Gives   its fields; type by name; the record's time as audit_time and number as audit_id; the arguments of EXECVE, and the words of
 *         PROCTITLE, as CommandLine besides; the system call's name as SYSCALL, on x86_64 and arm64.
 *
 * The kernel writes what a user chose either in quotes, when nothing in it could be mistaken, or as hexadecimal digits without
 * quotes: so nothing a user chooses ends a value. Which fields that are is a list: a0 of SYSCALL is a number.
 */
#include "parse/body.h"
#include "parse/format.h"

#include <string.h>

static const struct {
    uint16_t number;
    const char *name;
} types[] = {
#define AUDIT_TYPE(number, name) {number, name},
#include "parse/audit_types.def"
#undef AUDIT_TYPE
};

/* "1400", "UNKNOWN[1400]" */
static struct str type_name(struct str s) {
    struct str digits = str_starts(s, STR("UNKNOWN[")) && str_ends(s, STR("]")) ? str_sub(s, 8, s.n - 1) : s;
    uint64_t n;

    if (!str_u64(digits, 9999, &n))
        return s;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].number == n)
            return str_of(types[i].name);
    return s;
}

/* ---- values */

static bool hex(struct str s) {
    if (s.n == 0 || s.n % 2)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && (s.p[i] < 'A' || s.p[i] > 'F'))
            return false;
    return true;
}

static int digit_of(char c) {
    return is_digit(c) ? c - '0' : c - 'A' + 10;
}

static size_t unhex(struct str s, char *out) {
    for (size_t i = 0; i < s.n; i += 2)
        out[i / 2] = (char)(digit_of(s.p[i]) * 16 + digit_of(s.p[i + 1]));
    return s.n / 2;
}

/* "a0", "a12", "a1[0]": an argument of EXECVE; false for "a1_len". */
static bool argument(struct str name, bool *more) {
    size_t n = 1;

    if (name.n < 2 || name.p[0] != 'a' || !is_digit(name.p[1]))
        return false;
    while (n < name.n && is_digit(name.p[n]))
        n++;
    *more = n < name.n && name.p[n] == '[' && !str_ends(name, STR("[0]"));
    return n == name.n || name.p[n] == '[';
}

static bool encoded(struct str name, bool execve) {
    static const char *const names[] = {"acct", "exe", "comm", "cmd", "name", "proctitle", "cwd", "path", "key", "data", "ocomm", "vm", "file", "dir", "old-disk",
                                        "new-disk", "device", "op-name", "unit", "invalid_context", "profile", "sw"};
    bool more;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is(name, names[i]))
            return true;
    return execve && argument(name, &more);
}

struct item {
    struct str name, value;
    bool quoted;
};

/* Cuts the next name=value off. A bare value ends at a blank, and at the separator of the resolved names. */
static bool next_item(struct str *s, struct item *it) {
    size_t n = 0, eq;

    while (n < s->n && memchr(" ,:\t\035{}\r\n", s->p[n], 9))
        n++;
    *s = str_sub(*s, n, s->n);
    for (eq = 0; eq < s->n && s->p[eq] != '=' && s->p[eq] != ' '; eq++)
        ;
    if (s->n == 0)
        return false;
    if (eq == s->n || s->p[eq] == ' ' || eq == 0) { /* a word: "denied { read } for" */
        *it = (struct item){.name = STR_NONE};
        *s = str_sub(*s, eq + (eq < s->n), s->n);
        return true;
    }
    it->name = str_sub(*s, 0, eq);
    if (str_starts(it->name, STR("#035")))
        it->name = str_sub(it->name, 4, it->name.n);
    *s = str_sub(*s, eq + 1, s->n);
    it->quoted = s->n && s->p[0] == '"';
    for (n = it->quoted; n < s->n && (it->quoted ? s->p[n] != '"' : s->p[n] != ' ' && s->p[n] != '\035'); n++)
        ;
    it->value = str_sub(*s, it->quoted, n);
    *s = str_sub(*s, n + (it->quoted && n < s->n), s->n);
    if (!it->quoted && str_ends(it->value, STR("#035")))
        it->value.n -= 4;
    return true;
}

static bool nothing(struct str s) {
    return s.n && (s.p[0] == '?' || s.p[0] == '(') && (s.n == 1 || str_is(s, "(null)") || str_is(s, "(none)"));
}

/* What the value stands for; false when it is left out. */
static bool resolved(struct message *m, const struct item *it, bool execve, struct str *value) {
    *value = it->value;
    if (it->quoted || !hex(it->value) || !encoded(it->name, execve)) /* cheapest first */
        return !nothing(it->value);
    char *out = message_spare(m, it->value.n);
    if (!out)
        return false;
    *value = body_keep(m, out, it->value.n, unhex(it->value, out));
    return true;
}

static size_t items(struct message *m, struct str s, bool execve, bool title) {
    size_t added = 0;
    struct str value;
    struct item it;

    while (next_item(&s, &it) && (it.name.n == 0 || body_room(m))) {
        if (it.name.n == 0 || !resolved(m, &it, execve, &value))
            continue;
        added += body_put(m, it.name, value, 0);
        if (!title || !str_is(it.name, "proctitle"))
            continue;
        char *p = message_spare(m, value.n);
        for (size_t i = 0; p && i < value.n; i++)
            p[i] = value.p[i] ? value.p[i] : ' ';
        if (p)
            added += body_put(m, STR("CommandLine"), str_n(p, value.n), 0);
    }
    return added;
}

/* The arguments with a blank between them, all of them, whatever else there is room for. */
static size_t command_line(struct message *m, struct str s) {
    size_t n = 0, added = 0;
    bool more;
    struct item it;
    char *p = message_spare(m, s.n);

    if (!p)
        return 0;
    for (struct str rest = s; next_item(&rest, &it);) {
        if (it.name.n == 0 || !argument(it.name, &more))
            continue;
        if (n && !more)
            p[n++] = ' ';
        if (!it.quoted && hex(it.value))
            n += unhex(it.value, p + n);
        else {
            memcpy(p + n, it.value.p, it.value.n);
            n += it.value.n;
        }
    }
    struct str line = body_keep(m, p, s.n, n);
    if (n)
        added = body_put(m, STR("CommandLine"), line, 0);
    return added;
}

/* ---- the record */

/* audit(1700000000.123:45): gives what stands behind it */
static struct str stamp(struct message *m, struct str s) {
    size_t colon = str_chr(str_sub(s, 0, 64), ':'), end = str_chr(str_sub(s, 0, 64), ')');

    if (colon == SIZE_MAX || end == SIZE_MAX || colon > end || colon < 6)
        return s;
    body_put(m, STR("audit_time"), str_sub(s, 6, colon), 0);
    body_put(m, STR("audit_id"), str_sub(s, colon + 1, end), 0);
    return str_sub(s, end + 1 + (end + 1 < s.n && s.p[end + 1] == ':'), s.n);
}

/* Where the first of these stands outside quotes; *mark is what it is. In quotes is what a user chose: a program may be called
 * "/tmp/#035UID=root". */
static size_t outside(struct str s, const struct str *marks, size_t nmarks, struct str *mark) {
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') {
            size_t end = str_chr(str_sub(s, i + 1, s.n), '"');
            if (end == SIZE_MAX)
                return SIZE_MAX;
            i += 1 + end;
            continue;
        }
        for (size_t k = 0; k < nmarks; k++)
            if (s.p[i] == marks[k].p[0] && str_starts(str_sub(s, i, s.n), marks[k])) {
                *mark = marks[k];
                return i;
            }
    }
    return SIZE_MAX;
}

/* Parts of a record: the pairs, those in msg='...' (which is last and ends at the last quote), the resolved names. */
static size_t parts(struct message *m, struct str s, bool execve, bool title) {
    static const struct str marks[] = {{"msg='", 5}, {"\035", 1}, {"#035", 4}}, ends[] = {{"'\035", 2}, {"'#035", 5}};
    struct str names = STR_NONE, inner = STR_NONE, mark = STR_NONE;
    size_t at = outside(s, marks, 3, &mark);

    if (mark.p == marks[0].p) {
        inner = str_sub(s, at + mark.n, s.n);
        s = str_sub(s, 0, at);
        at = outside(inner, ends, 2, &mark);
        const char *last = inner.n ? memrchr(inner.p, '\'', inner.n) : NULL;
        names = at == SIZE_MAX ? STR_NONE : str_sub(inner, at + mark.n, inner.n);
        inner = str_sub(inner, 0, at != SIZE_MAX || !last ? at : (size_t)(last - inner.p));
    } else if (at != SIZE_MAX) {
        names = str_sub(s, at + mark.n, s.n);
        s = str_sub(s, 0, at);
    }
    size_t added = execve ? command_line(m, s) : 0;
    added += items(m, s, execve, title);
    added += items(m, inner, false, false);
    return added + items(m, names, false, false);
}

/* The call by its name, as auditd would have resolved it. The table is looked through once a record of type SYSCALL. */
static void call_name(struct message *m, size_t from) {
    static const struct {
        const char *name;
        int16_t x86_64, arm64;
    } calls[] = {
#define AUDIT_CALL(name, x86_64, arm64) {name, x86_64, arm64},
#include "parse/audit_calls.def"
#undef AUDIT_CALL
    };
    struct str arch = STR_NONE;
    uint64_t number = UINT64_MAX;

    for (size_t i = from; i < m->nfields; i++) {
        const struct field *f = &m->fields[i];
        if (str_is(f->name, "SYSCALL"))
            return;
        if (str_is(f->name, "arch"))
            arch = f->value;
        else if (str_is(f->name, "syscall") && !str_u64(f->value, INT16_MAX, &number))
            return;
    }
    bool known = number != UINT64_MAX, x86 = known && str_is(arch, "c000003e"), arm = known && str_is(arch, "c00000b7");
    for (size_t i = 0; (x86 || arm) && i < sizeof calls / sizeof *calls; i++)
        if ((uint64_t)(x86 ? calls[i].x86_64 : calls[i].arm64) == number) {
            body_put(m, STR("SYSCALL"), str_of(calls[i].name), 0);
            return;
        }
}

size_t body_audit(struct message *m, struct str s) {
    size_t before = m->nfields;
    struct str name = STR_NONE;
    struct item it;

    size_t at = str_find(s, STR("audit("));
    size_t colon = str_find(str_sub(s, 0, 64), STR("audit: "));
    if (colon != SIZE_MAX && colon < at)
        s = str_sub(s, colon + 7, s.n);
    else if (s.n && s.p[0] == '[')
        s = str_sub(s, str_chr(s, ']') + 1, s.n);
    for (struct str rest = s; !str_starts(rest, STR("audit(")) && next_item(&rest, &it) && it.name.n;) {
        if (str_is(it.name, "msg") || !(str_is(it.name, "node") || str_is(it.name, "type")))
            break;
        if (str_is(it.name, "type"))
            it.value = name = type_name(it.value);
        body_put(m, it.name, it.value, 0);
    }
    at = str_find(s, STR("audit("));
    if (at == SIZE_MAX) { /* as the journal has it: "USER_LOGIN pid=1 ..." */
        at = str_chr(s, ' ');
        name = type_name(str_sub(s, 0, at));
        if (str_chr(name, '=') == SIZE_MAX && body_put(m, STR("type"), name, 0))
            parts(m, str_sub(s, at, s.n), str_is(name, "EXECVE"), str_is(name, "PROCTITLE"));
        return m->nfields - before;
    }
    parts(m, stamp(m, str_sub(s, at, s.n)), str_is(name, "EXECVE"), str_is(name, "PROCTITLE"));
    if (str_is(name, "SYSCALL"))
        call_name(m, before);
    return m->nfields - before;
}
