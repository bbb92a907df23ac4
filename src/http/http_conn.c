/* SPDX-License-Identifier: ISC
 *
 * http_conn.c - one connection: requests, replies and streams, each within its time
 *
 * Takes   bytes from the peer; replies from who answers.
 * Gives   whole requests, one at a time, answered in order; what is wrong is answered here and the connection closed.
 * Keeps   one request and one reply. The next request of a pipeline is not looked at before the reply has left, so a peer that does
 *         not read cannot make us remember.
 *
 * A connection waits for one thing at a time, and each wait has one absolute deadline: bytes that drip do not move it.
 */
#include "http/http_own.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

#define READ_HIGH ((size_t)64 << 10)
#define STREAM_HIGH ((size_t)1 << 20) /* a watcher further behind is too slow */
#define LINGER_US (2 * US_PER_S)      /* for the peer to read why we close */

struct http_request {
    struct http_conn *conn; /* NULL when the client has gone */
    struct http_parser *parser;
    struct http_peer peer;
    char address[HTTP_ADDRESS_TEXT];
    const struct http_parsed *r;
    void *user;
    bool streaming;
    void (*on_gone)(void *ctx);
    void *gone_ctx;
};

static void conn_pump(struct http_conn *c);

/* ---- requests, as who answers sees them */

struct str http_method(const struct http_request *r) {
    return r->r->method;
}

struct str http_path(const struct http_request *r) {
    return r->r->path;
}

struct str http_query(const struct http_request *r) {
    return r->r->query;
}

struct str http_header(const struct http_request *r, const char *name) {
    return http_field_find(r->r->fields, r->r->nfields, name);
}

struct str http_body(const struct http_request *r) {
    return r->r->body;
}

const struct http_peer *http_peer(const struct http_request *r) {
    return &r->peer;
}

void http_set_user(struct http_request *r, void *user) {
    r->user = user;
}

void *http_user(const struct http_request *r) {
    return r->user;
}

bool http_query_get(const struct http_request *r, const char *name, struct buf *out) {
    struct str rest = r->r->query;
    struct buf key;
    bool found = false;

    buf_init(&key, 1024);
    while (!found && !str_absent(rest)) {
        struct str value = str_cut(&rest, '&'), k = str_cut(&value, '=');
        buf_reset(&key);
        found = http_decode(k, true, &key) && str_is(buf_view(&key), name) && http_decode(value, true, out);
    }
    buf_fini(&key);
    return found;
}

/* ---- connections */

static void conn_destroy(struct http_conn *c) {
    struct http_request *r = c->req;

    *c->at = c->next;
    if (c->next)
        c->next->at = c->at;
    c->s->count--;
    bufferevent_free(c->bev);
    event_free(c->timer);
    if (r)
        r->conn = NULL; /* it keeps the parser, which holds its words */
    else
        http_parser_free(c->parser);
    free(c);
    if (r && r->on_gone)
        r->on_gone(r->gone_ctx);
}

static void conn_free(struct http_conn *c) {
    c->freed = true;
    if (!c->busy)
        conn_destroy(c);
}

static void conn_wait(struct http_conn *c, enum http_wait w) {
    const int64_t us[] = {[W_IDLE] = c->lim.idle_us, [W_HEADER] = c->lim.header_us, [W_BODY] = c->lim.body_us, [W_WRITE] = c->lim.write_us,
                          [W_LINGER] = LINGER_US};

    if (c->wait == w)
        return;
    c->wait = w;
    event_del(c->timer);
    if ((size_t)w < sizeof us / sizeof *us && us[w] > 0) {
        struct timeval tv = {us[w] / US_PER_S, us[w] % US_PER_S};
        event_add(c->timer, &tv);
    }
}

static size_t conn_unsent(const struct http_conn *c) {
    return evbuffer_get_length(bufferevent_get_output(c->bev));
}

/* Everything is written: the connection ends, or goes on with the next request. */
static void conn_written(struct http_conn *c) {
    if (!c->closing) {
        c->wait = W_NONE;
        conn_pump(c);
        return;
    }
    if (c->eof) {
        conn_free(c);
        return;
    }
    /* Closing with bytes unread would reset the connection, and the peer might never see our answer. */
    shutdown(bufferevent_getfd(c->bev), SHUT_WR);
    conn_wait(c, W_LINGER);
    evbuffer_drain(bufferevent_get_input(c->bev), SIZE_MAX);
    bufferevent_enable(c->bev, EV_READ);
}

static void conn_send(struct http_conn *c, const struct buf *head, struct str body) {
    bufferevent_write(c->bev, head->p, head->n);
    if (body.n)
        bufferevent_write(c->bev, body.p, body.n);
}

