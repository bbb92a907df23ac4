/* SPDX-License-Identifier: ISC
 *
 * webhook.h - who may deliver what to POST /v1/in/NAME
 *
 * Pure: whoever serves HTTP hands in the parts of a request. Signatures are over the bytes of the body as they came, compared in
 * constant time, before anything looks into the body. A secret file of two lines holds two secrets that are both good, while one
 * replaces the other.
 *   bearer    Authorization: Bearer SECRET                                                                (RFC 6750 2.1)
 *   github    X-Hub-Signature-256: sha256=HEX of HMAC-SHA256(secret, body)
 *   standard  webhook-id, webhook-timestamp (seconds), webhook-signature: one or more "v1,BASE64" of HMAC-SHA256(secret,
 *             id.timestamp.body), separated by spaces; the secret is "whsec_" and base64, or else taken as it stands  (standardwebhooks.com)
 */
#ifndef TOCSIN_INTAKE_WEBHOOK_H
#define TOCSIN_INTAKE_WEBHOOK_H

#include "base/err.h"
#include "intake/intake_conf.h"

#define WEBHOOK_ID_MAX 200

struct webhooks;
typedef struct str (*webhook_secret_fn)(void *ctx, const char *name); /* the bytes of its secret file; absent when there is none */
enum rc webhooks_new(const struct opt_list *conf, webhook_secret_fn secret, void *ctx, struct webhooks **out, struct err *e); /* borrows conf */
void webhooks_free(struct webhooks *w); /* wipes the secrets */

struct webhook_request { /* borrowed */
    struct str method, path, body;
    struct str (*header)(const void *from, const char *name); /* absent when absent */
    const void *from;
};
struct webhook_call {
    size_t index; /* of the webhook in conf */
    char id[WEBHOOK_ID_MAX + 1]; /* delivery id: webhook-id, X-GitHub-Delivery, Idempotency-Key, else the body's SHA-256 in hex */
};
/* 0 when the request is good, else the status to answer: 404, 405, 401 (for whatever reason), 400 (an id that makes no sense). */
int webhook_check(const struct webhooks *w, const struct webhook_request *r, int64_t now, struct webhook_call *out);

#endif
