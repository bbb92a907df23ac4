/* SPDX-License-Identifier: ISC
 *
 * carrier.c - runs transfers: libcurl's multi interface on libevent
 *
 * A name server that never answers can block libcurl for seconds; that is why this runs in a process of its own, and why QUICK_EXIT
 * is set (reliability.md F6).
 */
#include "notify/carrier.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/esc.h"
#include "base/log.h"
#include "model/vocab.h"
#include "notify/transfer.h"

struct carrier {
    struct event_base *base;
    struct event *timer;
    CURLM *multi;
    carried_fn done;
    secret_fn secret;
    void *ctx;
    const struct notify_conf *conf;
    struct transfer *waiting, *running;
    size_t nwaiting, nrunning;
};

static const struct { int channel; channel_fn prepare; } channels[] = {
#define CHANNEL(word, fn) {word, fn},
#include "notify/channels.def"
#undef CHANNEL
};

static channel_fn channel_of(int channel)
{
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        if (channels[i].channel == channel) return channels[i].prepare;
    return NULL;
}

static void transfer_free(struct transfer *t)
{
    if (t->easy) curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->list);
    arena_fini(&t->arena);
    free(t);
}

static struct transfer *transfer_new(const struct carry *in)
{
    struct transfer *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    arena_init(&t->arena, TRANSFER_ARENA);
    t->carry = *in;
    struct str *strs[] = {&t->carry.uuid, &t->carry.object, &t->carry.to_login, &t->carry.address, &t->carry.subject,
                          &t->carry.headers, &t->carry.body_text, &t->carry.body_html, &t->carry.body_json};
    for (size_t i = 0; i < sizeof strs / sizeof *strs; i++) {
        bool was = !str_absent(*strs[i]);
        *strs[i] = arena_str(&t->arena, *strs[i]);
        if (was && str_absent(*strs[i])) {
            transfer_free(t);
            return NULL;
        }
    }
    return t;
}

/* ---- what became of it */

static void report(struct carrier *c, struct transfer *t, bool ok, bool permanent, int64_t retry_after, const char *code)
{
    struct buf b;
    buf_init(&b, 200);
    esc_term(&b, str_sub(str_of(code), 0, 150));
    struct carried out = {.id = t->carry.id, .ok = ok, .permanent = permanent, .retry_after = retry_after, .code = buf_view(&b),
                          .started = t->started, .ended = clock_now()};
    c->done(c->ctx, &out);
    buf_fini(&b);
}

static void finish(struct carrier *c, struct transfer *t, CURLcode cc)
{
    long status = 0;
    curl_off_t retry = 0;
    char code[CURL_ERROR_SIZE + 64];
    bool http = t->carry.channel == CHANNEL_WEBHOOK;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry);
    bool ok = cc == CURLE_OK && (http ? status >= 200 && status < 300 : true);
    if (t->refused_address)
        snprintf(code, sizeof code, "the target resolves to a private address (webhook_out.private_addresses)");
    else if (cc == CURLE_OK && http)
        snprintf(code, sizeof code, "HTTP %ld", status);
    else if (cc == CURLE_OK || (status >= 400 && t->reply[0]))
        snprintf(code, sizeof code, "%s", t->reply);
    else
        snprintf(code, sizeof code, "%s", t->error[0] ? t->error : curl_easy_strerror(cc));
    /* 4xx of HTTP is the sender's fault and stays so, but for the three that mean "later" */
    bool permanent = !ok && ((http && status >= 300 && status < 500 && status != 408 && status != 425 && status != 429) ||
                             (!http && status >= 500 && status < 600) || t->refused_address);
    report(c, t, ok, permanent, (int64_t)retry * US_PER_S, code);
}

/* ---- libcurl on libevent */

static void start_waiting(struct carrier *c);

static void reap(struct carrier *c)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(c->multi, &left))) {
        if (m->msg != CURLMSG_DONE) continue;
        CURLcode cc = m->data.result;
        CURL *easy = m->easy_handle;
        struct transfer **at = &c->running;
        while (*at && (*at)->easy != easy) at = &(*at)->next;
        curl_multi_remove_handle(c->multi, easy);
        if (!*at) continue;
        struct transfer *t = *at;
        *at = t->next;
        c->nrunning--;
        finish(c, t, cc);
        transfer_free(t);
    }
    start_waiting(c);
}

