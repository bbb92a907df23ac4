/* SPDX-License-Identifier: ISC
 *
 * reload.c - from files to a generation in force, at the start and at every reload
 *
 * CONFIG   the compile role reads tocsin.yaml and says which files it names
 * BUNDLE   it reads those, checks and compiles everything into one sealed image
 * PREPARE  every role prepares the image beside the one it works with
 * then all swap, or, when anything went wrong on the way, none: the old generation stays as it was.
 *
 * A bad rule is no reason to stay away: it is left out alone, which is said. At a reload it is a reason to keep what is in force when more
 * rules than before would be left out, unless somebody insists.
 */
#include "daemon/parent.h"

#include "base/file.h"
#include "base/log.h"
#include "base/pack.h"
#include "daemon/bundle.h"
#include "daemon/cache.h"
#include "daemon/config_check.h"
#include "daemon/image.h"
#include "daemon/secrets.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE_S 120
#define TEXT_MAX (128u << 10)

enum reload_step { IDLE, CONFIG, BUNDLE, PREPARE };

struct reload {
    struct parent *p;
    enum reload_step step;
    uint32_t number; /* of the generation being made; the last one when idle */
    pid_t compiler;
    struct link *link;
    struct event *deadline;
    struct buf bundle, text; /* text: errors, or what takes effect only later */
    struct generation *next;
    int image_fd, secrets_fd[CONFINE__COUNT];
    struct sockets listeners;
    struct askers now, queued; /* who waits for this reload, and for the one after it */
    bool again, force, force_queued; /* force: take it even when it is worse than what is in force */
    uint8_t key[SHA256_SIZE];
    struct cached said; /* of the rules: by the compile role, now or when it compiled the same files before: */
    bool cached;
    int failed_status;
};

static void forget(struct reload *r) {
    link_free(r->link);
    r->link = NULL;
    if (r->compiler > 0) {
        kill(r->compiler, SIGKILL);
        r->compiler = -r->compiler; /* its end is known and need not be told; procs_reap takes it */
    }
    generation_free(r->next);
    r->next = NULL;
    if (r->image_fd >= 0)
        close(r->image_fd);
    for (int i = 0; i < CONFINE__COUNT; i++) {
        if (r->secrets_fd[i] >= 0)
            close(r->secrets_fd[i]);
        r->secrets_fd[i] = -1;
    }
    r->image_fd = -1;
    sockets_close(&r->listeners, &r->p->listeners);
    buf_fini(&r->bundle);
    buf_init(&r->bundle, BUNDLE_MAX);
    evtimer_del(r->deadline);
}

static void log_lines(struct str text, enum log_level level) {
    while (!str_absent(text)) {
        struct str line = str_cut(&text, '\n');
        if (line.n)
            log_at(level, "config", "%.*s", STR_FMT(line));
    }
}

static void tell_askers(struct reload *r, bool ok) {
    struct proc *desk = procs_desk(r->p);
    struct buf b;

    buf_init(&b, TEXT_MAX + 64);
    for (size_t i = 0; i < r->now.n && desk && desk->link; i++) {
        buf_reset(&b);
        pack_u64(&b, r->now.v[i]);
        pack_u8(&b, ok);
        pack_str(&b, buf_view(&r->text));
        link_send(desk->link, FRAME_RELOADED, buf_view(&b), NULL, 0);
    }
    r->now.n = 0;
    buf_fini(&b);
}

/* The end of it either way. */
static void finish(struct reload *r, bool ok) {
    struct parent *p = r->p;

    log_lines(buf_view(&r->text), !ok ? LOG_ERR_ : r->said.mistakes ? LOG_WARN_ : LOG_NOTE_);
    tell_askers(r, ok);
    forget(r);
    r->step = IDLE;
    buf_reset(&r->text);
    r->force = false;
    if (p->up)
        sd_say("READY=1");
    if (!ok && !p->g) {
        parent_end(p, r->failed_status);
        return;
    }
    if (p->up && ok)
        log_note("config", "generation %u is in force: digest=%.16s", r->number, p->g->digest);
    else if (p->up)
        log_err("config", "generation %u stays in force, the files are wrong", p->g->number);
    if (!r->again)
        return;
    r->again = false;
    r->now = r->queued;
    r->force = r->force_queued;
    r->force_queued = false;
    r->queued.n = 0;
    reload_start(r);
}

