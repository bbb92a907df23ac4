/* SPDX-License-Identifier: ISC
 *
 * body_xml.c - the event XML of Sysmon for Linux and of Windows
 *
 * Takes   <Event><System><EventID>1</EventID><Computer>gw</Computer>...<EventData><Data Name="Image">/bin/x</Data>...
 * Gives   a field per element with a text and nothing else in it, by its name or by the Name it carries; an attribute of an element of
 *         <System> as Element_Attribute (Provider_Name). Entities are decoded, CDATA is text.
 * Keeps   the last opening tag alone: no stack, so no depth.
 */
#include "parse/body.h"
#include "parse/format.h"

#include <string.h>

struct tag {
    struct str name, attributes;
    bool closing, empty;
};

/* The tag s begins with, behind its '<'; its length with the '>', 0 when it is not closed. A '>' in an attribute is no end. */
static size_t tag_at(struct str s, struct tag *t) {
    char quote = '\0';
    size_t n = 0, name = 0;

    for (; n < s.n && (quote || s.p[n] != '>'); n++) {
        if (quote)
            quote = s.p[n] == quote ? '\0' : quote;
        else if (s.p[n] == '"' || s.p[n] == '\'')
            quote = s.p[n];
    }
    if (n == s.n)
        return 0;
    t->closing = n && s.p[0] == '/';
    t->empty = n && s.p[n - 1] == '/';
    struct str in = str_sub(s, t->closing, n - (t->empty && n > 1));
    while (name < in.n && in.p[name] > ' ')
        name++;
    t->name = str_sub(in, 0, name);
    t->attributes = str_sub(in, name, in.n);
    return n + 1;
}

static bool attribute(struct str *s, struct str *name, struct str *value) {
    size_t eq = str_chr(*s, '=');

    if (eq == SIZE_MAX || eq + 1 >= s->n || (s->p[eq + 1] != '"' && s->p[eq + 1] != '\''))
        return false;
    *name = str_trim(str_sub(*s, 0, eq));
    struct str rest = str_sub(*s, eq + 2, s->n);
    size_t end = str_chr(rest, s->p[eq + 1]);
    if (end == SIZE_MAX)
        return false;
    *value = str_sub(rest, 0, end);
    *s = str_sub(rest, end + 1, rest.n);
    return name->n > 0;
}

/* "&#65;", "&#x41;": behind the "&#"; 0 bytes when it is none. */
static size_t numeric(struct str s, char *out) {
    bool hex = s.n && (s.p[0] | 0x20) == 'x';
    uint32_t v = 0;
    size_t i = hex;

    for (; i < s.n && i < 9 && s.p[i] != ';'; i++) {
        int d = hex_digit(s.p[i]);
        if (d < 0 || (!hex && d > 9))
            return 0;
        v = v * (hex ? 16 : 10) + (uint32_t)d;
    }
    return i > hex && v <= 0x10ffff ? body_utf8(out, v) : 0;
}

/* At most as long as what it stands for. */
static size_t entity(struct str s, char *out) {
    static const struct {
        const char *name, c;
    } names[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};

    if (s.n && s.p[0] == '#')
        return numeric(str_sub(s, 1, s.n), out);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is(s, names[i].name)) {
            out[0] = names[i].c;
            return 1;
        }
    return 0;
}

static bool text(struct message *m, struct str s, struct str *value) {
    size_t n = 0;

    *value = s;
    if (str_chr(s, '&') == SIZE_MAX)
        return true;
    char *out = message_spare(m, s.n);
    if (!out)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        size_t end = s.p[i] == '&' ? str_chr(str_sub(s, i, i + 12), ';') : SIZE_MAX, got = 0;
        if (end != SIZE_MAX)
            got = entity(str_sub(s, i + 1, i + end), out + n);
        if (got) {
            n += got;
            i += end;
        } else {
            out[n++] = s.p[i];
        }
    }
    *value = body_keep(m, out, s.n, n);
    return true;
}

/* Provider_Name, TimeCreated_SystemTime, Execution_ProcessID */
static size_t attributes(struct message *m, const struct tag *t) {
    struct str s = t->attributes, name, value;
    size_t added = 0;

    while (attribute(&s, &name, &value) && body_room(m)) {
        char *p = text(m, value, &value) ? message_spare(m, t->name.n + 1 + name.n) : NULL;
        if (!p)
            break;
        memcpy(p, t->name.p, t->name.n);
        p[t->name.n] = '_';
        memcpy(p + t->name.n + 1, name.p, name.n);
        added += body_put(m, str_n(p, t->name.n + 1 + name.n), value, 0);
    }
    return added;
}

static size_t leaf(struct message *m, const struct tag *t, struct str s) {
    struct str name = t->name, attrs = t->attributes, key, value;

    while (attribute(&attrs, &key, &value))
        if (str_is(key, "Name"))
            name = value;
    if (str_starts(s, STR("<![CDATA[")) && str_ends(s, STR("]]>")))
        value = str_sub(s, 9, s.n - 3);
    else if (!text(m, s, &value))
        return 0;
    return name.n ? body_put(m, name, value, 0) : 0;
}

/* The '<' that ends the text at the front of s: one of CDATA does not. */
static size_t text_length(struct str s) {
    size_t n = 0;

    if (str_starts(s, STR("<![CDATA["))) {
        n = str_find(s, STR("]]>"));
        if (n == SIZE_MAX)
            return SIZE_MAX;
        n += 3;
    }
    size_t at = str_chr(str_sub(s, n, s.n), '<');
    return at == SIZE_MAX ? at : n + at;
}

size_t body_xml(struct message *m, struct str s) {
    struct tag open = {0}, t;
    size_t added = 0, n;
    bool system = false;

    while ((n = text_length(s)) != SIZE_MAX) {
        struct str content = str_sub(s, 0, n);
        s = str_sub(s, n + 1, s.n);
        if ((n = tag_at(s, &t)) == 0)
            break;
        s = str_sub(s, n, s.n);
        if (t.name.n == 0 || t.name.p[0] == '!' || t.name.p[0] == '?')
            continue;
        if (t.closing && open.name.n && str_eq(open.name, t.name))
            added += leaf(m, &open, content);
        system = str_is(t.name, "System") ? !t.closing : system;
        if (system && !t.closing)
            added += attributes(m, &t);
        open = t.closing || t.empty ? (struct tag){0} : t;
    }
    return added;
}
