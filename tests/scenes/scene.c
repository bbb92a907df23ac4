/* SPDX-License-Identifier: ISC
 *
 * scene.c - stories as tests: the real pipeline, desk and record in one process, with a clock that can be turned
 *
 * Takes   scene files. Lines: scene "name" | policy FILE | rules FILE... | asset KEY need=N data=N | source HOST heartbeat=DURATION | sod MODE |
 *         syslog LINE | repeat N every DURATION | advance DURATION | down DURATION (nobody listens) | as WHO VERB [REF] [name=value]... [-> refused|denied|conflict|invalid|not-found] | mail down|up | restart |
 *         expect events N [key=value|key~"part"|last.key=value]... | expect incidents N ... | expect mail to=ADDRESS [subject~"..."] |
 *         expect mail none | expect audit intact | expect said "part" | expect show REF "part".  '#' starts a comment.
 * Gives   a line per scene; exit status 1 when an expectation failed, with file:line.
 *
 * The clock starts at 2026-10-11T20:14:15Z, 22:14:15 in the zone of the scenes, Europe/Berlin.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "daemon/pipeline.h"
#include "desk/desk.h"
#include "store/verify.h"

#define START INT64_C(1791749655) /* 2026-10-11T20:14:15Z */
#define MAILS_MAX 512
#define WORDS_MAX 40

struct sent {
    char to[128], subject[256];
    bool seen;
};
struct pending {
    int64_t id;
};

struct scene {
    const char *file;
    int line;
    char dir[64], name[160], said[4096];
    char last_line[8192];
    int64_t now;
    bool mail_down, failed, opened, done;
    uint64_t seq;
    struct buf roster, sources;
    char *rules, *policy;
    const char *sod;
    struct buf image;
    struct generation *g;
    struct pipeline p;
    struct desk *desk;
    struct sent mails[MAILS_MAX];
    size_t nmails;
    struct pending pending[MAILS_MAX];
    size_t npending;
    bool verify_done;
    enum rc verify_rc;
    char verify_text[512];
};

static const char *top;