static void fail(struct reload *r, const struct err *e, int status) {
    char line[1024];

    if (r->text.n)
        buf_c(&r->text, '\n');
    buf_text(&r->text, err_format(e, line, sizeof line));
    if (e->hint[0])
        buf_printf(&r->text, " (%s)", e->hint);
    r->failed_status = status;
    if (r->cached && r->next)
        cache_drop(r->next->config.state);
    if (r->step == PREPARE)
        for (size_t i = 0; i < r->p->nprocs; i++)
            proc_send(&r->p->procs[i], FRAME_DISCARD, r->number);
    finish(r, false);
}

static void fail_all(struct reload *r, const struct errs *es, int status) {
    struct err none = {.rc = RC_IO, .text = "it failed without a reason given"};

    for (unsigned i = 0; i + 1 < es->n; i++) {
        char line[1024];
        buf_printf(&r->text, "%s%s", r->text.n ? "\n" : "", err_format(&es->v[i], line, sizeof line));
    }
    fail(r, es->n ? &es->v[es->n - 1] : &none, status);
}

/* ---- PREPARE and after */
static bool same(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void needs_restart(struct reload *r) {
    const struct config *a = &r->p->g->config, *b = &r->next->config;
    const struct {
        const char *key;
        bool changed;
    } rows[] = {
        {"state", !same(a->state, b->state)},
        {"run", !same(a->run, b->run)},
        {"backup", !same(a->backup, b->backup)},
        {"user", !same(a->user, b->user)},
        {"control_group", !same(a->control_group, b->control_group)},
        {"workers", a->workers != b->workers},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].changed)
            buf_printf(&r->text, "%s%s: the change takes effect when tocsind is started again", r->text.n ? "\n" : "",
                       rows[i].key);
}

static bool listeners_moved(const struct reload *r) {
    const struct sockets *a = &r->p->listeners, *b = &r->listeners;

    return a->n != b->n || memcmp(a->fd, b->fd, a->n * sizeof a->fd[0]) != 0;
}

static bool certificates_moved(const struct config *a, const struct config *b) {
    return !same(a->notify.mail.ca_file, b->notify.mail.ca_file) || !same(a->notify.webhook.ca_file, b->notify.webhook.ca_file);
}

static void say_unreachable(const struct generation *g) {
    const char *first = "";
    size_t n = config_unreachable(&g->config, &g->roster, &first);

    if (n > 0)
        log_warn("config", "%zu people, %s first, can be told by e-mail only and there is no mail.server: nobody tells them", n,
                 first);
}

/* For the next start, which then needs no compiling. */
static void keep(struct reload *r) {
    const struct config *c = &r->next->config;
    struct err e = {0};

    if (!c->cache)
        cache_drop(c->state);
    else if (r->cached)
        log_note("config", "generation %u is taken as it was compiled before: from=%s/" CACHE_FILE, r->number, cache_folder(c->state));
    else if (cache_store(c->state, r->key, &r->said, r->next->image, &e) != RC_OK)
        log_warn("config", "the next start has to compile again: %s", e.text);
    else
        log_note("config", "generation %u is compiled: kept=%s/" CACHE_FILE, r->number, cache_folder(c->state));
}

