/* SPDX-License-Identifier: ISC
 *
 * target.c - is this URL's host this very machine?
 */
#include <string.h>

#include "notify/transfer.h"

bool url_is_loopback(struct str url)
{
    size_t scheme = str_find(url, STR("://"));
    struct str host = scheme == SIZE_MAX ? url : str_sub(url, scheme + 3, url.n);
    struct str rest = host;
    host = str_cut(&rest, '/');
    if (str_chr(host, '@') != SIZE_MAX) return false; /* user info is not taken apart here */
    if (str_starts(host, STR("[::1]"))) return true;
    rest = host;
    host = str_cut(&rest, ':');
    if (str_is(host, "localhost")) return true;
    if (!str_starts(host, STR("127."))) return false;
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] != '.' && (host.p[i] < '0' || host.p[i] > '9')) return false; /* 127.evil.example */
    return true;
}