static void failed(struct scene *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void failed(struct scene *s, const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "%s:%d: ", s->file, s->line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    s->failed = true;
}

/* ---- words: blanks separate, "..." may hold blanks also behind name= or name~ */

static size_t words(char *line, char *out[WORDS_MAX])
{
    size_t n = 0;
    for (char *p = line; *p && n < WORDS_MAX;) {
        while (isspace((unsigned char)*p)) p++;
        if (!*p) break;
        char *w = out[n++] = p, *to = p;
        bool quoted = false;
        for (; *p && (quoted || !isspace((unsigned char)*p)); p++) {
            if (*p == '"') quoted = !quoted;
            else *to++ = *p;
        }
        if (*p) p++;
        *to = 0;
        if (w[0] == '#') return n - 1;
    }
    return n;
}

static char *rest_after(char *line, int skip)
{
    while (skip--) {
        while (*line && !isspace((unsigned char)*line)) line++;
        while (isspace((unsigned char)*line)) line++;
    }
    return line;
}

/* ---- the world of a scene */

static void carry(void *ctx, const struct carry *c)
{
    struct scene *s = ctx;
    if (s->npending < MAILS_MAX) s->pending[s->npending++].id = c->id;
    if (s->mail_down || s->nmails == MAILS_MAX) return;
    struct sent *m = &s->mails[s->nmails++];
    str_copy(m->to, sizeof m->to, c->address);
    str_copy(m->subject, sizeof m->subject, c->subject);
    m->seen = false;
}

static int64_t pump(struct scene *s)
{
    struct err e = {0};
    int64_t next = 0;
    for (int i = 0; i < 1000; i++) {
        if (desk_rows(s->desk) && desk_commit(s->desk, s->now, &e)) failed(s, "commit: %s", e.text);
        next = desk_tick(s->desk, s->now);
        bool more = s->npending > 0;
        while (s->npending) {
            struct carried c = {.id = s->pending[--s->npending].id, .ok = !s->mail_down, .started = s->now, .ended = s->now,
                                .code = s->mail_down ? STR("connect: refused") : STR("250 ok")};
            if (desk_carried(s->desk, &c, s->now, &e)) failed(s, "carried: %s", e.text);
        }
        if (!more && next > s->now) break;
    }
    return next;
}

static void write_text(struct scene *s, const char *name, struct str text)
{
    char path[160];
    struct err e = {0};
    snprintf(path, sizeof path, "%s/%s", s->dir, name);
    if (file_write(path, text, 0600, &e)) failed(s, "%s", e.text);
}

static const char roster_head[] =
    "people:\n"
    "  - {login: iso, name: Ida Iso, email: iso@example.test, function: iso, roles: [{org: main, role: iso, from: 2026-01-01, reason: x}]}\n"
    "  - {login: deputy, name: Dan Deputy, email: dep@example.test, function: iso, roles: [{org: main, role: deputy, from: 2026-01-01, reason: x}]}\n"
    "  - {login: boss, name: Bea Boss, email: boss@example.test, function: management, roles: [{org: main, role: management, from: 2026-01-01, reason: x}]}\n"
    "  - {login: ann, name: Ann Analyst, email: ann@example.test, function: it, roles: [{org: main, role: analyst, from: 2026-01-01, reason: x}]}\n"
    "assets:\n";

static void open_desk(struct scene *s)
{
    char path[160];
    struct err e = {0};
    snprintf(path, sizeof path, "%s/tocsin.db", s->dir);
    struct desk_conf conf = {.database = path, .free_floor = 1, .ballast = 0, .domain = "example.test", .tlp = "AMBER+STRICT", .max_groups = 100000, .samples = 20};
    static struct desk_ops ops = {.carry = carry};
    if (desk_open(&conf, &ops, s, s->now, &s->desk, &e)) {
        failed(s, "%s", e.text);
        exit(1);
    }
    struct desk_generation dg = {.number = 1, .rules = s->g->rules, .roster = &s->g->roster, .policy = &s->g->policy, .zone = s->g->zone, .digest = str_of(s->g->digest)};
    if (desk_configure(s->desk, &dg, s->now, &e)) failed(s, "%s", e.text);
}

static void open_scene(struct scene *s)
{
    char path[256];
    struct errs *es = calloc(1, sizeof *es);
    struct buf conf;
    struct err e = {0};
    if (s->opened || !es) {
        free(es);
        return;
    }
    s->opened = true;
    buf_printf(&s->roster, "orgs: [{slug: main, name: Example GmbH, tz: Europe/Berlin, sod_mode: %s}]\n", s->sod);
    if (s->sources.n) buf_printf(&s->roster, "sources:\n%s", buf_cstr(&s->sources));
    write_text(s, "roster.yaml", buf_view(&s->roster));
    buf_init(&conf, 65536);
    buf_printf(&conf, "state: %s\nrun: %s\nzone: Europe/Berlin\ndomain: example.test\nfiles:\n  roster: [roster.yaml]\n  policy: [%s]\n  rules: [%s]\n  normalise: [%s/etc/normalise.d]\n"
               "  dialects: [%s/etc/dialects.d]\nmail: {server: \"smtp://127.0.0.1:1\", from: t@example.test, tls: none}\n",
               s->dir, s->dir, s->policy, s->rules, top, top);
    write_text(s, "tocsin.yaml", buf_view(&conf));
    buf_fini(&conf);
    snprintf(path, sizeof path, "%s/tocsin.yaml", s->dir);
    buf_init(&s->image, 256u << 20);
    if (config_compile(path, NULL, 0, false, &s->image, es) ||
        generation_open(buf_view(&s->image), 1, ~0u & ~(1u << SEC_SECRETS), &s->g, es) || pipeline_init(&s->p, s->g, true, &e)) {
        for (unsigned i = 0; i < es->n; i++) fprintf(stderr, "%s\n", err_format(&es->v[i], s->said, sizeof s->said));
        failed(s, "the configuration of the scene does not load %s", e.text);
        exit(1);
    }
    free(es);
    open_desk(s);
    pump(s);
}

/* ---- what happens */

/* As ingest tells it: listed sources were heard, be it with a harmless line. */
static void hear(struct scene *s, const struct message *m)
{
    const struct source *src = str_absent(m->host) ? NULL : roster_source(&s->g->roster, m->host);
    if (!src || !src->heartbeat) return;
    struct hearing h = {.generation = 1, .n = 1};
    h.v[0] = (struct heard_one){(uint32_t)(src - s->g->roster.sources), s->now};
    desk_heard(s->desk, &h);
}

static void one_line(struct scene *s)
{
    struct message m = {.raw = str_of(s->last_line), .arrived = s->now, .peer = STR("192.0.2.250:514"), .transport = TRANSPORT_UDP};
    uint32_t hits[PIPELINE_HITS_MAX];
    struct sighting sightings[PIPELINE_HITS_MAX];
    struct sighting_one ones[PIPELINE_HITS_MAX];
    struct err e = {0};
    struct ack ack = {0};
    memset(sightings, 0, sizeof sightings);
    size_t n = pipeline_line(&s->p, &m, NULL, hits);
    hear(s, &m);
    for (size_t i = 0; i < n; i++) pipeline_sighting(&s->p, &m, hits[i], &ones[i], &sightings[i]);
    for (size_t i = 0; i < n; i++) sightings[i].generation = 1;
    struct batch b = {.epoch = 7, .seq = ++s->seq, .worker = 0, .sightings = sightings, .n = n};
    if (n && desk_batch(s->desk, &b, s->now, &ack, &e)) failed(s, "batch: %s", e.text);
    pump(s);
}

static void advance(struct scene *s, const char *how)
{
    int64_t us;
    if (!str_duration(str_of(how), &us)) {
        failed(s, "\"%s\" is no duration", how);
        return;
    }
    int64_t target = s->now + us;
    for (;;) {
        int64_t next = pump(s);
        if (next <= s->now || next >= target) break;
        s->now = next;
    }
    s->now = target;
    pump(s);
}

static void as(struct scene *s, char **w, size_t n)
{
    struct arena a;
    struct err e = {0};
    struct args args = {.n = 0};
    const char *wanted = NULL, *ref = NULL;
    enum machine machine = MACHINE_EVENT;
    const struct person *p = roster_person(&s->g->roster, str_of(w[1]));
    if (!p || n < 3) {
        failed(s, "nobody is called %s", w[1]);
        return;
    }
    for (size_t i = 3; i < n; i++) {
        char *eq = strchr(w[i], '=');
        if (!strcmp(w[i], "->")) {
            wanted = i + 1 < n ? w[++i] : "";
        } else if (!eq && !ref) {
            ref = w[i];
        } else if (eq && args.n < 32) {
            *eq = 0;
            args.v[args.n++] = (struct arg){w[i], str_of(eq + 1)};
        }
    }
    if (ref && !strncmp(ref, "INC", 3)) machine = MACHINE_INCIDENT;
    arena_init(&a, 4u << 20);
    struct actor who = {.id = p->db_id, .person = p, .login = str_of(p->login)};
    struct answer out = {.arena = &a};
    buf_init(&out.said, 65536);
    buf_init(&out.next, 65536);
    enum rc rc = strcmp(w[2], "report") ? desk_do(s->desk, &who, machine, str_of(ref ? ref : ""), w[2], &args, STR_NONE, s->now, &out, &e)
                                        : desk_report(s->desk, &who, &args, STR_NONE, s->now, &out, &e);
    snprintf(s->said, sizeof s->said, "%s\n%s\n%s\n%s", rc ? e.text : "", rc ? e.hint : "", buf_cstr(&out.said), buf_cstr(&out.next));
    if (strcmp(rc_word(rc), wanted ? wanted : "ok")) failed(s, "%s %s %s: wanted %s, got %s: %s", w[1], w[2], ref ? ref : "", wanted ? wanted : "ok", rc_word(rc), e.text);
    buf_fini(&out.said);
    buf_fini(&out.next);
    arena_fini(&a);
    pump(s);
}

/* ---- what is expected */

static bool compare(struct scene *s, const struct json *j, const char *word)
{
    char key[64], got[1024];
    const char *op = word + strcspn(word, "=~");
    struct buf b;
    if (!*op || (size_t)(op - word) >= sizeof key) return false;
    str_copy(key, sizeof key, str_n(word, (size_t)(op - word)));
    buf_init(&b, sizeof got);
    json_scalar(json_get(j, key), &b);
    str_copy(got, sizeof got, buf_view(&b));
    buf_fini(&b);
    bool ok = *op == '=' ? !strcmp(got, op + 1) : strstr(got, op + 1) != NULL;
    if (!ok) failed(s, "%s: wanted %s, found %s", key, op + 1, got);
    return ok;
}

static void expect_list(struct scene *s, const char *kind, char **w, size_t n)
{
    struct buf b;
    struct err e = {0};
    struct json *j = NULL;
    struct actor who = {.system = true, .login = STR("system")};
    struct args args = {.v = {{"kind", str_of(kind)}, {"all", STR("yes")}, {"limit", STR("1000")}}, .n = 3};
    buf_init(&b, 16u << 20);
    if (desk_list(s->desk, &who, &args, s->now, &b, &e) || json_parse(buf_view(&b), 16u << 20, &j, &e)) {
        failed(s, "list %s: %s", kind, e.text);
    } else if (json_count(j) != strtoul(w[2], NULL, 10)) {
        failed(s, "wanted %s %s, found %zu: %s", w[2], kind, json_count(j), buf_cstr(&b));
    } else {
        /* refs rise with time: "first" is the oldest */
        const struct json *first = json_at(j, 0), *last = first;
        for (size_t i = 0; i < json_count(j); i++) {
            const struct json *k = json_at(j, i);
            if (str_cmp(json_get_text(k, "ref"), json_get_text(first, "ref")) < 0) first = k;
            if (str_cmp(json_get_text(k, "ref"), json_get_text(last, "ref")) > 0) last = k;
        }
        for (size_t i = 3; i < n; i++) compare(s, strncmp(w[i], "last.", 5) ? first : last, w[i] + (strncmp(w[i], "last.", 5) ? strncmp(w[i], "first.", 6) ? 0 : 6 : 5));
    }
    json_free(j);
    buf_fini(&b);
}

static void expect_mail(struct scene *s, char **w, size_t n)
{
    const char *to = NULL, *subject = "";
    for (size_t i = 2; i < n; i++) {
        if (!strncmp(w[i], "to=", 3)) to = w[i] + 3;
        if (!strncmp(w[i], "subject~", 8)) subject = w[i] + 8;
    }
    for (size_t i = 0; i < s->nmails; i++) {
        struct sent *m = &s->mails[i];
        if (m->seen) continue;
        if (!to) {
            failed(s, "wanted no mail, found one to %s: %s", m->to, m->subject);
            m->seen = true;
        } else if (!strcmp(m->to, to) && strstr(m->subject, subject)) {
            m->seen = true;
            return;
        }
    }
    if (to) failed(s, "wanted mail to %s \"%s\", found none", to, subject);
}

static void verified(void *ctx, enum rc rc, struct str json, const struct err *e)
{
    struct scene *s = ctx;
    s->verify_done = true;
    s->verify_rc = rc;
    str_copy(s->verify_text, sizeof s->verify_text, e && e->text[0] ? str_of(e->text) : json);
}

static void expect_audit(struct scene *s)
{
    struct err e = {0};
    struct actor who = {.system = true, .login = STR("system")};
    s->verify_done = false;
    if (desk_verify(s->desk, &who, s->now, verified, s, &e)) failed(s, "verify: %s", e.text);
    for (int i = 0; i < 10000 && !s->verify_done; i++) desk_tick(s->desk, s->now);
    if (!s->verify_done || s->verify_rc) failed(s, "the audit is not intact: %s", s->verify_text);
}

static void expect_show(struct scene *s, const char *ref, const char *part)
{
    struct buf b;
    struct err e = {0};
    struct actor who = {.system = true, .login = STR("system")};
    buf_init(&b, 16u << 20);
    if (desk_show(s->desk, &who, strncmp(ref, "INC", 3) ? MACHINE_EVENT : MACHINE_INCIDENT, str_of(ref), s->now, &b, &e)) failed(s, "show %s: %s", ref, e.text);
    else if (!strstr(buf_cstr(&b), part)) failed(s, "show %s has no \"%s\": %s", ref, part, buf_cstr(&b));
    buf_fini(&b);
}

static void expect(struct scene *s, char **w, size_t n)
{
    if (n >= 3 && (!strcmp(w[1], "events") || !strcmp(w[1], "incidents"))) expect_list(s, w[1], w, n);
    else if (n >= 3 && !strcmp(w[1], "mail")) expect_mail(s, w, strcmp(w[2], "none") ? n : 2);
    else if (n == 3 && !strcmp(w[1], "audit")) expect_audit(s);
    else if (n == 3 && !strcmp(w[1], "said") ) { if (!strstr(s->said, w[2])) failed(s, "wanted to be told \"%s\", was told: %s", w[2], s->said); }
    else if (n == 4 && !strcmp(w[1], "show")) expect_show(s, w[2], w[3]);
    else failed(s, "cannot expect this");
}

/* ---- a file */

static void asset(struct scene *s, char **w, size_t n)
{
    unsigned need = 2, data = 0;
    for (size_t i = 2; i < n; i++) {
        if (!strncmp(w[i], "need=", 5)) need = (unsigned)strtoul(w[i] + 5, NULL, 10);
        if (!strncmp(w[i], "data=", 5)) data = (unsigned)strtoul(w[i] + 5, NULL, 10);
    }
    buf_printf(&s->roster, "  - {key: %s, name: %s, org: main, need: {c: %u, i: %u, a: %u}, data: %u}\n", w[1], w[1], need, need, need, data);
}

static char *under(const char *folder, const char *name)
{
    size_t size = strlen(top) + strlen(folder) + strlen(name) + 3;
    char *out = malloc(size);
    if (out) snprintf(out, size, "%s/%s/%s", top, folder, name);
    return out;
}

static void step(struct scene *s, char *line)
{
    char copy[8192], *w[WORDS_MAX];
    snprintf(copy, sizeof copy, "%s", line);
    size_t n = words(copy, w);
    if (!n) return;
    if (!strcmp(w[0], "scene") && n > 1) { snprintf(s->name, sizeof s->name, "%s", w[1]); return; }
    if (!strcmp(w[0], "asset") && n > 1) { asset(s, w, n); return; }
    if (!strcmp(w[0], "source") && n == 3) { buf_printf(&s->sources, "  - {name: %s, org: main, heartbeat: %s}\n", w[1], w[2] + strcspn(w[2], "=") + 1); return; }
    if (!strcmp(w[0], "sod") && n > 1) { s->sod = !strcmp(w[1], "compensating") ? "compensating" : "strict"; return; }
    if (!strcmp(w[0], "policy") && n > 1) { free(s->policy); s->policy = under("tests/scenes", w[1]); return; }
    if (!strcmp(w[0], "rules") && n > 1) { free(s->rules); s->rules = under("etc/rules.d", w[1]); return; }
    open_scene(s);
    if (!strcmp(w[0], "syslog")) {
        snprintf(s->last_line, sizeof s->last_line, "%s", rest_after(line, 1));
        one_line(s);
    } else if (!strcmp(w[0], "repeat") && n == 4) {
        for (unsigned long i = strtoul(w[1], NULL, 10); i; i--) advance(s, w[3]), one_line(s);
    } else if (!strcmp(w[0], "advance") && n == 2) advance(s, w[1]);
    else if (!strcmp(w[0], "as") && n >= 3) as(s, w, n);
    else if (!strcmp(w[0], "mail") && n == 2) s->mail_down = !strcmp(w[1], "down");
    else if (!strcmp(w[0], "down") && n == 2) {
        int64_t us = 0;
        if (!str_duration(str_of(w[1]), &us)) failed(s, "\"%s\" is no duration", w[1]);
        desk_close(s->desk, s->now);
        s->now += us;
        open_desk(s);
        pump(s);
    } else if (!strcmp(w[0], "restart")) { desk_close(s->desk, s->now); open_desk(s); pump(s); }
    else if (!strcmp(w[0], "expect")) expect(s, w, n);
    else failed(s, "\"%s\" is no word of a scene", w[0]);
}

static bool run(const char *file)
{
    struct scene *s = calloc(1, sizeof *s);
    struct buf text;
    struct err e = {0};
    if (!s) return false;
    *s = (struct scene){.file = file, .now = START * US_PER_S, .rules = under("etc", "rules.d"), .policy = under("etc", "policy")};
    snprintf(s->dir, sizeof s->dir, "/tmp/tocsin-scene.XXXXXX");
    buf_init(&s->roster, 65536);
    buf_init(&s->sources, 65536);
    s->sod = "strict";
    buf_text(&s->roster, roster_head);
    buf_init(&text, 1u << 20);
    if (!mkdtemp(s->dir) || file_read(file, 1u << 20, &text, &e)) failed(s, "%s", e.text);
    char *all = buf_take(&text);
    for (char *line = all, *next; line && *line && !s->failed; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = 0;
        s->line++;
        step(s, line);
    }
    printf("%s %s: %s\n", s->failed ? "FAIL" : "ok  ", file, s->name);
    bool ok = !s->failed && s->opened;
    if (s->desk) desk_close(s->desk, s->now);
    if (s->opened) pipeline_fini(&s->p);
    generation_free(s->g);
    if (s->opened) buf_fini(&s->image);
    buf_fini(&s->roster);
    buf_fini(&s->sources);
    static const char *const made[] = {"tocsin.yaml", "roster.yaml", "tocsin.db", "tocsin.db-wal", "tocsin.db-shm", "tocsin.db.ballast", "ballast"};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", s->dir, made[i]);
        unlink(path);
    }
    rmdir(s->dir);
    free(all);
    free(s->rules);
    free(s->policy);
    free(s);
    return ok;
}

int main(int argc, char **argv)
{
    bool ok = argc > 1;
    static char absolute[4096];
    top = realpath(getenv("srcdir") ? getenv("srcdir") : ".", absolute);
    if (!top) return perror("srcdir"), 1;
    log_level_set(NULL, LOG_ERR_);
    for (int i = 1; i < argc; i++) ok &= run(argv[i]);
    return ok ? 0 : 1;
}