/* What was made becomes what is in force. */
static void install(struct reload *r) {
    struct parent *p = r->p;
    struct sockets old = p->listeners;

    keep(r);
    p->listeners = r->listeners;
    r->listeners.n = 0;
    sockets_close(&old, &p->listeners);
    if (p->image_fd >= 0)
        close(p->image_fd);
    p->image_fd = r->image_fd;
    r->image_fd = -1;
    for (int i = 0; i < CONFINE__COUNT; i++) {
        if (p->secrets_fd[i] >= 0)
            close(p->secrets_fd[i]);
        p->secrets_fd[i] = r->secrets_fd[i];
        r->secrets_fd[i] = -1;
    }
    generation_free(p->g);
    p->g = r->next;
    p->mistakes = r->said.mistakes;
    r->next = NULL;
    say_unreachable(p->g);
}

static void swap_all(struct reload *r) {
    struct parent *p = r->p;
    bool moved = listeners_moved(r), certificates = certificates_moved(&p->g->config, &r->next->config);

    needs_restart(r);
    install(r);
    for (size_t i = 0; i < p->nprocs; i++) {
        struct proc *c = &p->procs[i];
        if (certificates && c->role == CONFINE_NOTIFY)
            continue; /* what it may read is settled when it starts */
        proc_switch_on(c);
        if (moved && c->role == CONFINE_INGEST && p->listeners.n > 0)
            proc_sockets(c);
    }
    if (moved && p->listeners.n == 0) /* no frame says "none" */
        procs_stop(p, CONFINE_INGEST);
    if (certificates)
        procs_stop(p, CONFINE_NOTIFY);
    finish(r, true);
}

void reload_prepared(struct reload *r, struct proc *c, uint32_t number, bool ok, struct str text) {
    struct err e = {0};

    if (r->step != PREPARE || number != r->number)
        return;
    if (!ok) {
        err_set(&e, RC_CONFIG, "%s cannot work with it: %.*s", c->name, STR_FMT(text));
        fail(r, &e, 75);
        return;
    }
    for (size_t i = 0; i < r->p->nprocs; i++)
        if (r->p->procs[i].prepared != number)
            return;
    swap_all(r);
}

void reload_proc_died(struct reload *r, struct proc *c) {
    struct err e = {0};

    if (r->step != PREPARE)
        return;
    err_set(&e, RC_BUSY, "%s died meanwhile, nothing was changed", c->name);
    fail(r, &e, 75);
}

static void prepare(struct reload *r) {
    struct parent *p = r->p;
    struct err e = {0};

    r->step = PREPARE;
    for (size_t i = 0; i < p->nprocs; i++) {
        struct proc *c = &p->procs[i];
        if (c->on && !c->leaving && proc_image(c, r->number, r->image_fd, r->secrets_fd) == RC_OK)
            continue;
        err_set(&e, RC_BUSY, "%s is just being started, nothing was changed: try again", c->name);
        fail(r, &e, 75);
        return;
    }
}

/* The first generation: there is nobody yet who could prepare it. */
static void first(struct reload *r) {
    struct parent *p = r->p;
    struct err e = {0};

    parent_choose_user(p, r->next->config.user);
    if (sockets_folders(&r->next->config, &p->as, &e) != RC_OK ||
        sockets_open(&r->next->config, NULL, &p->given, &r->listeners, &e) != RC_OK ||
        sockets_control(&r->next->config, &p->as, &p->given, &p->control_fd, &e) != RC_OK) {
        fail(r, &e, 75);
        return;
    }
    install(r);
    p->state = str_dup(str_of(p->g->config.state));
    p->backup = p->g->config.backup ? str_dup(str_of(p->g->config.backup)) : NULL;
    procs_start(p);
    finish(r, true);
}

/* ---- the compile role */
static enum rc ask(struct reload *r, uint32_t number, struct err *e) {
    struct buf b;
    int fd = fd_memfd("tocsin-bundle");
    enum rc rc = fd < 0 ? err_set(e, RC_IO, "no memory for the files") : fd_write_all(fd, buf_view(&r->bundle), e);

