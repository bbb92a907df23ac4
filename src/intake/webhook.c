/* SPDX-License-Identifier: ISC
 *
 * webhook.c - who may deliver what to POST /v1/in/NAME
 */
#include "intake/webhook.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"

#define KEYS_MAX 2
#define KEY_BYTES ((size_t)4096)
#define SIGNATURES_MAX 16 /* looked at in one request */

struct key {
    unsigned char bytes[KEY_BYTES];
    size_t n;
};

struct hook {
    const struct webhook_conf *conf;
    struct key *keys[KEYS_MAX];
    size_t nkeys;
};

struct webhooks {
    struct hook *v;
    size_t n;
};

/* ---- secrets */

static enum rc key_of(const struct webhook_conf *c, struct str line, struct key *k, struct err *e) {
    struct str prefix = STR("whsec_");
    struct buf b;
    enum rc rc = RC_OK;

    if (c->auth != 2 || !str_starts(line, prefix)) {
        if (line.n > sizeof k->bytes)
            return err_set(e, RC_CONFIG, "webhook %s: its secret is longer than %zu bytes", c->name, sizeof k->bytes);
        memcpy(k->bytes, line.p, line.n);
        k->n = line.n;
        return RC_OK;
    }
    buf_init(&b, sizeof k->bytes);
    if (base64_parse(str_sub(line, prefix.n, line.n), &b) && b.n > 0) {
        memcpy(k->bytes, b.p, b.n);
        k->n = b.n;
    } else {
        rc = err_set(e, RC_CONFIG, "webhook %s: what follows \"whsec_\" in its secret is no base64", c->name);
    }
    if (b.p)
        wipe(b.p, b.cap);
    buf_fini(&b);
    return rc;
}

static enum rc hook_load(struct hook *h, const struct webhook_conf *c, struct str secret, struct err *e) {
    h->conf = c;
    while (!str_absent(secret)) {
        struct str line = str_trim(str_cut(&secret, '\n'));
        if (line.n == 0)
            continue;
        if (h->nkeys == KEYS_MAX)
            return err_set(e, RC_CONFIG, "webhook %s: more than two secrets in its file", c->name);
        struct key *k = calloc(1, sizeof *k);
        if (!k)
            return err_set(e, RC_NOMEM, "out of memory");
        h->keys[h->nkeys++] = k;
        enum rc rc = key_of(c, line, k, e);
        if (rc != RC_OK)
            return rc;
    }
    return h->nkeys ? RC_OK : err_set(e, RC_CONFIG, "webhook %s: no secret in its file", c->name);
}

enum rc webhooks_new(const struct opt_list *conf, webhook_secret_fn secret, void *ctx, struct webhooks **out, struct err *e) {
    struct webhooks *w = calloc(1, sizeof *w);
    const struct webhook_conf *c = conf->v;
    enum rc rc = RC_OK;

    *out = NULL;
    if (!w || !(w->v = calloc(conf->n + 1, sizeof *w->v))) {
        free(w);
        return err_set(e, RC_NOMEM, "out of memory");
    }
    for (size_t i = 0; rc == RC_OK && i < conf->n; i++) {
        w->n = i + 1;
        rc = hook_load(&w->v[i], &c[i], secret(ctx, c[i].name), e);
    }
    if (rc != RC_OK) {
        webhooks_free(w);
        return rc;
    }
    *out = w;
    return RC_OK;
}

void webhooks_free(struct webhooks *w) {
    if (!w)
        return;
    for (size_t i = 0; i < w->n; i++) {
        for (size_t k = 0; k < w->v[i].nkeys; k++) {
            wipe(w->v[i].keys[k], sizeof *w->v[i].keys[k]);
            free(w->v[i].keys[k]);
        }
    }
    free(w->v);
    free(w);
}

/* ---- authentication. Every key is tried, so that the time does not say which was near. */

static bool any_key_signs(const struct hook *h, const struct str *pieces, size_t n, const uint8_t got[SHA256_SIZE]) {
    uint8_t want[SHA256_SIZE];
    bool good = false;

    for (size_t k = 0; k < h->nkeys; k++) {
        hmac_sha256_v(str_n(h->keys[k]->bytes, h->keys[k]->n), pieces, n, want);
        good |= equal_secret(str_n(want, sizeof want), str_n(got, SHA256_SIZE));
    }
    return good;
}

