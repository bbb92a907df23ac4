/* SPDX-License-Identifier: ISC
 *
 * init.c - a first configuration: who is responsible, how they are reached, where things are kept
 *
 * Takes   answers (prompt.c asked for what was missing).
 * Gives   tocsin.yaml, roster.yaml and a copy of the shipped policy, which a site makes its own; rules, normalisers and dialects stay where
 *         they were installed, so that an upgrade renews them. Nothing is written over unless told to.
 */
#include "client/client.h"

#include "base/clock.h"
#include "base/esc.h"
#include "base/file.h"
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (1u << 20)
#define SOCKET_PATH_MAX 100 /* sun_path holds 108 */

struct site {
    char dir[512], state[512], run[512], shipped[512];
};

static const char *given(const struct client *c, const char *name, const char *otherwise) {
    const char *v = said_get(&c->said, name);

    return v ? v : otherwise;
}

static enum rc set_path(char *out, size_t size, const char *what, const char *head, const char *tail, struct err *e) {
    struct buf b;
    bool ok;

    buf_init(&b, size);
    buf_printf(&b, "%s%s", head, tail);
    ok = !b.over && str_copy(out, size, buf_view(&b));
    buf_fini(&b);
    return ok ? RC_OK : err_set(e, RC_USAGE, "the name of the %s is too long", what);
}

/* Root makes the system's configuration, anybody else one of their own with everything below it. */
static enum rc find_dir(const struct client *c, struct site *s, struct err *e) {
    const char *dir = said_get(&c->said, "dir"), *home = getenv("HOME");

    if (dir)
        return set_path(s->dir, sizeof s->dir, "folder", dir, "", e);
    if (geteuid() == 0 || !home)
        return set_path(s->dir, sizeof s->dir, "folder", TOCSIN_CONFDIR, "", e);
    return set_path(s->dir, sizeof s->dir, "folder", home, "/.config/tocsin", e);
}

static bool has_rules(const char *dir) {
    struct buf b;
    struct stat st;
    bool ok;

    buf_init(&b, 1024);
    buf_printf(&b, "%s/rules.d", dir);
    ok = stat(buf_cstr(&b), &st) == 0 && S_ISDIR(st.st_mode);
    buf_fini(&b);
    return ok;
}

static enum rc find_shipped(const struct client *c, struct site *s, struct err *e) {
    const char *v = given(c, "shipped", has_rules(TOCSIN_CONFDIR) ? TOCSIN_CONFDIR : TOCSIN_DATADIR);

    if (!has_rules(v)) {
        err_set(e, RC_NOTFOUND, "there are no rules in %s/rules.d", v);
        err_hint(e, "name the folder with what came with tocsin (the source's etc): --shipped DIR");
        return RC_NOTFOUND;
    }
    return set_path(s->shipped, sizeof s->shipped, "folder", v, "", e);
}

static enum rc find_site(const struct client *c, struct site *s, struct err *e) {
    enum rc rc = find_dir(c, s, e);
    bool own = rc == RC_OK && strcmp(s->dir, TOCSIN_CONFDIR) != 0;
    const char *state = said_get(&c->said, "state_dir"), *run = said_get(&c->said, "run_dir");

    if (rc == RC_OK)
        rc = find_shipped(c, s, e);
    if (rc == RC_OK)
        rc = set_path(s->state, sizeof s->state, "folder",
                      state ? state
                      : own ? s->dir
                            : TOCSIN_STATEDIR,
                      !state && own ? "/state" : "", e);
    if (rc == RC_OK)
        rc = set_path(s->run, sizeof s->run, "folder", run ? run : own ? s->dir : TOCSIN_RUNDIR, !run && own ? "/run" : "", e);
    if (rc == RC_OK && strlen(s->run) > SOCKET_PATH_MAX - strlen("/control.sock")) {
        rc = err_set(e, RC_USAGE, "%s is too long for the path of a socket", s->run);
        err_hint(e, "name a shorter one: --run-dir DIR");
    }
    return rc;
}

/* ---- the files */

static void quoted(struct buf *b, const char *text) {
    esc_json(b, str_of(text)); /* a double-quoted scalar of YAML */
}

static bool loopback(const char *server) {
    const char *host = strstr(server, "://");

    host = host ? host + 3 : server;
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost", 9) == 0 || strncmp(host, "[::1]", 5) == 0;
}