    buf_init(&b, 64);
    pack_u32(&b, number);
    if (rc == RC_OK)
        rc = fd_seal(fd, e);
    if (rc == RC_OK && link_send(r->link, FRAME_IMAGE, buf_view(&b), &fd, 1) != RC_OK)
        rc = err_set(e, RC_IO, "the compile role takes nothing");
    if (fd >= 0)
        close(fd);
    buf_fini(&b);
    return rc;
}

static void compile(struct reload *r) {
    struct err e = {0};

    r->step = BUNDLE;
    r->cached = false;
    if (ask(r, r->number, &e) != RC_OK)
        fail(r, &e, 75);
}

/* What is in force stays when the new set is the worse one. */
static bool worse(const struct reload *r, struct err *e) {
    uint32_t before = r->p->mistakes;

    if (!r->p->g || r->force || r->said.mistakes <= before)
        return false;
    err_set(e, RC_CONFIG, "%u rules would be refused or break their samples, of the set in force it is %u: it stays", r->said.mistakes, before);
    err_hint(e, "mend them, or take the new set without them: tocsin reload --force");
    return true;
}

static void compiled_all(struct reload *r, int fd, struct errs *es) {
    struct parent *p = r->p;
    struct err e = {0};

    r->image_fd = dup(fd);
    bool opens = r->image_fd >= 0 && generation_open_fd(fd, r->number, 1u << SEC_CONFIG | 1u << SEC_ROSTER, &r->next, es) == RC_OK;
    if (!opens && r->cached) {
        close(r->image_fd);
        r->image_fd = -1;
        compile(r);
        return;
    }
    link_free(r->link); /* its work is done: it leaves when it sees the end */
    r->link = NULL;
    r->compiler = -r->compiler;
    buf_str(&r->text, buf_view(&r->said.text));
    if (!opens || secrets_read(p->path, r->next, r->secrets_fd, es) != RC_OK)
        fail_all(r, es, 78);
    else if (worse(r, &e))
        fail(r, &e, 78);
    else if (!p->g)
        first(r);
    else if (sockets_open(&r->next->config, &p->listeners, NULL, &r->listeners, &e) != RC_OK)
        fail(r, &e, 75);
    else
        prepare(r);
}

/* The image of the same files, when it is still there. */
static int remembered(struct reload *r, const struct config *c) {
    const char *why = NULL;
    int fd;

    cache_key(buf_view(&r->bundle), r->key);
    fd = c->cache ? cache_load(c->state, r->key, &r->said, &why) : -1;
    if (why)
        log_warn("config", "%s/" CACHE_FILE " is passed over: %s", cache_folder(c->state), why);
    return fd;
}

static void compiled_config(struct reload *r, int fd, struct errs *es) {
    struct generation *g = NULL;

    if (generation_open_fd(fd, 0, 1u << SEC_CONFIG, &g, es) != RC_OK || bundle_files(r->p->path, &g->config.files, &r->bundle, es) != RC_OK) {
        fail_all(r, es, 78);
        generation_free(g);
        return;
    }
    int image = remembered(r, &g->config);
    generation_free(g);
    if (image < 0) {
        compile(r);
        return;
    }
    r->step = BUNDLE;
    r->cached = true;
    compiled_all(r, image, es);
    close(image);
}

static void on_compiled(struct reload *r, struct str payload, const int *fds, size_t nfds) {
    struct errs *es = calloc(1, sizeof *es);
    struct unpack u;
    struct err e = {0};

    unpack_init(&u, payload);
    bool ok = unpack_u8(&u) != 0;
    struct str text = unpack_str(&u, TEXT_MAX);
    uint32_t mistakes = unpack_u32(&u);
    if (!ok && !u.bad) {
        buf_str(&r->text, text);
        r->failed_status = 78;
        finish(r, false);
    } else if (u.bad || nfds != 1 || !es) {
        err_set(&e, RC_IO, "the compile role talks nonsense");
        fail(r, &e, 75);
    } else if (r->step == CONFIG) {
        compiled_config(r, fds[0], es);
    } else if (r->step == BUNDLE) {
        r->said.mistakes = mistakes;
        buf_reset(&r->said.text);
        buf_str(&r->said.text, text);
        compiled_all(r, fds[0], es);
    }
    free(es);
}