/* ---- replies */

static const struct {
    int status;
    const char *phrase;
} phrases[] = {{200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"}, {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"},
               {404, "Not Found"}, {405, "Method Not Allowed"}, {408, "Request Timeout"}, {409, "Conflict"}, {413, "Content Too Large"},
               {414, "URI Too Long"}, {415, "Unsupported Media Type"}, {417, "Expectation Failed"}, {422, "Unprocessable Content"},
               {429, "Too Many Requests"}, {431, "Request Header Fields Too Large"}, {500, "Internal Server Error"}, {501, "Not Implemented"},
               {503, "Service Unavailable"}, {505, "HTTP Version Not Supported"}};

static const char *phrase_of(int status) {
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Status";
}

static void put_date(struct buf *b) {
    static const char days[] = "MonTueWedThuFriSatSun", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t now = clock_now();
    struct civil c;

    civil_from_us(now, &c);
    buf_printf(b, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n", days + 3 * civil_weekday(now), c.day, months + 3 * (c.mon - 1), c.year, c.hour,
               c.min, c.sec);
}

static void put_head(struct buf *b, int status, const char *content_type, const char *headers, bool closing) {
    buf_printf(b, "HTTP/1.1 %d %s\r\n", status, phrase_of(status));
    put_date(b);
    if (content_type)
        buf_printf(b, "Content-Type: %s\r\n", content_type);
    buf_text(b, "Cache-Control: no-store\r\n");
    if (closing)
        buf_text(b, "Connection: close\r\n");
    if (headers)
        buf_text(b, headers);
}

static void request_free(struct http_request *r) {
    struct http_conn *c = r->conn;

    if (c) {
        c->req = NULL;
        http_parser_reset(c->parser);
    } else {
        http_parser_free(r->parser);
    }
    free(r);
}

static void conn_reply(struct http_conn *c, int status, const char *content_type, const char *headers, struct str body, bool head) {
    struct buf b;

    buf_init(&b, 16 << 10);
    put_head(&b, status, content_type, headers, c->closing);
    buf_printf(&b, "Content-Length: %zu\r\n\r\n", body.n);
    conn_wait(c, W_WRITE);
    conn_send(c, &b, head ? STR_NONE : body);
    buf_fini(&b);
}

void http_reply(struct http_request *r, int status, const char *content_type, const char *headers, struct str body) {
    struct http_conn *c = r->conn;

    if (c) {
        c->closing |= r->r->close || status == 413 || status == 429;
        conn_reply(c, status, content_type, headers, body, r->r->head);
    }
    request_free(r);
}

static void conn_reject(struct http_conn *c, const char *kind, int status) {
    char text[64];
    int n = snprintf(text, sizeof text, "%d %s\n", status, phrase_of(status));

    if (c->s->ops->on_reject)
        c->s->ops->on_reject(c->s->ctx, kind, status);
    c->closing = true;
    bufferevent_disable(c->bev, EV_READ);
    conn_reply(c, status, "text/plain; charset=utf-8", NULL, str_n(text, (size_t)n), false);
}

/* ---- streams */

void http_stream(struct http_request *r, int status, const char *content_type, void (*on_gone)(void *ctx), void *ctx) {
    struct http_conn *c = r->conn;
    struct buf b;

    r->streaming = true;
    r->on_gone = on_gone;
    r->gone_ctx = ctx;
    if (!c)
        return;
    c->closing = true;
    buf_init(&b, 4096);
    put_head(&b, status, content_type, "Transfer-Encoding: chunked\r\n\r\n", true);
    conn_wait(c, W_STREAM);
    conn_send(c, &b, STR_NONE);
    buf_fini(&b);
    bufferevent_enable(c->bev, EV_READ); /* to see it go */
}

bool http_stream_send(struct http_request *r, struct str bytes) {
    struct buf b;

    if (!r->conn || conn_unsent(r->conn) > STREAM_HIGH)
        return false;
    if (bytes.n == 0)
        return true; /* an empty chunk would be the end */
    buf_init(&b, 64);
    buf_printf(&b, "%zx\r\n", bytes.n);
    conn_send(r->conn, &b, bytes);
    bufferevent_write(r->conn->bev, "\r\n", 2);
    buf_fini(&b);
    return true;
}

void http_stream_end(struct http_request *r) {
    struct http_conn *c = r->conn;

    r->on_gone = NULL;
    if (c) {
        conn_wait(c, W_WRITE);
        bufferevent_write(c->bev, "0\r\n\r\n", 5);
    }
    request_free(r);
}

