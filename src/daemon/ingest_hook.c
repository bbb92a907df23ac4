/* SPDX-License-Identifier: ISC
 *
 * ingest_hook.c - webhooks: a request becomes a delivery, the desk's acknowledgement becomes the answer
 *
 * Takes   whole requests from the HTTP server.
 * Gives   202 (or what the desk says) after the commit; 503 whenever it cannot be known or cannot be, so that the sender tries again
 *         with the same delivery id.
 * Keeps   requests whose delivery is in flight, each at most WAIT_US.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/ingest.h"
#include "http/http.h"
#include "intake/allow.h"
#include "intake/webhook.h"

#define WAIT_US (30 * US_PER_S)
#define WARN_US US_PER_MIN
#define ARENA_LIMIT ((size_t)64 << 20)
#define ARENA_SPARE ((size_t)1 << 20)
#define JSON "application/json"
#define RETRY "Retry-After: 5\r\n"

struct waiting { /* a request whose delivery is in flight; req NULL when it was answered already */
    struct waiting *next, **at;
    struct ingest_hook *h;
    struct http_request *req;
    int64_t since;
};

struct ingest_hook {
    struct ingest *in;
    struct http_server *server;
    struct webhooks *hooks, *next;
    struct allow *fails;
    struct arena arena;
    struct waiting *waiting; /* newest first */
    size_t nwaiting;
    int64_t warned; /* of failed authentications, monotonic */
};

/* ---- answers */

static void say(struct http_request *r, int status, const char *headers, const char *code, const char *text) {
    struct buf b;

    buf_init(&b, 1024);
    buf_printf(&b, "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}\n", code, text);
    http_reply(r, status, JSON, headers, buf_view(&b));
    buf_fini(&b);
}

static void say_later(struct http_request *r) {
    say(r, 503, RETRY, "busy", "not stored, send it again");
}

static void waiting_drop(struct waiting *w) {
    *w->at = w->next;
    if (w->next)
        w->next->at = w->at;
    w->h->nwaiting -= w->req != NULL;
    free(w);
}

static struct waiting *waiting_new(struct ingest_hook *h, struct http_request *r) {
    struct waiting *w = calloc(1, sizeof *w);

    if (!w)
        return NULL;
    *w = (struct waiting){.next = h->waiting, .at = &h->waiting, .h = h, .req = r, .since = clock_mono()};
    if (w->next)
        w->next->at = &w->next;
    h->waiting = w;
    h->nwaiting++;
    return w;
}

static void on_done(void *ctx, struct flown *x, const struct ack *a) {
    struct waiting *w = ctx;
    struct account *by = &w->h->in->by[TRANSPORT_HTTP];
    struct http_request *r = w->req;

    ingest_account(by, a, TRANSPORT_HTTP, x->lines[TRANSPORT_HTTP]);
    waiting_drop(w);
    if (r && a && !a->refused && a->status)
        http_reply(r, a->status, JSON, NULL, a->answer);
    else if (r)
        say_later(r);
}

void ingest_hook_tick(struct ingest_hook *h, int64_t now) {
    for (struct waiting *w = h->waiting, *next; w; w = next) {
        next = w->next;
        if (!w->req || now - w->since < WAIT_US)
            continue;
        struct http_request *r = w->req;
        w->req = NULL;
        h->nwaiting--;
        say_later(r);
    }
}

uint64_t ingest_hook_connections(const struct ingest_hook *h) {
    return http_server_accepted(h->server);
}

size_t ingest_hook_waiting(const struct ingest_hook *h) {
    return h->nwaiting;
}

/* ---- from a body to a delivery */

static const struct dialect_map *dialect_of(const struct generation *g, const struct webhook_conf *c) {
    for (size_t i = 0; i < g->ndialects; i++)
        if (str_is(dialect_map_name(g->dialects[i]), c->dialect))
            return g->dialects[i];
    return NULL;
}

static void message_of(const struct generation *g, const struct webhook_call *call, const struct webhook_conf *c, struct http_request *r,
                       struct message *m) {
    memset(m, 0, sizeof *m);
    m->raw = http_body(r);
    m->arrived = m->time = clock_now();
    m->peer = http_peer(r)->address;
    m->transport = TRANSPORT_HTTP;
    m->source = (uint16_t)call->index;
    m->org = ingest_org(g, c->org);
    m->repeat = 1;
    m->dialect = DIALECT_JSON;
    m->valid = true;
    m->pri = m->version = -1;
}

