/* SPDX-License-Identifier: ISC
 *
 * role_notify.c - the notify role: the carrier between the desk's link and the world
 *
 * It may die at any moment: what it had not reported is still "sending" in the outbox and will be handed over again.
 */
#include "daemon/role_notify.h"

#include <stdlib.h>

#include "base/log.h"
#include "daemon/role.h"
#include "link/codec.h"
#include "notify/carrier.h"

#define DESK_HIGH (4u << 20)
#define DESK_LOW (1u << 20)

struct notifier {
    struct role_loop *role;
    struct carrier *carrier;
    struct link *desk;
    bool stopping;
    struct arena arena;
};

static void report(void *ctx, const struct carried *c)
{
    struct notifier *n = ctx;
    struct buf b;
    buf_init(&b, LINK_FRAME_MAX);
    if (!n->desk || !carried_encode(&b, c) || link_send(n->desk, FRAME_CARRIED, buf_view(&b), NULL, 0))
        log_warn("notice", "%lld: status=unreported, the desk will hand it over again", (long long)c->id);
    buf_fini(&b);
    if (n->stopping && !carrier_pending(n->carrier)) event_base_loopexit(role_base(n->role), NULL);
}

static struct str secret(void *ctx, const char *name)
{
    struct notifier *n = ctx;
    return role_generation(n->role) ? generation_secret(role_generation(n->role), name) : STR_NONE;
}

static void refuse(struct notifier *n, int64_t id, const struct err *e)
{
    struct carried out = {.id = id, .retry_after = 0, .code = str_of(e->text)};
    report(n, &out);
}

static void on_desk_frame(void *ctx, struct link *l, unsigned type, struct str payload, const int *fds, size_t nfds)
{
    struct notifier *n = ctx;
    struct carry c;
    struct err e = {0};
    (void)l, (void)fds, (void)nfds;
    arena_reset(&n->arena);
    if (type != FRAME_CARRY || !carry_decode(payload, &c)) {
        log_err("notice", "a frame from the desk makes no sense: frame=%s bytes=%zu", frame_name(type), payload.n);
        return;
    }
    if (carrier_take(n->carrier, &c, &e)) refuse(n, c.id, &e);
}

static void on_desk_down(void *ctx, struct link *l, const char *why)
{
    struct notifier *n = ctx;
    log_note("role", "the desk is gone, waiting for the next one: %s", why);
    n->desk = NULL;
    link_free(l);
}

static const struct link_ops desk_ops = {on_desk_frame, on_desk_down, NULL};

static void on_peer(void *ctx, const char *role, uint32_t worker, int fd)
{
    struct notifier *n = ctx;
    (void)role, (void)worker;
    if (n->desk) link_free(n->desk);
    n->desk = link_new(role_base(n->role), fd, DESK_HIGH, DESK_LOW, &desk_ops, n);
    if (!n->desk) role_fail(n->role, 75);
}

static void on_swap(void *ctx, struct generation *g)
{
    struct notifier *n = ctx;
    carrier_configure(n->carrier, &g->config.notify);
}

static void on_stop(void *ctx)
{
    struct notifier *n = ctx;
    struct timeval grace = {3, 0};
    n->stopping = true;
    event_base_loopexit(role_base(n->role), carrier_pending(n->carrier) ? &grace : NULL);
}

int role_notify_main(int parent_fd)
{
    static const struct role_ops ops = {.name = "notify", .parts = 1u << SEC_CONFIG, .swap = on_swap, .peer = on_peer, .stop = on_stop};
    struct notifier n = {0};
    int status = 1;
    arena_init(&n.arena, LINK_FRAME_MAX);
    n.role = role_new(parent_fd, &ops, &n);
    if (n.role) n.carrier = carrier_new(role_base(n.role), report, secret, &n);
    if (n.carrier) status = role_run(n.role, NULL);
    if (n.desk) link_free(n.desk);
    carrier_free(n.carrier);
    role_free(n.role);
    arena_fini(&n.arena);
    return status;
}
