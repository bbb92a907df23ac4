/* SPDX-License-Identifier: ISC
 *
 * addr.c - an address in the middle of a text
 *
 * Takes   bytes that may begin with one.
 * Gives   how far it reaches. By hand: inet_pton wants a terminated copy and knows nothing of what may follow.
 */
#include "parse/addr.h"

#include <arpa/inet.h>
#include <string.h>

static bool digit(char c) {
    return c >= '0' && c <= '9';
}

static bool alnum(char c) {
    return digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static char at(struct str s, size_t i) {
    return i < s.n ? s.p[i] : '\0';
}

/* Nothing may follow that would make it part of something longer. */
static bool boundary(struct str s, size_t i) {
    char c = at(s, i);

    return !alnum(c) && c != '_' && !(c == '.' && alnum(at(s, i + 1))) && !(c == '-' && alnum(at(s, i + 1)) && !digit(at(s, i + 1)));
}

static size_t ipv4(struct str s) {
    size_t i = 0;

    for (int octet = 0; octet < 4; octet++) {
        size_t from = i;
        int v = 0;

        if (octet && at(s, i) != '.')
            return 0;
        from = i += octet > 0;
        while (i < s.n && i - from < 3 && digit(s.p[i]))
            v = v * 10 + (s.p[i++] - '0');
        if (i == from || v > 255 || (s.p[from] == '0' && i - from > 1))
            return 0;
    }
    return boundary(s, i) ? i : 0;
}

static bool hex_char(char c) {
    return digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') || c == ':' || c == '.';
}

static size_t ipv6(struct str s, struct str *value) {
    char text[INET6_ADDRSTRLEN];
    struct in6_addr a;
    size_t n = 0;

    while (n < s.n && n < sizeof text && hex_char(s.p[n]))
        n++;
    /* punctuation of the sentence around it */
    while (n > 2 && (s.p[n - 1] == '.' || (s.p[n - 1] == ':' && s.p[n - 2] != ':')))
        n--;
    if (n < 2 || n >= sizeof text || !memchr(s.p, ':', n))
        return 0;
    str_copy(text, sizeof text, str_sub(s, 0, n));
    if (inet_pton(AF_INET6, text, &a) != 1)
        return 0;
    *value = str_sub(s, 0, n);
    const char *last = memrchr(s.p, ':', n);
    if (IN6_IS_ADDR_V4MAPPED(&a) && memchr(s.p, '.', n))
        *value = str_sub(s, (size_t)(last - s.p) + 1, n);
    if (at(s, n) == '%')
        for (n++; n < s.n && (alnum(s.p[n]) || s.p[n] == '.' || s.p[n] == '-' || s.p[n] == '_');)
            n++;
    return boundary(s, n) ? n : 0;
}

size_t addr_length(struct str s, struct str *value) {
    bool bracket = at(s, 0) == '[';
    struct str in = str_sub(s, bracket, s.n);

    if (!hex_char(at(in, 0)))
        return 0;
    size_t n = ipv4(in);
    *value = str_sub(in, 0, n);
    if (n == 0)
        n = ipv6(in, value);
    if (n == 0)
        return 0;
    if (!bracket)
        return n;
    return at(in, n) == ']' ? n + 2 : 0;
}

size_t addr_before_port(struct str s, struct str *value) {
    size_t n = 0, cut;

    while (n < s.n && n < INET6_ADDRSTRLEN + 8 && hex_char(s.p[n]))
        n++;
    while (n && (s.p[n - 1] == '.' || s.p[n - 1] == ':'))
        n--;
    for (cut = n; cut && digit(s.p[cut - 1]);)
        cut--;
    if (cut < 3 || n - cut < 1 || n - cut > 5 || !boundary(s, n))
        return 0;
    cut--;
    return (s.p[cut] == ':' || s.p[cut] == '.') && addr_length(str_sub(s, 0, cut), value) == cut ? cut : 0;
}

size_t host_name_length(struct str s) {
    size_t n = 0;
    bool letter = false;

    for (; n < s.n && n < 255 && (alnum(s.p[n]) || s.p[n] == '-' || s.p[n] == '_' || s.p[n] == '.'); n++)
        letter |= !digit(s.p[n]) && s.p[n] != '.';
    while (n && s.p[n - 1] == '.')
        n--;
    return letter && s.p[0] != '.' && s.p[0] != '-' ? n : 0;
}