/* ---- requests coming in */

static void conn_request(struct http_conn *c) {
    struct http_request *r = calloc(1, sizeof *r);

    if (!r) {
        conn_reject(c, "limit", 503);
        return;
    }
    *r = (struct http_request){.conn = c, .parser = c->parser, .peer = c->peer, .r = http_parser_result(c->parser)};
    memcpy(r->address, c->address, sizeof r->address);
    if (!str_absent(c->peer.address))
        r->peer.address = str_of(r->address);
    c->req = r;
    conn_wait(c, W_REPLY);
    bufferevent_disable(c->bev, EV_READ);
    c->s->ops->on_request(c->s->ctx, r);
}

static void conn_step(struct http_conn *c, struct evbuffer *in) {
    struct evbuffer_iovec v;
    int status;

    if (evbuffer_peek(in, -1, NULL, &v, 1) < 1)
        return;
    struct str bytes = str_n(v.iov_base, v.iov_len);
    enum rc rc = http_parser_feed(c->parser, &bytes, &status);
    evbuffer_drain(in, v.iov_len - bytes.n);
    if (rc == RC_OK)
        conn_request(c);
    else if (rc == RC_INVALID)
        conn_reject(c, status == 413 || status == 414 || status == 431 ? "too-large" : "bad-request", status);
    else if (http_parser_continue(c->parser))
        bufferevent_write(c->bev, "HTTP/1.1 100 Continue\r\n\r\n", 25);
}

/* Between two requests: whether there is one half come, nothing, or the end. */
static void conn_await(struct http_conn *c) {
    if (c->eof) {
        c->closing = true;
        if (conn_unsent(c) == 0)
            conn_free(c);
        return;
    }
    conn_wait(c, !http_parser_begun(c->parser) ? W_IDLE : http_parser_phase(c->parser) == HTTP_HEADER ? W_HEADER : W_BODY);
    bufferevent_enable(c->bev, EV_READ);
}

static void conn_pump(struct http_conn *c) {
    struct evbuffer *in = bufferevent_get_input(c->bev);
    bool outer = !c->busy;

    c->busy = true;
    while (!c->freed && !c->req && !c->closing && c->wait != W_WRITE && evbuffer_get_length(in) > 0)
        conn_step(c, in);
    if (!c->freed && !c->req && !c->closing && c->wait != W_WRITE)
        conn_await(c);
    c->busy = !outer;
    if (outer && c->freed)
        conn_destroy(c);
}

static void on_read(struct bufferevent *bev, void *arg) {
    struct http_conn *c = arg;

    if (c->wait == W_LINGER || c->wait == W_STREAM)
        evbuffer_drain(bufferevent_get_input(bev), SIZE_MAX);
    else
        conn_pump(c);
}

static void on_write(struct bufferevent *bev, void *arg) {
    struct http_conn *c = arg;

    (void)bev;
    if (c->wait == W_WRITE && conn_unsent(c) == 0)
        conn_written(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg) {
    struct http_conn *c = arg;

    (void)bev;
    c->eof = true;
    if (what & BEV_EVENT_EOF && c->wait == W_WRITE)
        return; /* it may only have closed its side: the answer still goes out */
    if (what & BEV_EVENT_EOF && (c->wait == W_HEADER || c->wait == W_BODY) && c->s->ops->on_reject)
        c->s->ops->on_reject(c->s->ctx, "bad-request", 400);
    conn_free(c);
}

static void on_timer(evutil_socket_t fd, short what, void *arg) {
    struct http_conn *c = arg;

    (void)fd, (void)what;
    if (c->wait != W_HEADER && c->wait != W_BODY)
        conn_free(c);
    else
        conn_reject(c, "timeout", 408);
}

/* ---- its life */

bool http_conn_start(struct http_conn *c, int fd) {
    struct http_server *s = c->s;

    c->parser = http_parser_new(&c->lim);
    c->timer = event_new(s->base, -1, 0, on_timer, c);
    c->bev = c->parser && c->timer ? bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE) : NULL;
    if (!c->bev) {
        http_parser_free(c->parser);
        if (c->timer)
            event_free(c->timer);
        return false;
    }
    c->next = s->conns;
    c->at = &s->conns;
    if (c->next)
        c->next->at = &c->next;
    s->conns = c;
    s->count++;
    s->accepted++;
    bufferevent_setcb(c->bev, on_read, on_write, on_event, c);
    bufferevent_setwatermark(c->bev, EV_READ, 0, READ_HIGH);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
    conn_wait(c, W_IDLE);
    return true;
}

void http_conn_free(struct http_conn *c) {
    conn_destroy(c);
}