static bool auth_bearer(const struct hook *h, const struct webhook_request *r, int64_t now) {
    struct str token = r->header(r->from, "Authorization"), scheme = str_cut(&token, ' ');
    bool good = false;

    (void)now;
    token = str_trim(token);
    if (!str_eqi(scheme, STR("Bearer")) || token.n == 0)
        return false;
    for (size_t k = 0; k < h->nkeys; k++)
        good |= equal_secret(str_n(h->keys[k]->bytes, h->keys[k]->n), token);
    return good;
}

static bool auth_github(const struct hook *h, const struct webhook_request *r, int64_t now) {
    struct str sig = r->header(r->from, "X-Hub-Signature-256"), prefix = STR("sha256=");
    uint8_t got[SHA256_SIZE];

    (void)now;
    return str_starts(sig, prefix) && hex_parse(str_sub(sig, prefix.n, sig.n), got, sizeof got) && any_key_signs(h, &r->body, 1, got);
}

static bool fresh(struct str stamp, int64_t window, int64_t now) {
    uint64_t s;

    if (!str_u64(stamp, (uint64_t)(INT64_MAX / US_PER_S), &s))
        return false;
    int64_t at = (int64_t)s * US_PER_S;
    return at <= now + window && at >= now - window;
}

static bool auth_standard(const struct hook *h, const struct webhook_request *r, int64_t now) {
    struct str id = r->header(r->from, "webhook-id"), stamp = r->header(r->from, "webhook-timestamp"),
               sigs = r->header(r->from, "webhook-signature");
    const struct str pieces[] = {id, STR("."), stamp, STR("."), r->body};
    uint8_t got[SHA256_SIZE];
    bool good = false;
    struct buf b;

    if (id.n == 0 || !fresh(stamp, h->conf->window, now))
        return false;
    buf_init(&b, 256);
    for (int i = 0; i < SIGNATURES_MAX && !str_absent(sigs); i++) {
        struct str sig = str_cut(&sigs, ' '), version = str_cut(&sig, ',');
        buf_reset(&b);
        if (!str_is(version, "v1") || !base64_parse(sig, &b) || b.n != sizeof got)
            continue; /* v1a and what may come are not for us */
        memcpy(got, b.p, sizeof got);
        good |= any_key_signs(h, pieces, sizeof pieces / sizeof *pieces, got);
    }
    buf_fini(&b);
    return good;
}

static bool (*const auths[])(const struct hook *h, const struct webhook_request *r, int64_t now) = {auth_bearer, auth_github, auth_standard};

/* ---- requests */

static bool delivery_id(const struct webhook_request *r, char out[WEBHOOK_ID_MAX + 1]) {
    static const char *const names[] = {"webhook-id", "X-GitHub-Delivery", "Idempotency-Key"};
    uint8_t digest[SHA256_SIZE];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct str id = r->header(r->from, names[i]);
        if (str_absent(id))
            continue;
        for (size_t j = 0; j < id.n; j++)
            if (id.p[j] <= ' ' || id.p[j] > '~')
                return false;
        return id.n && str_copy(out, WEBHOOK_ID_MAX + 1, id);
    }
    sha256_of(r->body, digest);
    hex_of(digest, sizeof digest, out);
    return true;
}

int webhook_check(const struct webhooks *w, const struct webhook_request *r, int64_t now, struct webhook_call *out) {
    struct str prefix = STR("/v1/in/"), name = str_sub(r->path, prefix.n, r->path.n);
    const struct hook *h = NULL;

    if (!str_starts(r->path, prefix))
        return 404;
    for (size_t i = 0; i < w->n && !h; i++)
        if (str_is(name, w->v[i].conf->name))
            h = &w->v[i];
    if (!h)
        return 404;
    if (!str_is(r->method, "POST"))
        return 405;
    if (!auths[h->conf->auth](h, r, now))
        return 401;
    out->index = (size_t)(h - w->v);
    return delivery_id(r, out->id) ? 0 : 400;
}