/* The sender's own claim: every field it names, its host among them. */
static void own_claim(const struct generation *g, const struct message *m, struct str rule, struct sighting_one *one, struct sighting *s) {
    struct str host = message_field(m, F_HOST, STR_NONE);

    memset(s, 0, sizeof *s);
    *one = (struct sighting_one){m->time, 1};
    s->rule = rule;
    s->rule_index = UINT32_MAX;
    s->generation = g->number;
    s->org = m->org;
    s->ntimes = 1;
    s->times = &one->time;
    s->total = 1;
    if (!str_absent(host))
        s->fields[s->nfields++] = (struct field){F_HOST, FIELD_DERIVED, STR_NONE, host};
    for (size_t i = 0; i < m->nfields && s->nfields < SIGHTING_FIELDS_MAX; i++)
        if (m->fields[i].id != F_HOST)
            s->fields[s->nfields++] = m->fields[i];
}

#define SIGHTINGS_MAX (DIALECT_PARTS_MAX + PIPELINE_HITS_MAX)

struct claims { /* what the sightings of one delivery stand in */
    struct message *m[DIALECT_PARTS_MAX];
    struct sighting s[SIGHTINGS_MAX];
    struct sighting_one one[SIGHTINGS_MAX];
    struct delivery_claim own[DIALECT_PARTS_MAX];
    size_t nown, n, nhits, lost; /* own claims, all sightings, of rules, of those beyond PIPELINE_HITS_MAX */
    uint32_t hits[PIPELINE_HITS_MAX];
    uint8_t of[PIPELINE_HITS_MAX]; /* the part a rule matched on */
};

static void claim_own(struct claims *cl, const struct generation *g, const struct message *m, struct str rule, const struct dialect_event *de) {
    if (!de->claims)
        return;
    cl->own[cl->nown] = (struct delivery_claim){.title = de->title, .key = de->key, .level = de->level, .resolved = de->resolved,
                                                .rsit_class = str_of(de->rsit->cls), .rsit_type = str_of(de->rsit->type)};
    own_claim(g, m, rule, &cl->one[cl->nown], &cl->s[cl->nown]);
    cl->nown++;
}

/* The rules are asked about each part, and take back nothing: a part that is over is no sighting. */
static void claim_rules(struct ingest *in, struct claims *cl, size_t part, const struct dialect_event *de) {
    uint32_t hits[PIPELINE_HITS_MAX];
    size_t n = pipeline_fields(&in->now, cl->m[part], hits);

    for (size_t i = 0; i < n && !de->resolved; i++) {
        if (cl->nhits == PIPELINE_HITS_MAX) {
            cl->lost++;
            continue;
        }
        cl->of[cl->nhits] = (uint8_t)part;
        cl->hits[cl->nhits++] = hits[i];
    }
}

static bool part_read(struct ingest_hook *h, const struct webhook_call *call, const struct webhook_conf *c, struct http_request *r,
                      const struct dialect_map *dialect, const struct json *j, size_t part, struct str rule, struct claims *cl) {
    struct ingest *in = h->in;
    struct dialect_event de = {.level = LEVEL_MEDIUM};
    struct message *m = cl->m[part] = arena_alloc(&h->arena, sizeof *m);

    if (!m)
        return false;
    message_of(in->g, call, c, r, m);
    dialect_part(dialect, j, part, &h->arena, m, &de);
    if (str_absent(m->host))
        m->host = str_of(c->host && *c->host ? c->host : c->name);
    claim_own(cl, in->g, m, rule, &de);
    claim_rules(in, cl, part, &de);
    m->flags |= MSG_FIELDS; /* the dialect made them */
    in->by[TRANSPORT_HTTP].partial += m->fields_dropped > 0;
    return true;
}

/* What the parts share stands in the claim of each: a body that makes more than a frame holds claims less, and is kept whole. It would come again for ever. */
static bool delivery_fit(struct delivery *d, struct buf *payload, size_t *left_out) {
    while (!delivery_encode(payload, d)) {
        if (d->n == 0)
            return false;
        *left_out += d->n - d->nclaims / 2;
        d->n = d->nclaims = d->nclaims / 2;
        buf_reset(payload);
    }
    return true;
}

