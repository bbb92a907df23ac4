/* SPDX-License-Identifier: ISC
 *
 * address.c - the grammar of addresses and logins
 *
 * Takes   text from the roster.
 * Gives   yes or no. What passes can stand in a mail header, a command to a mail server and a log line as it is.
 * Keeps   nothing.
 */
#include "escalate/address.h"

#include <string.h>

static bool alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool atext(char c) {
    return alnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Atoms with one dot between them. */
static bool dot_atom(struct str s) {
    if (s.n == 0 || s.n > 64 || s.p[0] == '.' || s.p[s.n - 1] == '.')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!atext(s.p[i]) && (s.p[i] != '.' || s.p[i - 1] == '.'))
            return false;
    return true;
}

static bool host_label(struct str s) {
    if (s.n == 0 || s.n > 63 || s.p[0] == '-' || s.p[s.n - 1] == '-')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!alnum(s.p[i]) && s.p[i] != '-')
            return false;
    return true;
}

bool address_mail(struct str s) {
    struct str local, rest = s;

    if (s.n > 254)
        return false;
    local = str_cut(&rest, '@');
    if (!dot_atom(local) || str_absent(rest))
        return false;
    while (!str_absent(rest))
        if (!host_label(str_cut(&rest, '.')))
            return false;
    return true;
}

bool address_url(struct str s) {
    size_t scheme = str_starts(s, STR("https://")) ? 8 : str_starts(s, STR("http://")) ? 7 : 0;

    if (scheme == 0 || s.n <= scheme || s.n > 1000 || strchr("/?#:@", s.p[scheme]))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return true;
}

bool address_word(struct str s) {
    if (s.n == 0 || s.n > 32 || strchr("._-", s.p[0]))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!alnum(s.p[i]) && (s.p[i] == '\0' || !strchr("._-", s.p[i])))
            return false;
        else if (s.p[i] >= 'A' && s.p[i] <= 'Z')
            return false;
    return true;
}
