/* SPDX-License-Identifier: ISC
 *
 * http_own.h - what http_server.c (listening) and http_conn.c (what becomes of a connection) share; nobody else includes it
 */
#ifndef TOCSIN_HTTP_HTTP_OWN_H
#define TOCSIN_HTTP_HTTP_OWN_H

#include <event2/bufferevent.h>

#include "http/http_parser.h"

#define HTTP_ADDRESS_TEXT 64

enum http_wait { W_NONE, W_IDLE, W_HEADER, W_BODY, W_REPLY, W_WRITE, W_STREAM, W_LINGER };

struct http_listener;

struct http_server {
    struct event_base *base;
    struct http_limits lim;
    const struct http_ops *ops;
    void *ctx;
    struct http_listener *listeners;
    struct http_conn *conns;
    size_t count;
    uint64_t accepted;
    bool paused;
};

struct http_conn {
    struct http_conn *next, **at;
    struct http_server *s;
    struct bufferevent *bev;
    struct event *timer;
    struct http_parser *parser;
    struct http_request *req; /* the one being answered */
    struct http_limits lim;   /* as they were when it came */
    enum http_wait wait;
    bool closing, eof, busy, freed;
    struct http_peer peer;
    char address[HTTP_ADDRESS_TEXT];
    char source[17]; /* family and address without the port, of IPv6 the /64 */
};

/* Takes a connection that was let in: its socket, limits and peer are set. False without memory; then nothing is kept, fd stays open. */
bool http_conn_start(struct http_conn *c, int fd);
void http_conn_free(struct http_conn *c);

#endif
