/* SPDX-License-Identifier: ISC
 *
 * channel_webhook.c - a notice by HTTP POST, signed with Standard Webhooks, only to where it was configured to go
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "notify/transfer.h"

static bool v4_private(uint32_t a)
{
    static const struct { uint32_t net, mask; } table[] = {
        {0x00000000, 0xff000000}, {0x0a000000, 0xff000000}, {0x7f000000, 0xff000000}, {0x64400000, 0xffc00000}, {0xa9fe0000, 0xffff0000},
        {0xac100000, 0xfff00000}, {0xc0a80000, 0xffff0000}, {0xe0000000, 0xe0000000},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if ((a & table[i].mask) == table[i].net) return true;
    return false;
}

bool address_is_private(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET) return v4_private(ntohl(((const struct sockaddr_in *)(const void *)sa)->sin_addr.s_addr));
    if (sa->sa_family != AF_INET6) return true;
    const uint8_t *a = ((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr.s6_addr;
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}, nat64[12] = {0x00, 0x64, 0xff, 0x9b}, zero[12] = {0};
    /* ::, ::1, v4-compatible, v4-mapped and NAT64 are what the v4 address inside them is */
    if (!memcmp(a, mapped, 12) || !memcmp(a, nat64, 12) || !memcmp(a, zero, 12))
        return v4_private((uint32_t)a[12] << 24 | (uint32_t)a[13] << 16 | (uint32_t)a[14] << 8 | a[15]);
    return (a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && (a[1] & 0xc0) >= 0x80) || a[0] == 0xff;
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct transfer *t = ctx;
    (void)purpose;
    if (!t->private_addresses && address_is_private(&a->addr)) {
        t->refused_address = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

enum rc webhook_sign(struct str secret, struct str id, int64_t seconds, struct str body, struct buf *out, struct err *e)
{
    struct buf key;
    char stamp[24];
    uint8_t mac[SHA256_SIZE];
    enum rc rc = RC_OK;
    buf_init(&key, 256);
    if (!str_starts(secret, STR("whsec_")))
        buf_str(&key, secret);
    else if (!base64_parse(str_sub(secret, 6, secret.n), &key))
        rc = err_set(e, RC_CONFIG, "a webhook secret that starts with whsec_ must go on in base64");
    if (!rc) {
        int n = snprintf(stamp, sizeof stamp, "%lld", (long long)seconds);
        struct str pieces[] = {id, STR("."), str_n(stamp, (size_t)n), STR("."), body};
        hmac_sha256_v(buf_view(&key), pieces, 5, mac);
        buf_text(out, "v1,");
        base64_add(out, mac, sizeof mac, 0);
    }
    if (key.p) wipe(key.p, key.cap);
    buf_fini(&key);
    return rc;
}

static bool add_header(struct transfer *t, const char *name, struct str value)
{
    char line[512];
    int n = snprintf(line, sizeof line, "%s: %.*s", name, STR_FMT(value));
    struct curl_slist *l = n > 0 && (size_t)n < sizeof line ? curl_slist_append(t->list, line) : NULL;
    if (l) t->list = l;
    return l != NULL;
}

static enum rc sign(struct transfer *t, const struct channel_env *env, struct err *e)
{
    struct buf signature;
    char stamp[24];
    int64_t seconds = env->now / US_PER_S;
    int n = snprintf(stamp, sizeof stamp, "%lld", (long long)seconds);
    if (!add_header(t, "webhook-id", t->carry.uuid) || !add_header(t, "webhook-timestamp", str_n(stamp, (size_t)n)))
        return err_set(e, RC_NOMEM, "no memory for the request");
    if (str_absent(env->secret)) return RC_OK;
    buf_init(&signature, 256);
    enum rc rc = webhook_sign(env->secret, t->carry.uuid, seconds, t->upload, &signature, e);
    if (!rc && !add_header(t, "webhook-signature", buf_view(&signature))) rc = err_set(e, RC_NOMEM, "no memory for the request");
    buf_fini(&signature);
    return rc;
}

enum rc channel_webhook(struct transfer *t, const struct channel_env *env, struct err *e)
{
    const struct hook_conf *h = &env->conf->webhook;
    char *url = arena_cstr(&t->arena, t->carry.address);
    t->upload = t->carry.body_json;
    t->private_addresses = h->private_addresses;
    if (!url) return err_set(e, RC_NOMEM, "no memory for the request");
    enum rc rc = sign(t, env, e);
    if (rc) return rc;
    if (!add_header(t, "Content-Type", STR("application/cloudevents+json")) || !add_header(t, "Expect", STR("")))
        return err_set(e, RC_NOMEM, "no memory for the request");
    curl_easy_setopt(t->easy, CURLOPT_URL, url);
    curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, h->insecure_http ? "https,http" : "https");
    curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->upload.p);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->upload.n);
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->list);
    curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)(h->timeout / 1000));
    curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t);
    if (h->ca_file) curl_easy_setopt(t->easy, CURLOPT_CAINFO, h->ca_file);
    return RC_OK;
}
