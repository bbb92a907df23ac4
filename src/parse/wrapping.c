/* SPDX-License-Identifier: ISC
 *
 * wrapping.c - the time stamp that a program's own log has in front of its text
 *
 * Takes   the text of a message.
 * Gives   where the program's words begin, so that a pattern of normalise.d need not know how its program was told to print times.
 * Nothing is made of the stamp here: that is stamp.c's, which reads the ones that headers have.
 */
#include "parse/wrapping.h"

#include "parse/format.h"
#include "parse/stamp.h"

#include <string.h>

/* 9: a digit; #: one digit or two; A: a letter; ^: a hexadecimal digit; anything else: itself. */
static const char *const shapes[] = {
    "9999/99/99 99:99:99",   "9999.99.99 99:99:99",   "9999-99-99 9:99:99", "9999-99-99  9:99:99",     "99/AAA/9999:99:99:99", "99/AAA/9999 99:99:99",
    "#-AAA-9999 99:99:99",   "#-AAA-99 99:99:99",     "#-#-9999 #:99:99",       "#/#/9999 #:99:99",     "#/#/9999 - 99:99:99",
    "#/#/9999, #:99:99",     "#/#/99 #:99:99",        "#.#.9999 #:99:99",       "AAA-99-99 99:99:99",   "AAA-99-9999 99:99:99",
    "999999 #:99:99",        "999999  #:99:99",       "99999999 99:99:99",      "99999999-99:99:99",    "AAA, # AAA 9999 99:99:99",
    "# AAA 9999 99:99:99",   "AAA #, 9999 #:99:99",   "AAA # 99:99:99 9999",    "# AAA 99:99:99",       "#-AAA 99:99:99",
    "AAA AAA # 99:99:99",    "AAA # 9999 99:99:99",   "9999-99-99_99:99:99",    "99/99 99:99:99",       "@400000^^^^^^^^^^^^^^^^^^",
    "9999:99:99-99:99:99",   "#/#/9999-99:99:99",     "99/99-99:99:99",         "99:99:99",
};

static bool is_alpha(char c) {
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool fits(char shape, char c) {
    switch (shape) {
    case '9': return is_digit(c);
    case 'A': return is_alpha(c);
    case '^': return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
    default: return c == shape;
    }
}

static size_t shaped(struct str s, const char *shape) {
    size_t i = 0;

    for (; *shape; shape++) {
        if (*shape == '#') {
            size_t from = i;
            while (i < s.n && i < from + 2 && is_digit(s.p[i]))
                i++;
            if (i == from)
                return 0;
        } else if (i >= s.n || !fits(*shape, s.p[i++])) {
            return 0;
        }
    }
    return i;
}

static size_t any_shape(struct str s) {
    struct msg_time t;
    /* a word that is no month and no day of the week: nearly every text */
    if (s.n > 3 && is_alpha(s.p[0]) && s.p[3] != ' ' && s.p[3] != ',' && s.p[3] != '-')
        return 0;
    size_t n = stamp_iso(s, &t);

    if (n == 0)
        n = stamp_bsd(s, &t);
    for (size_t i = 0; n == 0 && i < sizeof shapes / sizeof *shapes; i++)
        n = shaped(s, shapes[i]);
    return n;
}

/* What may stand between a stamp and the text, or belong to it: a fraction, a zone, half of a day. */
static size_t behind(struct str s, size_t i) {
    static const char *const words[] = {" AM", " PM", " am", " pm", "Z", " Z", " UTC", " GMT", " CET", " CEST", " EST", " EDT", " PST", " PDT", " MSK"};

    if (i && i + 1 < s.n && is_digit(s.p[i - 1]) && (s.p[i] == '.' || s.p[i] == ',' || s.p[i] == ':') && is_digit(s.p[i + 1]))
        for (i++; i < s.n && is_digit(s.p[i]); i++)
            ;
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        struct str word = str_of(words[w]);
        if (str_starts(str_sub(s, i, s.n), word) && !(i + word.n < s.n && is_alpha(s.p[i + word.n])))
            return i + word.n;
    }
    for (size_t blank = 0; blank < 2; blank++)
        for (size_t colon = 0; colon < 2; colon++) {
            size_t n = shaped(str_sub(s, i + blank, s.n), colon ? "+99:99" : "+9999");
            if (n == 0)
                n = shaped(str_sub(s, i + blank, s.n), colon ? "-99:99" : "-9999");
            if (n && (blank == 0 || i == 0 || s.p[i] == ' ') && !(i + blank + n < s.n && is_digit(s.p[i + blank + n])))
                return i + blank + n;
        }
    return i;
}

size_t wrapping_stamp(struct str s) {
    bool open = s.n && (s.p[0] == '[' || s.p[0] == '(');
    size_t i = any_shape(str_sub(s, open, s.n));

    if (i == 0)
        return 0;
    i = behind(s, i + open);
    if (open) { /* "[2005/08/14 10:00:00,  3] ": what else is in the brackets is no text either */
        while (i < s.n && i < 96 && s.p[i] != ']' && s.p[i] != ')' && s.p[i] != '[')
            i++;
        if (i >= s.n || s.p[i] != (s.p[0] == '[' ? ']' : ')'))
            return 0;
        i++;
    } else if (i < s.n && !strchr(" \t:,|;-", s.p[i])) {
        return 0;
    }
    while (i < s.n && strchr(":,|;", s.p[i]) && s.p[i])
        i++;
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
        i++;
    if (i + 1 < s.n && (s.p[i] == '-' || s.p[i] == '|') && s.p[i + 1] == ' ')
        i += 2;
    return i < s.n ? i : 0;
}
