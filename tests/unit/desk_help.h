/* SPDX-License-Identifier: ISC
 *
 * desk_help.h - what the tests of the desk share: a record, rules, people, a clock one turns by hand, and an outbox one reads
 */
#ifndef TOCSIN_TESTS_DESK_HELP_H
#define TOCSIN_TESTS_DESK_HELP_H

#include "unit.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "desk/desk.h"

#define T0 INT64_C(1795320000000000) /* 2026-11-22 */

static const char help_yaml[] = "title: failed password\nid: r-fail\nlogsource: {product: linux}\ndetection:\n  s: {action: fail}\n  condition: s\nlevel: low\n"
                                "tocsin:\n  class: intrusion-attempts/brute-force\n  event: no\n"
                                "---\ntitle: guessing\nid: c-guess\ncorrelation:\n  type: event_count\n  rules: [r-fail]\n  group-by: [src_ip]\n  timespan: 10m\n"
                                "  condition: {gte: 5}\nlevel: medium\ntocsin:\n  class: intrusion-attempts/brute-force\n  title: \"Password guessing from {src_ip}\"\n"
                                "  outcome: attempted\n  impact: {c: 1, i: 1, a: 0}\n"
                                "---\ntitle: root login\nid: r-root\nlogsource: {product: linux}\ndetection:\n  s: {action: login}\n  condition: s\nlevel: high\n"
                                "tocsin:\n  class: intrusions/privileged-account-compromise\n  outcome: success\n  impact: {c: 3, i: 3, a: 1}\n  title: \"root login from {src_ip}\"\n"
                                "---\ntitle: tried\nid: r-try\nlogsource: {product: linux}\ndetection:\n  s: {action: try}\n  condition: s\nlevel: low\n"
                                "tocsin:\n  class: information-gathering/scanner\n  impact: {c: 0, i: 0, a: 0}\n  joins: c-try\n  title: \"Tried from {src_ip}\"\n"
                                "---\ntitle: tried again and again\nid: c-try\ncorrelation:\n  type: event_count\n  rules: [r-try]\n  group-by: [src_ip]\n  timespan: 10m\n"
                                "  condition: {gte: 3}\nlevel: high\ntocsin:\n  class: intrusion-attempts/exploit\n  title: \"Attack from {src_ip}\"\n"
                                "  outcome: suspected\n  activity: ongoing\n  impact: {c: 3, i: 3, a: 1}\n";

static const char *help_more = ""; /* rules besides those, each behind a "---" */

struct help {
    struct desk *d;
    struct tree **docs;
    size_t ndocs;
    struct ruleset *rules;
    struct policy policy;
    struct roster roster;
    struct org orgs[2];
    struct person people[6];
    struct binding bindings[6];
    struct asset assets[1];
    struct source sources[1];
    struct desk_conf conf;
    int64_t now;
    struct carry carried[256];
    char to[256][32], subject[256][256], object[256][32], uuid[256][64];
    size_t ncarried;
    bool paused;
    char path[64];
    struct arena arena;
    struct answer out;
    struct err e;
    struct buf json;
    char ref[64];
};

static inline void help_on_carry(void *ctx, const struct carry *c) {
    struct help *h = ctx;
    assert_true(h->ncarried < 256);
    h->carried[h->ncarried] = *c;
    str_copy(h->to[h->ncarried], sizeof h->to[0], c->to_login);
    str_copy(h->subject[h->ncarried], sizeof h->subject[0], c->subject);
    str_copy(h->object[h->ncarried], sizeof h->object[0], c->object);
    str_copy(h->uuid[h->ncarried], sizeof h->uuid[0], c->uuid);
    h->ncarried++;
}

static inline void help_on_pause(void *ctx, bool paused, const char *why) {
    struct help *h = ctx;
    (void)why;
    h->paused = paused;
}

static inline void help_ok(struct help *h, enum rc rc) {
    if (rc)
        fail_msg("%s: %s (%s)", rc_word(rc), h->e.text, h->e.hint);
}

static inline void help_configure(struct help *h) {
    struct desk_generation g = {.number = 1, .rules = h->rules, .roster = &h->roster, .policy = &h->policy, .digest = STR("00")};
    help_ok(h, desk_configure(h->d, &g, h->now, &h->e));
}

static inline void help_reopen(struct help *h) {
    static const struct desk_ops ops = {.carry = help_on_carry, .pause = help_on_pause};
    help_ok(h, desk_open(&h->conf, &ops, h, h->now, &h->d, &h->e));
    help_configure(h);
}

