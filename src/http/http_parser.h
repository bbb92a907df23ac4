/* SPDX-License-Identifier: ISC
 *
 * http_parser.h - one request at a time from bytes, alone: no socket, no clock
 *
 * http.h names the parser and its feeding; here is what it makes.
 */
#ifndef TOCSIN_HTTP_HTTP_PARSER_H
#define TOCSIN_HTTP_HTTP_PARSER_H

#include "http/http.h"

#define HTTP_HEADERS_MAX 64

struct http_field {
    struct str name, value;
};

struct http_parsed { /* borrowed from the parser until it is reset */
    struct str method, path, query, body;
    const struct http_field *fields;
    size_t nfields;
    bool head;  /* HEAD: the reply has no body */
    bool close; /* the client wants the connection closed afterwards */
};

enum http_phase { HTTP_HEADER, HTTP_BODY, HTTP_WHOLE };
enum http_phase http_parser_phase(const struct http_parser *p);
bool http_parser_begun(const struct http_parser *p);    /* a byte of a request has come */
bool http_parser_continue(struct http_parser *p);       /* "100 Continue" is waited for; says so once */
const struct http_parsed *http_parser_result(const struct http_parser *p); /* once http_parser_feed gave RC_OK */
void http_parser_reset(struct http_parser *p);          /* for the next request of the connection */

struct str http_field_find(const struct http_field *v, size_t n, const char *name); /* without case; absent when absent */
bool http_decode(struct str s, bool plus, struct buf *out); /* percent-decoding; false on bad digits or NUL */

#endif