static void on_frame(void *ctx, struct link *l, unsigned type, struct str payload, const int *fds, size_t nfds) {
    struct reload *r = ctx;

    (void)l;
    if (type == FRAME_COMPILED)
        on_compiled(r, payload, fds, nfds);
    for (size_t i = 0; i < nfds; i++)
        close(fds[i]);
}

static void on_down(void *ctx, struct link *l, const char *why) {
    struct reload *r = ctx;
    struct err e = {0};

    link_free(l);
    r->link = NULL;
    err_set(&e, RC_IO, "the compile role ended before it had answered: %s", why);
    fail(r, &e, 75);
}

static const struct link_ops ops = {on_frame, on_down, NULL};

static void on_deadline(evutil_socket_t fd, short what, void *ctx) {
    struct err e = {0};

    (void)fd, (void)what;
    err_set(&e, RC_IO, "reading the configuration took more than %d s, given up", DEADLINE_S);
    fail(ctx, &e, 75);
}

static enum rc start_compiler(struct reload *r, struct err *e) {
    struct spawn how = r->p->as;
    int fd;

    how.verbose = r->p->verbose;
    enum rc rc = spawn_role("compile", &how, &r->compiler, &fd, e);
    if (rc == RC_OK && !(r->link = link_new(r->p->base, fd, BUNDLE_MAX, BUNDLE_MAX / 2, &ops, r)))
        rc = err_set(e, RC_NOMEM, "out of memory");
    return rc == RC_OK ? ask(r, 0, e) : rc;
}

void reload_start(struct reload *r) {
    struct timeval tv = {DEADLINE_S, 0};
    struct errs *es;
    struct err e = {0};

    if (r->step != IDLE) {
        r->again = true;
        return;
    }
    if (!(es = calloc(1, sizeof *es)))
        return;
    r->step = CONFIG;
    r->number++;
    if (r->p->up)
        sd_sayf("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono());
    evtimer_add(r->deadline, &tv);
    if (bundle_config(r->p->path, &r->bundle, es) != RC_OK)
        fail_all(r, es, 78);
    else if (start_compiler(r, &e) != RC_OK)
        fail(r, &e, 75);
    free(es);
}

void reload_ask(struct reload *r, uint64_t request, bool force) {
    struct askers *a = r->step == IDLE ? &r->now : &r->queued;

    *(r->step == IDLE ? &r->force : &r->force_queued) |= force;

    if (a->n < ASKERS_MAX)
        a->v[a->n++] = request; /* the one too many hears nothing and its client gives up */
    reload_start(r);
}

bool reload_reaped(struct reload *r, pid_t pid, int status) {
    char how[64];

    if (pid != r->compiler && pid != -r->compiler)
        return false;
    if (r->compiler > 0)
        log_warn("config", "the compile role left with %s", spawn_status(status, how));
    r->compiler = 0;
    return true;
}

uint32_t reload_number(const struct reload *r) {
    return r->step == PREPARE ? r->number : 0;
}

struct reload *reload_new(struct parent *p) {
    struct reload *r = calloc(1, sizeof *r);

    if (!r)
        return NULL;
    r->p = p;
    r->image_fd = -1;
    for (int i = 0; i < CONFINE__COUNT; i++)
        r->secrets_fd[i] = -1;
    buf_init(&r->bundle, BUNDLE_MAX);
    buf_init(&r->text, TEXT_MAX);
    buf_init(&r->said.text, TEXT_MAX);
    if (!(r->deadline = evtimer_new(p->base, on_deadline, r))) {
        free(r);
        return NULL;
    }
    return r;
}

void reload_free(struct reload *r) {
    if (!r)
        return;
    forget(r);
    event_free(r->deadline);
    buf_fini(&r->bundle);
    buf_fini(&r->text);
    buf_fini(&r->said.text);
    free(r);
}