static bool delivery_make(struct ingest_hook *h, const struct webhook_call *call, const struct webhook_conf *c, struct http_request *r,
                          const struct json *j, struct buf *payload) {
    struct ingest *in = h->in;
    const struct dialect_map *dialect = dialect_of(in->g, c);
    struct claims *cl = arena_alloc(&h->arena, sizeof *cl);
    struct message none;
    char rule[96] = "webhook.";
    size_t over = 0, parts = dialect ? dialect_parts(dialect, j, &over) : 0;

    if (!cl || !dialect)
        return false;
    cl->nown = cl->nhits = cl->lost = 0;
    str_copy(rule + 8, sizeof rule - 8, str_of(c->name));
    for (size_t i = 0; i < parts; i++)
        if (!part_read(h, call, c, r, dialect, j, i, str_of(rule), cl))
            return false;
    message_of(in->g, call, c, r, &none);
    struct message *m = parts ? cl->m[0] : &none;
    tally_line(in->tally, &in->now, m, cl->nhits > 0);
    cl->n = cl->nown;
    for (size_t i = 0; i < cl->nhits; i++, cl->n++)
        pipeline_sighting(&in->now, cl->m[cl->of[i]], cl->hits[i], &cl->one[cl->n], &cl->s[cl->n]);
    struct delivery d = {.epoch = in->flight.epoch, .seq = flight_next(&in->flight), .worker = in->flight.worker, .webhook = str_of(c->name),
                         .id = str_of(call->id), .org = m->org, .sightings = cl->s, .n = cl->n, .claims = cl->own, .nclaims = cl->nown,
                         .line = {.raw = m->raw, .peer = m->peer, .arrived = m->arrived, .time = m->time, .transport = m->transport,
                                  .source = m->source, .flags = m->flags}};
    over += cl->lost;
    if (!delivery_fit(&d, payload, &over))
        return false;
    if (over) {
        log_warn("intake", "webhook %s: delivery=%s says %zu things more than one may: they are in the record, and claim nothing", c->name, call->id, over);
        in->by[TRANSPORT_HTTP].partial++;
    }
    return true;
}

static void take(struct ingest_hook *h, const struct webhook_call *call, struct http_request *r) {
    struct ingest *in = h->in;
    struct account *by = &in->by[TRANSPORT_HTTP];
    const struct webhook_conf *c = (const struct webhook_conf *)in->g->config.intake.webhooks.v + call->index;
    uint64_t lines[TRANSPORT__COUNT] = {[TRANSPORT_HTTP] = 1};
    struct json *j = NULL;
    struct err e = {0};
    struct buf payload;

    if (json_parse(http_body(r), in->g->config.intake.limits.body, &j, &e) != RC_OK) {
        by->invalid++;
        log_debug("intake", "webhook %s: delivery=%s refused: %s", c->name, call->id, e.text);
        say(r, 400, NULL, "invalid", "the body is no JSON (RFC 8259), or holds a key twice");
        return;
    }
    by->received++;
    by->bytes += http_body(r).n;
    buf_init(&payload, LINK_FRAME_MAX);
    struct waiting *w = NULL;
    ingest_flush(in); /* what was said before stays before */
    if (ingest_accepting(in) && delivery_make(h, call, c, r, j, &payload) && (w = waiting_new(h, r)) &&
        flight_take(&in->flight, FRAME_DELIVERY, &payload, lines, on_done, w) == RC_OK) {
        ingest_hold(in);
    } else {
        if (w)
            waiting_drop(w);
        by->shed++;
        buf_fini(&payload);
        say_later(r);
    }
    json_free(j);
    if (h->arena.used > ARENA_SPARE)
        arena_fini(&h->arena);
    else
        arena_reset(&h->arena);
}

/* ---- requests */

static struct str header_of(const void *from, const char *name) {
    return http_header(from, name);
}