static inline void help_person(struct help *h, size_t i, const char *login, enum role role, const char *email, const char *webhook) {
    h->bindings[i] = (struct binding){.org = 0, .role = (uint8_t)role, .from = 1};
    h->people[i] = (struct person){.login = login, .name = login, .email = email, .webhook = webhook, .function = "iso", .uid = 1000 + (int64_t)i,
                                   .bindings = &h->bindings[i], .nbindings = 1, .channels = {CHANNEL_EMAIL, CHANNEL_WEBHOOK}, .nchannels = webhook ? 2 : 1};
}

static inline void help_open_at(struct help *h, const char *path) {
    static struct errs es;
    memset(h, 0, sizeof *h);
    h->now = T0;
    memset(&es, 0, sizeof es);
    struct buf yaml;
    buf_init(&yaml, 1 << 16);
    buf_text(&yaml, help_yaml);
    buf_text(&yaml, help_more);
    help_ok(h, tree_from_yaml("test.yml", buf_view(&yaml), &h->docs, &h->ndocs, &h->e));
    buf_fini(&yaml);
    ruleset_load((const struct tree *const *)h->docs, h->ndocs, RULESET_ANY_LOGSOURCE, &h->rules, &es);
    if (es.n)
        fail_msg("%s:%d: %s", es.v[0].file, es.v[0].line, es.v[0].text);
    policy_default(&h->policy);
    h->orgs[0] = (struct org){.slug = "main", .name = "Main", .tz = "UTC"};
    h->orgs[1] = (struct org){.slug = "other", .name = "Other", .tz = "UTC"};
    help_person(h, 0, "iso", ROLE_ISO, "iso@example.test", "https://hook.example.test/iso");
    help_person(h, 1, "deputy", ROLE_DEPUTY, "dep@example.test", NULL);
    help_person(h, 2, "boss", ROLE_MANAGEMENT, "boss@example.test", NULL);
    help_person(h, 3, "ana", ROLE_ANALYST, "ana@example.test", NULL);
    help_person(h, 4, "rita", ROLE_REPORTER, "rita@example.test", NULL);
    help_person(h, 5, "stranger", ROLE_ISO, "str@example.test", NULL);
    h->bindings[5].org = 1;
    h->assets[0] = (struct asset){.key = "gw", .name = "gateway", .need = {3, 3, 3}, .data = 2};
    h->sources[0] = (struct source){.name = "quiet", .trust = 80, .heartbeat = US_PER_H};
    h->roster = (struct roster){.orgs = h->orgs, .norgs = 2, .people = h->people, .npeople = 6, .assets = h->assets, .nassets = 1, .sources = h->sources, .nsources = 1};
    str_copy(h->path, sizeof h->path, str_of(path));
    h->conf = (struct desk_conf){.database = h->path, .domain = "example.test", .samples = 3, .ballast = UINT64_MAX, .free_floor = 1};
    arena_init(&h->arena, 64 << 20);
    h->out.arena = &h->arena;
    buf_init(&h->out.said, 1 << 16);
    buf_init(&h->out.next, 1 << 16);
    buf_init(&h->json, 16 << 20);
    help_reopen(h);
}

static inline void help_open(struct help *h) {
    help_open_at(h, ":memory:");
}

static inline void help_close(struct help *h) {
    if (h->d)
        desk_close(h->d, h->now);
    ruleset_free(h->rules);
    for (size_t i = 0; i < h->ndocs; i++)
        tree_free(h->docs[i]);
    free(h->docs);
    arena_fini(&h->arena);
    buf_fini(&h->out.said);
    buf_fini(&h->out.next);
    buf_fini(&h->json);
    if (h->path[0] == '/') {
        static const char *const tails[] = {"", "-wal", "-shm", ".ballast"};
        for (size_t i = 0; i < 4; i++) {
            char p[96];
            snprintf(p, sizeof p, "%s%s", h->path, tails[i]);
            unlink(p);
        }
    }
}

/* n like sightings of a rule, `every` us apart, the last one now. */
static inline void help_sight(struct help *h, const char *rule, const char *ip, uint32_t n, int64_t every) {
    static uint64_t seq;
    int64_t times[512];
    char raw[200];
    int len = snprintf(raw, sizeof raw, "<38>Nov 22 00:00:00 gw sshd[1]: %s for root from %s port 22", rule, ip ? ip : "nowhere");
    struct sighting s = {.rule = str_of(rule), .ntimes = n, .times = times, .total = n, .nfields = 3};
    for (uint32_t i = 0; i < n; i++)
        times[i] = h->now - (int64_t)(n - 1 - i) * every;
    s.first = s.last = (struct sighting_line){.raw = str_n(raw, (size_t)len), .peer = STR("192.0.2.1:514"), .arrived = h->now, .time = h->now, .transport = TRANSPORT_TCP};
    s.first.time = times[0];
    s.first.nr = 1;
    s.last.nr = n;
    s.fields[0] = (struct field){.id = F_SRC_IP, .value = str_of(ip)};
    s.fields[1] = (struct field){.id = F_HOST, .value = STR("gw")};
    s.fields[2] = (struct field){.id = F_USER, .value = STR("root")};
    struct batch b = {.seq = ++seq, .sightings = &s, .n = 1};
    struct ack ack;
    help_ok(h, desk_batch(h->d, &b, h->now, &ack, &h->e));
    assert_true(ack.stored[TRANSPORT_TCP] <= n);
    help_ok(h, desk_commit(h->d, h->now, &h->e));
}

