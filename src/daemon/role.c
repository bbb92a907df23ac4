/* SPDX-License-Identifier: ISC
 *
 * role.c - what every long-lived role shares
 */
#include "daemon/role.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/pack.h"
#include "daemon/confine.h"

#define PARENT_HIGH (1u << 20)
#define PARENT_LOW (64u << 10)

struct role_loop {
    const struct role_ops *ops;
    void *ctx;
    struct event_base *base;
    struct link *parent;
    struct event *alive;
    struct generation *now, *next;
    int status;
};

static void say(struct role_loop *r, unsigned type, struct buf *b)
{
    if (link_send(r->parent, type, buf_view(b), NULL, 0)) log_err("role", "parent link is full: frame=%s dropped", frame_name(type));
    buf_fini(b);
}

static void prepared(struct role_loop *r, uint32_t number, bool ok, const char *text)
{
    struct buf b;
    buf_init(&b, 64u << 10);
    pack_u32(&b, number);
    pack_u8(&b, ok);
    pack_str(&b, str_of(text));
    say(r, FRAME_PREPARED, &b);
}

static void discard(struct role_loop *r)
{
    if (!r->next) return;
    if (r->ops->discard) r->ops->discard(r->ctx);
    generation_free(r->next);
    r->next = NULL;
}

static void on_image(struct role_loop *r, uint32_t number, const int *fds, size_t nfds)
{
    struct errs *es = calloc(1, sizeof *es);
    struct err e = {0};
    char text[768] = "no image came with it";
    discard(r);
    enum rc rc = nfds && es ? generation_open_fd(fds[0], number, r->ops->parts, &r->next, es) : RC_INVALID;
    if (rc && es && es->n) err_format(&es->v[0], text, sizeof text);
    if (!rc && nfds > 1 && (rc = generation_secrets_fd(r->next, fds[1], &e))) err_format(&e, text, sizeof text);
    if (!rc && r->ops->prepare && (rc = r->ops->prepare(r->ctx, r->next, &e))) err_format(&e, text, sizeof text);
    if (rc) discard(r);
    prepared(r, number, rc == RC_OK, rc ? text : "");
    free(es);
}

static void on_swap(struct role_loop *r, uint32_t number)
{
    if (!r->next || r->next->number != number) {
        log_err("role", "told to swap to a generation that was not prepared: generation=%u", number);
        return;
    }
    struct generation *old = r->now;
    r->now = r->next;
    r->next = NULL;
    r->ops->swap(r->ctx, r->now);
    generation_free(old);
}

static void on_frame(void *ctx, struct link *l, unsigned type, struct str payload, const int *fds, size_t nfds)
{
    struct role_loop *r = ctx;
    struct unpack u;
    char name[32];
    (void)l;
    unpack_init(&u, payload);
    bool taken = false;
    switch (type) {
    case FRAME_IMAGE: on_image(r, unpack_u32(&u), fds, nfds); break;
    case FRAME_SWAP: on_swap(r, unpack_u32(&u)); break;
    case FRAME_DISCARD: discard(r); break;
    case FRAME_STOP: r->ops->stop(r->ctx); break;
    case FRAME_PEER: {
        str_copy(name, sizeof name, unpack_str(&u, sizeof name - 1));
        uint32_t worker = unpack_u32(&u);
        if (u.bad || nfds != 1) break;
        r->ops->peer(r->ctx, name, worker, fds[0]);
        taken = true;
        break;
    }
    default:
        if (!r->ops->other) break;
        r->ops->other(r->ctx, type, payload, fds, nfds);
        taken = true;
    }
    for (size_t i = 0; i < nfds && !taken; i++) close(fds[i]);
}

static void on_down(void *ctx, struct link *l, const char *why)
{
    struct role_loop *r = ctx;
    (void)l;
    log_err("role", "parent is gone, leaving: %s", why);
    r->ops->stop(r->ctx);
}

static void on_alive(evutil_socket_t fd, short what, void *ctx)
{
    struct role_loop *r = ctx;
    struct buf b;
    (void)fd, (void)what;
    buf_init(&b, 64);
    pack_u64(&b, (uint64_t)clock_mono());
    say(r, FRAME_ALIVE, &b);
}

static const struct link_ops parent_ops = {on_frame, on_down, NULL};

struct role_loop *role_new(int parent_fd, const struct role_ops *ops, void *ctx)
{
    struct role_loop *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    *r = (struct role_loop){.ops = ops, .ctx = ctx, .base = event_base_new()};
    if (r->base) r->alive = event_new(r->base, -1, EV_PERSIST, on_alive, r);
    if (r->base) r->parent = link_new(r->base, parent_fd, PARENT_HIGH, PARENT_LOW, &parent_ops, r);
    if (r->parent && r->alive) return r;
    log_err("role", "cannot set up the %s role: no memory or no event loop", ops->name);
    role_free(r);
    return NULL;
}

struct event_base *role_base(struct role_loop *r)
{
    return r->base;
}

struct link *role_parent(struct role_loop *r)
{
    return r->parent;
}

const struct generation *role_generation(const struct role_loop *r)
{
    return r->now;
}

int role_run(struct role_loop *r, const char *state_dir)
{
    struct confine_paths paths = {.state = state_dir};
    struct timeval second = {1, 0};
    struct buf missing, b;
    buf_init(&missing, 4096);
    buf_init(&b, 8192);
    if (confine_role(r->ops->name, &paths, &missing)) return 1;
    pack_str(&b, str_of(buf_cstr(&missing)));
    say(r, FRAME_READY, &b);
    buf_fini(&missing);
    event_add(r->alive, &second);
    event_base_dispatch(r->base);
    return r->status;
}

void role_fail(struct role_loop *r, int status)
{
    r->status = status;
    event_base_loopexit(r->base, NULL);
}

void role_free(struct role_loop *r)
{
    if (!r) return;
    generation_free(r->next);
    generation_free(r->now);
    if (r->parent) link_free(r->parent);
    if (r->alive) event_free(r->alive);
    if (r->base) event_base_free(r->base);
    free(r);
}