static void turn_away(struct ingest_hook *h, struct http_request *r, int status) {
    struct account *by = &h->in->by[TRANSPORT_HTTP];
    struct allow_key key;

    by->invalid++;
    if (status != 401) {
        say(r, status, status == 405 ? "Allow: POST\r\n" : NULL, status == 404 ? "not-found" : "invalid",
            status == 404 ? "there is no such thing" : status == 405 ? "POST only" : "the delivery id makes no sense");
        return;
    }
    bool known = allow_text_key(http_peer(r)->address, &key);
    if (!known || allow_fail(h->fails, &key, clock_mono())) {
        say(r, 401, "WWW-Authenticate: Bearer\r\n", "unauthenticated", "who sends this is not known");
        return;
    }
    if (clock_mono() - h->warned > WARN_US) {
        h->warned = clock_mono();
        log_warn("intake", "webhooks: too many failed authentications from %.*s, its further ones are turned away", STR_FMT(http_peer(r)->address));
    }
    say(r, 429, RETRY, "limit", "too many failures");
}

static void on_request(void *ctx, struct http_request *r) {
    struct ingest_hook *h = ctx;
    struct webhook_request wr = {http_method(r), http_path(r), http_body(r), header_of, r};
    struct webhook_call call;

    if (!h->hooks) {
        say_later(r);
        return;
    }
    int status = webhook_check(h->hooks, &wr, clock_now(), &call);
    if (status)
        turn_away(h, r, status);
    else
        take(h, &call, r);
}

static void on_reject(void *ctx, const char *kind, int status) {
    struct ingest_hook *h = ctx;

    (void)kind;
    if (status)
        h->in->by[TRANSPORT_HTTP].invalid++;
    else
        h->in->by[TRANSPORT_HTTP].refused++;
}

/* ---- setting up */

static struct http_limits limits_of(const struct limits_conf *c) {
    return (struct http_limits){.header = 16 << 10, .body = c->body, .header_us = c->header_time, .body_us = c->body_time, .idle_us = 60 * US_PER_S,
                                .write_us = 30 * US_PER_S, .connections = (int)c->connections, .per_source = (int)c->per_source};
}

struct ingest_hook *ingest_hook_new(struct ingest *in) {
    static const struct http_ops ops = {on_request, on_reject};
    static const struct limits_conf none = {.body = 1 << 20, .connections = 1, .per_source = 1};
    struct http_limits lim = limits_of(&none);
    struct ingest_hook *h = calloc(1, sizeof *h);

    if (!h)
        return NULL;
    h->in = in;
    arena_init(&h->arena, ARENA_LIMIT);
    h->fails = allow_new(1, 1);
    h->server = http_server_new(in->base, &lim, &ops, h);
    if (h->fails && h->server)
        return h;
    ingest_hook_free(h);
    return NULL;
}

void ingest_hook_free(struct ingest_hook *h) {
    if (!h)
        return;
    http_server_free(h->server);
    webhooks_free(h->hooks);
    webhooks_free(h->next);
    allow_free(h->fails);
    arena_fini(&h->arena);
    free(h);
}

static struct str secret_of(void *ctx, const char *name) {
    char key[96] = "webhook.";

    return str_copy(key + 8, sizeof key - 8, str_of(name)) ? generation_secret(ctx, key) : STR_NONE;
}

enum rc ingest_hook_prepare(struct ingest_hook *h, struct generation *g, struct err *e) {
    const struct opt_list *conf = &g->config.intake.webhooks;
    const struct webhook_conf *c = conf->v;

    webhooks_free(h->next);
    h->next = NULL;
    for (size_t i = 0; i < conf->n; i++)
        if (!dialect_of(g, &c[i]))
            return err_set(e, RC_CONFIG, "webhook %s: there is no dialect \"%s\"", c[i].name, c[i].dialect);
    return webhooks_new(conf, secret_of, g, &h->next, e);
}

void ingest_hook_swap(struct ingest_hook *h) {
    struct http_limits lim = limits_of(&h->in->g->config.intake.limits);

    webhooks_free(h->hooks);
    h->hooks = h->next;
    h->next = NULL;
    http_server_limits(h->server, &lim);
}

void ingest_hook_listen(struct ingest_hook *h, int fd) {
    struct err e = {0};

    if (http_server_listen(h->server, fd, &e) != RC_OK)
        log_err("intake", "a listener for webhooks: %s", e.text);
}

void ingest_hook_unlisten(struct ingest_hook *h) {
    http_server_unlisten(h->server);
}