static void config_text(const struct client *c, const struct site *s, struct buf *b) {
    const char *server = said_get(&c->said, "mail_server"), *at = strchr(said_get(&c->said, "iso_email"), '@');
    const char *listen = given(c, "listen", "127.0.0.1:5514"), *from = said_get(&c->said, "mail_from");
    static const char *const kinds[] = {"udp", "tcp"};

    buf_text(b, "# tocsin.yaml - what tocsind listens to, whom it tells and where it keeps the record. Written by: tocsin init\n"
                "# Every option with its default: tocsind --print-config      Check a change: tocsind -t -c FILE      Use it: "
                "tocsin reload\n\n");
    buf_text(b, "state: ");
    quoted(b, s->state);
    buf_text(b, "\nrun: ");
    quoted(b, s->run);
    buf_text(b, "\n\nlisten:\n");
    for (size_t i = 0; i < 2; i++) {
        buf_printf(b, "  - {kind: %s, address: ", kinds[i]);
        quoted(b, listen);
        buf_text(b, "}\n");
    }
    buf_text(b, "\nwebhooks: []\n\nmail:\n  server: ");
    quoted(b, server);
    buf_text(b, "\n  from: ");
    if (from) {
        quoted(b, from);
    } else {
        struct buf own;
        buf_init(&own, 512);
        buf_printf(&own, "tocsin%s", at ? at : "@localhost");
        quoted(b, buf_cstr(&own));
        buf_fini(&own);
    }
    buf_printf(b, "\n  tls: %s\n\nfiles:\n  roster: [roster.yaml]\n  policy: [policy]\n",
               loopback(server) ? "opportunistic" : "required");
}

static void files_text(const struct site *s, struct buf *b) {
    static const char *const folders[] = {"rules", "normalise", "dialects"};
    struct buf path;

    buf_init(&path, 1024);
    for (size_t i = 0; i < 3; i++) {
        buf_reset(&path);
        buf_printf(&path, "%s/%s.d", s->shipped, folders[i]);
        buf_printf(b, "  %s: [", folders[i]);
        quoted(b, buf_cstr(&path));
        buf_text(b, "]\n");
    }
    buf_fini(&path);
}

static const struct who {
    const char *login, *otherwise, *name, *email, *uid, *function, *role, *reason;
} people[] = {
    {"iso_login", "iso", "iso_name", "iso_email", "iso_uid", "iso", "iso", "named when tocsin was set up"},
    {"deputy_login", "dep", "deputy_name", "deputy_email", NULL, "iso", "deputy", "named when tocsin was set up"},
    {"management_login", "boss", "management_name", "management_email", NULL, "management", "management",
     "named when tocsin was set up"},
};

static void person_text(const struct client *c, const struct who *w, struct buf *b) {
    char today[TIME_TEXT];

    time_format(c->now, 0, today);
    buf_text(b, "  - login: ");
    quoted(b, given(c, w->login, w->otherwise));
    buf_text(b, "\n    name: ");
    quoted(b, said_get(&c->said, w->name));
    buf_text(b, "\n    email: ");
    quoted(b, said_get(&c->said, w->email));
    buf_printf(b, "\n    function: %s\n    channels: [email]\n", w->function);
    if (w->uid && said_get(&c->said, w->uid))
        buf_printf(b, "    uid: %s\n", said_get(&c->said, w->uid));
    buf_printf(b, "    roles: [{org: main, role: %s, from: %.10s, reason: %s}]\n", w->role, today, w->reason);
}

static void roster_text(const struct client *c, struct buf *b) {
    buf_text(b, "# roster.yaml - who is responsible, for whom. Dates, reasons and changes go into the record (ISO/IEC 27001 "
                "A.5.2).\norgs:\n  - {slug: main, name: ");
    quoted(b, given(c, "org_name", "main"));
    buf_text(b, ", tz: ");
    quoted(b, given(c, "zone", "UTC"));
    buf_text(b, "}\n\npeople:\n");
    for (size_t i = 0; i < sizeof people / sizeof *people; i++)
        person_text(c, &people[i], b);
    buf_text(b, "\n# What is worth how much: need 1 to 4 of confidentiality, integrity and availability, data category 0 to 4.\n"
                "assets: []\n#  - {key: gw, name: VPN gateway, org: main, need: {c: 3, i: 3, a: 3}, data: 2}\n\nsources: []\n");
}

static enum rc check_people(const struct client *c, struct err *e) {
    for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
        const char *mail = said_get(&c->said, people[i].email), *at = strchr(mail, '@');
        if (!at || at == mail || !at[1] || strpbrk(mail, " \t\r\n<>,;\"") || strchr(at + 1, '@'))
            return err_set(e, RC_USAGE, "\"%s\" is not a mail address", mail);
        for (size_t j = 0; j < i; j++)
            if (strcmp(given(c, people[i].login, people[i].otherwise), given(c, people[j].login, people[j].otherwise)) == 0)
                return err_set(e, RC_USAGE, "two people are called \"%s\"", given(c, people[i].login, people[i].otherwise));
    }
    if (!strstr(said_get(&c->said, "mail_server"), "://"))
        return err_set(e, RC_USAGE, "the mail server is named like smtp://127.0.0.1:25 or smtps://mail.example.org:465");
    return RC_OK;
}