static void on_socket(evutil_socket_t fd, short what, void *ctx)
{
    struct carrier *c = ctx;
    int running, action = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(c->multi, fd, action, &running);
    reap(c);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    struct carrier *c = ctx;
    int running;
    (void)fd, (void)what;
    curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    reap(c);
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *per_socket)
{
    struct carrier *c = ctx;
    struct event *ev = per_socket;
    (void)easy;
    if (ev) event_free(ev);
    ev = NULL;
    if (what != CURL_POLL_REMOVE) {
        short flags = (short)((what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);
        ev = event_new(c->base, fd, flags, on_socket, c);
        if (ev) event_add(ev, NULL);
    }
    curl_multi_assign(c->multi, fd, ev);
    return 0;
}

static int want_timer(CURLM *multi, long ms, void *ctx)
{
    struct carrier *c = ctx;
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};
    (void)multi;
    if (ms < 0)
        event_del(c->timer);
    else
        event_add(c->timer, &tv);
    return 0;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    (void)p;
    t->received += size * n;
    return t->received > RESPONSE_MAX ? 0 : size * n;
}

static size_t on_reply_line(char *p, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    struct str line = str_trim(str_n(p, size * n));
    /* the good-bye to our QUIT says nothing about the message */
    if (line.n && !str_starts(line, STR("221"))) str_copy(t->reply, sizeof t->reply, line);
    return size * n;
}

/* ---- in and out of the queue */

static enum rc start(struct carrier *c, struct transfer *t, struct err *e)
{
    channel_fn prepare = channel_of(t->carry.channel);
    if (!prepare) return err_set(e, RC_INVALID, "there is no channel %d", t->carry.channel);
    if (!(t->easy = curl_easy_init())) return err_set(e, RC_NOMEM, "no memory for a transfer");
    curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(t->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(t->easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "tocsin");
    curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_reply_line);
    curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
    char name[128] = "mail.password";
    if (t->carry.channel == CHANNEL_WEBHOOK) snprintf(name, sizeof name, "person.%.*s", STR_FMT(t->carry.to_login));
    struct channel_env env = {.conf = c->conf, .secret = c->secret(c->ctx, name), .now = t->started};
    enum rc rc = prepare(t, &env, e);
    if (!rc && curl_multi_add_handle(c->multi, t->easy) != CURLM_OK) rc = err_set(e, RC_NOMEM, "no memory for a transfer");
    return rc;
}

static void start_waiting(struct carrier *c)
{
    while (c->waiting && c->conf && c->nrunning < (size_t)c->conf->parallel) {
        struct transfer *t = c->waiting;
        struct err e = {0};
        c->waiting = t->next;
        c->nwaiting--;
        t->started = clock_now();
        enum rc rc = start(c, t, &e);
        if (rc) {
            report(c, t, false, rc == RC_INVALID, 0, e.text);
            transfer_free(t);
            continue;
        }
        t->next = c->running;
        c->running = t;
        c->nrunning++;
    }
}

enum rc carrier_take(struct carrier *c, const struct carry *in, struct err *e)
{
    if (c->nwaiting >= CARRIER_QUEUE) return err_set(e, RC_BUSY, "%zu notices are waiting already", c->nwaiting);
    struct transfer *t = transfer_new(in);
    if (!t) return err_set(e, RC_NOMEM, "no memory for a notice");
    struct transfer **at = &c->waiting;
    while (*at && (*at)->carry.urgency <= t->carry.urgency) at = &(*at)->next;
    t->next = *at;
    *at = t;
    c->nwaiting++;
    start_waiting(c);
    return RC_OK;
}

size_t carrier_pending(const struct carrier *c)
{
    return c->nwaiting + c->nrunning;
}

void carrier_configure(struct carrier *c, const struct notify_conf *conf)
{
    c->conf = conf;
    start_waiting(c);
}

struct carrier *carrier_new(struct event_base *base, carried_fn done, secret_fn secret, void *ctx)
{
    struct carrier *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    *c = (struct carrier){.base = base, .done = done, .secret = secret, .ctx = ctx};
    c->timer = evtimer_new(base, on_timer, c);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) c->multi = curl_multi_init();
    if (!c->timer || !c->multi) {
        carrier_free(c);
        return NULL;
    }
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, want_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    return c;
}

void carrier_free(struct carrier *c)
{
    if (!c) return;
    for (struct transfer *t = c->running, *next; t; t = next) {
        next = t->next;
        curl_multi_remove_handle(c->multi, t->easy);
        transfer_free(t);
    }
    for (struct transfer *t = c->waiting, *next; t; t = next) {
        next = t->next;
        transfer_free(t);
    }
    if (c->multi) curl_multi_cleanup(c->multi);
    if (c->timer) event_free(c->timer);
    free(c);
}
