/* SPDX-License-Identifier: ISC
 *
 * channel_email.c - a notice by SMTP: STARTTLS, AUTH; without TLS only to this very host
 */
#include <string.h>

#include "base/rng.h"
#include "notify/mime.h"
#include "notify/transfer.h"

#define MESSAGE_MAX (2u << 20)

static size_t read_upload(char *out, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    size_t left = t->upload.n - t->sent, want = size * n;
    if (want > left) want = left;
    if (want) memcpy(out, t->upload.p + t->sent, want);
    t->sent += want;
    return want;
}

static enum rc make_message(struct transfer *t, const struct channel_env *env, struct err *e)
{
    struct buf b;
    char boundary[33];
    rng_hex(boundary, 16);
    buf_init(&b, MESSAGE_MAX);
    enum rc rc = mime_make(&t->carry, env->conf->mail.from, env->now, boundary, &b, e);
    if (!rc) {
        t->upload = arena_str(&t->arena, buf_view(&b));
        if (str_absent(t->upload)) rc = err_set(e, RC_NOMEM, "no memory for the message");
    }
    buf_fini(&b);
    return rc;
}

static char *angle(struct transfer *t, struct str address)
{
    char *p = arena_alloc(&t->arena, address.n + 3);
    if (!p) return NULL;
    p[0] = '<';
    memcpy(p + 1, address.p, address.n);
    p[address.n + 1] = '>';
    return p;
}

static void set_tls(struct transfer *t, const struct mail_conf *m)
{
    static const long level[] = {CURLUSESSL_ALL, CURLUSESSL_TRY, CURLUSESSL_NONE};
    int tls = m->tls;
    if (tls != 0 && !url_is_loopback(str_of(m->server))) tls = 0; /* never in the clear over a wire, whatever was written */
    curl_easy_setopt(t->easy, CURLOPT_USE_SSL, level[tls]);
    if (tls != 0) { /* opportunistic on loopback: a self-made certificate there proves nothing and hides nothing */
        curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (m->ca_file) curl_easy_setopt(t->easy, CURLOPT_CAINFO, m->ca_file);
}

enum rc channel_email(struct transfer *t, const struct channel_env *env, struct err *e)
{
    const struct mail_conf *m = &env->conf->mail;
    if (!m->server) return err_set(e, RC_CONFIG, "mail.server is not set: nobody can be sent e-mail");
    enum rc rc = make_message(t, env, e);
    if (rc) return rc;
    char *from = angle(t, str_of(m->from)), *to = angle(t, t->carry.address);
    if (!from || !to || !(t->list = curl_slist_append(NULL, to))) return err_set(e, RC_NOMEM, "no memory for the message");
    curl_easy_setopt(t->easy, CURLOPT_URL, m->server);
    curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(t->easy, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(t->easy, CURLOPT_MAIL_RCPT, t->list);
    curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->upload.n);
    curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, read_upload);
    curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)(m->timeout / 1000));
    set_tls(t, m);
    if (m->user && !str_absent(env->secret)) {
        char *password = arena_cstr(&t->arena, env->secret);
        curl_easy_setopt(t->easy, CURLOPT_USERNAME, m->user);
        curl_easy_setopt(t->easy, CURLOPT_PASSWORD, password);
        if (password) explicit_bzero(password, env->secret.n); /* libcurl has its copy */
    }
    return RC_OK;
}
