/* SPDX-License-Identifier: ISC
 *
 * http.h - a strict HTTP/1.1 server on bufferevents (RFC 9110, 9112; house.md 9; reliability.md F7, T6, T11)
 *
 * Methods GET, HEAD, POST, PUT, DELETE; one Content-Length of digits only, or exactly "chunked" and never both; no obs-fold, bare
 * LF or CR, NUL, duplicate Host, space before the colon; trailers are dropped; at most 64 headers in 16 KiB; absolute deadlines for
 * header and body. Anything ambiguous: 400 (405, 413, 414, 417, 431, 501, 505) and close. Keep-alive and pipelining, in order.
 * The same server serves TCP (webhooks) and unix sockets (the API). SIGPIPE must be ignored by the process.
 */
#ifndef TOCSIN_HTTP_HTTP_H
#define TOCSIN_HTTP_HTTP_H

#include <event2/event.h>

#include "base/buf.h"
#include "base/err.h"

struct http_server;
struct http_request; /* lives until it is answered, even if its client has gone */

struct http_limits {
    size_t header, body;    /* bytes */
    int64_t header_us, body_us, idle_us, write_us; /* absolute deadlines */
    int connections, per_source;
};

struct http_peer { /* who is at the other end */
    struct str address;   /* "192.0.2.1:40022", absent on unix sockets */
    int64_t uid, gid, pid; /* unix: SO_PEERCRED; else -1 */
};

struct http_ops {
    /* A whole request is here. Must lead to exactly one http_reply (now or later) or http_stream. */
    void (*on_request)(void *ctx, struct http_request *r);
    /* Something wrong happened before a request was whole: counted by kind ("bad-request", "too-large", "timeout", "limit"). */
    void (*on_reject)(void *ctx, const char *kind, int status);
};

struct http_server *http_server_new(struct event_base *base, const struct http_limits *lim, const struct http_ops *ops, void *ctx);
void http_server_free(struct http_server *s); /* closes everything; requests not answered yet still want their http_reply */
void http_server_limits(struct http_server *s, const struct http_limits *lim); /* for connections from now on */
void http_server_unlisten(struct http_server *s); /* closes the listening sockets; what is open stays */
enum rc http_server_listen(struct http_server *s, int fd, struct err *e); /* takes a listening socket; may be called for several */
void http_server_pause(struct http_server *s, bool paused);              /* stops accepting; what is open stays */
size_t http_server_connections(const struct http_server *s); /* open now */
uint64_t http_server_accepted(const struct http_server *s);  /* since http_server_new */

struct str http_method(const struct http_request *r);
struct str http_path(const struct http_request *r);  /* decoded, always starts with '/', no NUL, no "." or ".." segment */
struct str http_query(const struct http_request *r); /* raw, absent when none */
bool http_query_get(const struct http_request *r, const char *name, struct buf *out); /* decoded; false when absent */
struct str http_header(const struct http_request *r, const char *name); /* absent when absent; without case */
struct str http_body(const struct http_request *r);
const struct http_peer *http_peer(const struct http_request *r);
void http_set_user(struct http_request *r, void *user);
void *http_user(const struct http_request *r);

/* headers: "Name: value\r\n" lines or "". The request is gone afterwards. */
void http_reply(struct http_request *r, int status, const char *content_type, const char *headers, struct str body);
/* A live stream (watch): chunked; http_stream_send gives false when the peer has gone or is too slow. on_gone (may be NULL) is called
 * once when the peer has gone. In both cases the stream still is to be ended by http_stream_end, there or later. */
void http_stream(struct http_request *r, int status, const char *content_type, void (*on_gone)(void *ctx), void *ctx);
bool http_stream_send(struct http_request *r, struct str bytes);
void http_stream_end(struct http_request *r);

/* The parser alone, for tests and fuzzing: feeds bytes, gives RC_OK when a request is whole, RC_BUSY when it wants more,
 * RC_INVALID with *status otherwise. */
struct http_parser;
struct http_parser *http_parser_new(const struct http_limits *lim);
void http_parser_free(struct http_parser *p);
enum rc http_parser_feed(struct http_parser *p, struct str *bytes, int *status);

#endif