/* ---- writing them */

static enum rc make_dir(const char *path, mode_t mode, struct err *e) {
    char part[512], why[128];

    for (size_t i = 1; path[i]; i++)
        if (path[i] == '/' && str_copy(part, sizeof part, str_n(path, i)))
            mkdir(part, 0755); /* what is wrong with it shows at the last one */
    if (mkdir(path, mode) == 0 || errno == EEXIST)
        return RC_OK;
    return err_set(e, errno == EACCES ? RC_DENIED : RC_IO, "cannot make the folder %s: %s", path,
                   strerror_r(errno, why, sizeof why));
}

static enum rc write_one(struct client *c, const char *dir, const char *name, struct str text, struct err *e) {
    struct buf path;
    enum rc rc;

    buf_init(&path, 1024);
    buf_printf(&path, "%s/%s", dir, name);
    if (access(buf_cstr(&path), F_OK) == 0 && !said_get(&c->said, "force")) {
        rc = err_set(e, RC_CONFLICT, "%s is there already", buf_cstr(&path));
        err_hint(e, "to write over it: --force");
    } else if ((rc = file_write(buf_cstr(&path), text, 0644, e)) == RC_OK) {
        buf_text(&c->out, "wrote ");
        esc_term(&c->out, buf_view(&path));
        buf_c(&c->out, '\n');
    }
    buf_fini(&path);
    return rc;
}

static enum rc copy_one(struct client *c, const char *from, const char *to, const char *name, struct err *e) {
    struct buf path, text;
    enum rc rc;

    buf_init(&path, 1024);
    buf_init(&text, FILE_MAX);
    buf_printf(&path, "%s/%s", from, name);
    if ((rc = file_read(buf_cstr(&path), FILE_MAX, &text, e)) == RC_OK)
        rc = write_one(c, to, name, buf_view(&text), e);
    buf_fini(&path);
    buf_fini(&text);
    return rc;
}

static enum rc copy_policy(struct client *c, const struct site *s, struct err *e) {
    char from[600], to[600];
    struct buf names;
    size_t n = 0;
    enum rc rc;

    if (strcmp(s->dir, s->shipped) == 0)
        return RC_OK;
    buf_init(&names, FILE_MAX);
    rc = set_path(from, sizeof from, "folder", s->shipped, "/policy", e);
    if (rc == RC_OK)
        rc = set_path(to, sizeof to, "folder", s->dir, "/policy", e);
    if (rc == RC_OK && (rc = make_dir(to, 0755, e)) == RC_OK && (rc = file_list(from, ".yaml", &names, &n, e)) == RC_OK) {
        struct str rest = buf_view(&names);
        while (n-- && rc == RC_OK)
            rc = copy_one(c, from, to, str_cut(&rest, '\0').p, e);
    }
    buf_fini(&names);
    return rc;
}

static enum rc write_all(struct client *c, const struct site *s, struct err *e) {
    struct buf b;
    enum rc rc;

    buf_init(&b, FILE_MAX);
    config_text(c, s, &b);
    files_text(s, &b);
    if ((rc = make_dir(s->dir, 0755, e)) == RC_OK && (rc = make_dir(s->state, 0700, e)) == RC_OK &&
        (rc = make_dir(s->run, 0755, e)) == RC_OK)
        rc = write_one(c, s->dir, "tocsin.yaml", buf_view(&b), e);
    buf_reset(&b);
    roster_text(c, &b);
    if (rc == RC_OK)
        rc = write_one(c, s->dir, "roster.yaml", buf_view(&b), e);
    buf_fini(&b);
    return rc == RC_OK ? copy_policy(c, s, e) : rc;
}

enum rc view_init(struct client *c, const struct json *reply, struct err *e) {
    struct site s = {0};
    enum rc rc;

    (void)reply;
    if ((rc = check_people(c, e)) != RC_OK || (rc = find_site(c, &s, e)) != RC_OK || (rc = write_all(c, &s, e)) != RC_OK)
        return rc;
    buf_printf(&c->out, "Next: tocsind -t -c %s/tocsin.yaml\nNext: tocsind -c %s/tocsin.yaml\n", s.dir, s.dir);
    buf_printf(&c->out, "Next: tocsin --socket %s/control.sock token add %s --out FILE\n", s.run, given(c, "iso_login", "iso"));
    return RC_OK;
}
