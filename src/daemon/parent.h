/* SPDX-License-Identifier: ISC
 *
 * parent.h - the process that starts the others, and its parts: procs.c (roles alive and dead), reload.c (from files to a generation
 * in force). It opens files and sockets, touches no network byte and reads no YAML.
 *
 * It stays root when it was started as root: it reads secrets that only root may read, at every reload, and binds ports below
 * 1024. Everything it is told by a role is a frame of a few numbers and a text.
 */
#ifndef TOCSIN_DAEMON_PARENT_H
#define TOCSIN_DAEMON_PARENT_H

#include "daemon/config.h"
#include "daemon/confine.h"
#include "daemon/sockets.h"
#include "link/link.h"

#include <sys/types.h>

#define WORKERS_MAX 64
#define PROCS_MAX (WORKERS_MAX + 2)
#define ASKERS_MAX 16

struct parent;

struct proc { /* a role that should be running */
    struct parent *p;
    enum confined role;
    uint32_t worker;
    char name[24];           /* "ingest 0", "desk" */
    pid_t pid;               /* 0 = not running */
    struct link *link;       /* NULL when it is gone */
    uint32_t prepared;       /* generation it has prepared */
    bool on;                 /* works with the generation in force */
    bool ready;              /* confined; both together: up */
    bool leaving;            /* was told to stop */
    bool silent;             /* we have said that it does not answer */
    int64_t alive, up_since; /* monotonic us */
    unsigned failures;       /* deaths in a row before it was up */
    unsigned hasty;          /* deaths in a row within a second of being up */
    struct event *again;     /* when to start it */
};

struct askers { /* desk requests that wait for the outcome of a reload */
    uint64_t v[ASKERS_MAX];
    size_t n;
};

struct reload;

struct parent {
    struct event_base *base;
    const char *path; /* tocsin.yaml */
    int ready_fd;     /* -1 = nobody wants to know */
    int verbose;
    int status;      /* exit status */
    struct spawn as; /* the user of the roles */
    char *state;     /* folder of the record, as it was at the start: a move takes a restart */
    char *backup;    /* the same for the folder of backups; or NULL */
    struct sd_fds given;
    struct generation *g; /* CONFIG and ROSTER; NULL before the first */
    uint32_t mistakes;   /* rules of it that are refused, or break their samples */
    int image_fd, secrets_fd[CONFINE__COUNT];
    struct sockets listeners;
    int control_fd;
    struct proc procs[PROCS_MAX];
    size_t nprocs;
    bool up;      /* READY was said */
    int stopping; /* 0, else the stage: 1 ingest, 2 desk, 3 notify, 4 done */
    struct event *stage, *second;
    struct reload *reload;
};

/* parent.c */
struct parent_conf {
    const char *path;
    int ready_fd, verbose;
};
int parent_main(const struct parent_conf *conf);             /* exit status: 0, 75, 78 */
void parent_end(struct parent *p, int status);               /* leaves the loop, the roles are killed */
void parent_choose_user(struct parent *p, const char *name); /* whom the roles run as, when we are root */
void parent_stop(struct parent *p);                          /* drains: ingest, desk, notify in turn */
void parent_check_up(struct parent *p);                      /* says READY when everybody is */
void parent_stage_done(struct parent *p);                    /* a role has gone while stopping */

/* procs.c */
void procs_start(struct parent *p); /* all of them, for the first generation */
void procs_reap(struct parent *p);  /* SIGCHLD */
void procs_each_second(struct parent *p, int64_t now);
size_t procs_stop(struct parent *p, enum confined role); /* tells those to drain; gives how many are there */
void procs_kill(struct parent *p, enum confined role);
void procs_kill_all(struct parent *p);
void procs_fini(struct parent *p);
bool procs_up(const struct parent *p);
bool procs_answer(const struct parent *p, int64_t now); /* each has shown life within the last 10 s */
struct proc *procs_desk(struct parent *p);
enum rc proc_send(struct proc *c, unsigned type, uint32_t number); /* a frame of one number */
enum rc proc_image(struct proc *c, uint32_t number, int image, const int secrets[CONFINE__COUNT]);
void proc_switch_on(struct proc *c); /* SWAP, and the first time sockets and peers */
void proc_sockets(struct proc *c);   /* every listener, by its index; they take the place of those it had */

/* reload.c */
struct reload *reload_new(struct parent *p);
void reload_free(struct reload *r);
void reload_start(struct reload *r); /* compiles the files; what comes of it is said in the log and to the askers */
void reload_ask(struct reload *r, uint64_t request, bool force); /* force: also when more rules are refused than before */
void reload_prepared(struct reload *r, struct proc *c, uint32_t number, bool ok, struct str text);
void reload_proc_died(struct reload *r, struct proc *c);
bool reload_reaped(struct reload *r, pid_t pid, int status); /* true when it was the compile role */
uint32_t reload_number(const struct reload *r);              /* generation being prepared, 0 = none */

#endif