static inline struct actor help_actor(struct help *h, const char *login) {
    const struct person *p = roster_person(&h->roster, str_of(login));
    if (!strcmp(login, "root"))
        return (struct actor){.login = STR("root"), .admin = true};
    return (struct actor){.id = p->db_id, .person = p, .login = str_of(p->login)};
}

/* "name=value" words behind the verb. */
static inline enum rc help_try_do(struct help *h, const char *login, enum machine m, const char *ref, const char *verb, const char *words) {
    struct args a = {.n = 0};
    struct str rest = str_of(words && *words ? words : NULL);
    static char names[32][32];
    struct actor who = help_actor(h, login);
    while (!str_absent(rest)) {
        struct str v = str_cut(&rest, '|'), k = str_cut(&v, '=');
        str_copy(names[a.n], 32, k);
        a.v[a.n] = (struct arg){names[a.n], v};
        a.n++;
    }
    buf_reset(&h->out.said);
    buf_reset(&h->out.next);
    h->out.made = h->out.ref = h->out.state = STR_NONE;
    err_clear(&h->e);
    enum rc rc = desk_do(h->d, &who, m, str_of(ref), verb, &a, STR_NONE, h->now, &h->out, &h->e);
    if (!rc && !str_absent(h->out.made))
        str_copy(h->ref, sizeof h->ref, h->out.made);
    return rc;
}

static inline void help_do(struct help *h, const char *login, enum machine m, const char *ref, const char *verb, const char *words) {
    enum rc rc = help_try_do(h, login, m, ref, verb, words);
    if (rc)
        fail_msg("%s %s as %s: %s: %s (%s)", verb, ref ? ref : "", login, rc_word(rc), h->e.text, h->e.hint);
}

/* Ticks until `until`, stopping wherever something is due; what is carried arrives at once. */
static inline void help_run_until(struct help *h, int64_t until) {
    static size_t arrived;
    for (int i = 0; i < 100000; i++) {
        int64_t next = desk_tick(h->d, h->now);
        if (arrived > h->ncarried)
            arrived = 0;
        bool some = false;
        for (; arrived < h->ncarried; arrived++, some = true) {
            struct carried c = {.id = h->carried[arrived].id, .ok = true, .code = STR("250 ok"), .started = h->now, .ended = h->now};
            desk_carried(h->d, &c, h->now, &h->e);
        }
        if (some)
            continue;
        if (next > until)
            break;
        h->now = next > h->now ? next : h->now + 1;
    }
    h->now = until;
}

static inline size_t help_mails(const struct help *h, const char *to) {
    size_t n = 0;
    for (size_t i = 0; i < h->ncarried; i++)
        n += !strcmp(h->to[i], to);
    return n;
}

/* The answer to list or show, parsed; free it. */
static inline struct json *help_list(struct help *h, const char *login, const char *kind) {
    struct actor who = help_actor(h, login);
    struct args a = {.v = {{"kind", str_of(kind)}}, .n = 1};
    struct json *j = NULL;
    buf_reset(&h->json);
    help_ok(h, desk_list(h->d, &who, &a, h->now, &h->json, &h->e));
    help_ok(h, json_parse(buf_view(&h->json), 16 << 20, &j, &h->e));
    return j;
}

static inline int64_t help_count(struct help *h, size_t i) { /* of the i-th event of the officer's list; -1: there are not so many */
    struct json *j = help_list(h, "iso", "events");
    int64_t n = i < json_count(j) ? json_int(json_get(json_at(j, i), "count"), -1) : -1;
    json_free(j);
    return n;
}

static inline size_t help_events(struct help *h) {
    struct json *j = help_list(h, "iso", "events");
    size_t n = json_count(j);
    json_free(j);
    return n;
}

static inline struct json *help_show(struct help *h, const char *login, enum machine m, const char *ref) {
    struct actor who = help_actor(h, login);
    struct json *j = NULL;
    buf_reset(&h->json);
    help_ok(h, desk_show(h->d, &who, m, str_of(ref), h->now, &h->json, &h->e));
    help_ok(h, json_parse(buf_view(&h->json), 16 << 20, &j, &h->e));
    return j;
}

#endif
