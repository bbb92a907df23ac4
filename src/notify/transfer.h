/* SPDX-License-Identifier: ISC
 *
 * transfer.h - one carry on its way: between the carrier, which runs it, and the channels, which prepare it
 */
#ifndef TOCSIN_NOTIFY_TRANSFER_H
#define TOCSIN_NOTIFY_TRANSFER_H

#include <curl/curl.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/carry.h"
#include "notify/notify_conf.h"

#define TRANSFER_ARENA (4u << 20)
#define RESPONSE_MAX (64u << 10) /* a target that talks more is cut off */

struct transfer {
    struct transfer *next;
    struct arena arena;      /* holds the copy of the carry and all that libcurl borrows */
    struct carry carry;
    CURL *easy;
    struct curl_slist *list; /* recipients or headers */
    struct str upload;       /* what is sent */
    size_t sent;
    size_t received;
    char reply[200];         /* the last line the far side said */
    char error[CURL_ERROR_SIZE];
    bool private_addresses;  /* webhook targets: checked when the socket is opened */
    bool refused_address;
    int64_t started;
};

struct channel_env {
    const struct notify_conf *conf;
    struct str secret; /* mail password or the person's signing secret; absent when none */
    int64_t now;
};
/* Sets everything on t->easy that its channel needs. */
typedef enum rc (*channel_fn)(struct transfer *t, const struct channel_env *env, struct err *e);
enum rc channel_email(struct transfer *t, const struct channel_env *env, struct err *e);
enum rc channel_webhook(struct transfer *t, const struct channel_env *env, struct err *e);

/* Standard Webhooks: "v1,base64(HMAC-SHA256(id.timestamp.body))" for a secret "whsec_BASE64" (or raw bytes). */
enum rc webhook_sign(struct str secret, struct str id, int64_t seconds, struct str body, struct buf *out, struct err *e);
/* Loopback, private, link-local, multicast, unspecified, mapped ones of those: not for strangers' eyes (SSRF). */
struct sockaddr;
bool address_is_private(const struct sockaddr *sa);
/* True when the host of a URL is localhost or a loopback address. */
bool url_is_loopback(struct str url);

#endif
