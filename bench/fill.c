/* SPDX-License-Identifier: ISC
 *
 * fill.c - fills a record with events by the desk's own hand and measures at each size what one more costs and how long lists take
 *
 * Takes   -d FILE (a new database), sizes in rising order (1000 10000 ...).
 * Gives   a JSON line a size: CPU and wall microseconds an event (of 4,096 more, committed 256 at a time, synchronous=FULL), p50 and p99 of microseconds of
 *         the last 20 of an address, of an incident's events, of the last 100 of all; size of the database.
 *
 * An event is what it is in the daemon: its row, its line, its assessment, three stamps, an audit line in the chain. Each address has about twenty; every
 * 10,000 events an incident of twenty is declared. The events are of P3 and of the last hour, so that nobody is told and nothing is due.
 */
#include "base/clock.h"
#include "desk/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { GROUP = 256, FILLING = 2000, MORE = 4096, ASKED = 300, PER_ADDRESS = 20, PER_INCIDENT = 20, INCIDENT_EVERY = 10000 };

static const char rule_yaml[] = "title: One more\nid: fill-1\nlogsource: {product: linux}\ndetection:\n  s: {action: fill}\n  condition: s\nlevel: high\n"
                                "tocsin:\n  class: intrusion-attempts/exploit\n  outcome: suspected\n  activity: ongoing\n  impact: {c: 3, i: 3, a: 2}\n"
                                "  entity: [src_ip, user]\n  title: \"One more from {src_ip}\"\n";

static struct fill {
    struct desk *d;
    struct policy policy;
    struct roster roster;
    struct org org;
    struct person iso;
    struct binding binding;
    struct arena arena;
    struct answer out;
    struct buf json;
    struct actor who;
    struct err e;
    int64_t now;
    uint64_t made, seq, incidents, group;
} f;

static double seconds(clockid_t c) {
    struct timespec t;
    clock_gettime(c, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(enum rc rc, const char *what) {
    if (rc) {
        fprintf(stderr, "fill: %s: %s: %s\n", what, rc_word(rc), f.e.text);
        exit(1);
    }
}

static void address_of(uint64_t k, char out[24]) {
    snprintf(out, 24, "10.%u.%u.%u", (unsigned)(k >> 16 & 255), (unsigned)(k >> 8 & 255), (unsigned)(k & 255));
}

static struct ruleset *rules_of(void) {
    static struct errs es;
    struct tree **docs;
    size_t n;
    struct ruleset *r = NULL;
    must(tree_from_yaml("fill.yml", str_of(rule_yaml), &docs, &n, &f.e), "the rule");
    ruleset_load((const struct tree *const *)docs, n, RULESET_ANY_LOGSOURCE, &r, &es);
    must(es.n ? RC_CONFIG : RC_OK, es.n ? es.v[0].text : "");
    return r;
}

static void open_record(const char *path) {
    struct desk_conf conf = {.database = path, .domain = "example.test", .samples = 3, .ballast = UINT64_MAX, .free_floor = 1};
    f.now = clock_now() - US_PER_H;
    f.org = (struct org){.slug = "main", .name = "Main", .tz = "UTC"};
    f.binding = (struct binding){.role = ROLE_ISO, .from = 1};
    f.iso = (struct person){.login = "iso", .name = "iso", .email = "iso@example.test", .function = "iso", .uid = 1000, .bindings = &f.binding, .nbindings = 1,
                            .channels = {CHANNEL_EMAIL}, .nchannels = 1};
    f.roster = (struct roster){.orgs = &f.org, .norgs = 1, .people = &f.iso, .npeople = 1};
    policy_default(&f.policy);
    arena_init(&f.arena, 64 << 20);
    f.out.arena = &f.arena;
    buf_init(&f.out.said, 1 << 16);
    buf_init(&f.out.next, 1 << 16);
    buf_init(&f.json, 16 << 20);
    static const struct desk_ops ops;
    must(desk_open(&conf, &ops, NULL, f.now, &f.d, &f.e), "opening");
    struct desk_generation g = {.number = 1, .rules = rules_of(), .roster = &f.roster, .policy = &f.policy, .digest = STR("00")};
    must(desk_configure(f.d, &g, f.now, &f.e), "configuring");
    f.who = (struct actor){.id = f.iso.db_id, .person = &f.iso, .login = STR("iso")};
}

static void one_event(int64_t step) {
    char raw[200], ip[24], user[24];
    struct ack ack;
    address_of(f.made * UINT64_C(2654435761) % (1 << 24) / PER_ADDRESS, ip); /* in no order, as attackers come */
    snprintf(user, sizeof user, "u%" PRIu64, f.made);
    int len = snprintf(raw, sizeof raw, "<38>Nov 22 00:00:00 gw.site-north.example.test sshd[411]: something of %s from %s port 40022, which makes a line of ordinary length", user, ip);
    int64_t at = f.now += step;
    struct sighting s = {.rule = STR("fill-1"), .ntimes = 1, .times = &at, .total = 1, .nfields = 3};
    s.first = (struct sighting_line){.raw = str_n(raw, (size_t)len), .peer = STR("192.0.2.1:514"), .arrived = at, .time = at, .transport = TRANSPORT_TCP, .nr = 1};
    s.last = s.first;
    s.fields[0] = (struct field){.id = F_SRC_IP, .value = str_of(ip)};
    s.fields[1] = (struct field){.id = F_HOST, .value = STR("gw")};
    s.fields[2] = (struct field){.id = F_USER, .value = str_of(user)};
    struct batch b = {.seq = ++f.seq, .sightings = &s, .n = 1};
    must(desk_batch(f.d, &b, f.now, &ack, &f.e), "an event");
    if (++f.made % f.group == 0) must(desk_commit(f.d, f.now, &f.e), "a commit");
}

static void act(enum machine m, uint64_t event, const char *verb, const struct args *a) {
    char ref[32];
    snprintf(ref, sizeof ref, "%" PRIu64, event);
    arena_reset(&f.arena);
    buf_reset(&f.out.said);
    buf_reset(&f.out.next);
    must(desk_do(f.d, &f.who, m, str_of(ref), verb, a, STR_NONE, f.now, &f.out, &f.e), verb);
}

static void declare(void) {
    struct args why = {.v = {{"rationale", STR("measured")}, {"personal_data", STR("no")}}, .n = 2};
    must(desk_commit(f.d, f.now, &f.e), "a commit");
    act(MACHINE_EVENT, f.made, "promote", &why);
    char made[64];
    snprintf(made, sizeof made, "%.*s", STR_FMT(f.out.made));
    struct args to = {.v = {{"incident", str_of(made)}, {"rationale", STR("the same")}}, .n = 2};
    for (uint64_t k = 1; k < PER_INCIDENT; k++) act(MACHINE_EVENT, f.made - k, "link", &to);
    f.incidents++;
}

static void fill_to(uint64_t n, int64_t step) {
    f.group = FILLING;
    while (f.made < n) {
        one_event(step);
        if (f.made % INCIDENT_EVERY == 0 || (f.made == 500)) declare();
    }
    must(desk_commit(f.d, f.now, &f.e), "a commit");
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

enum { BY_ADDRESS, BY_INCIDENT, LAST };
static const char *const asked_name[] = {"address", "incident", "last"};

static void ask_once(int what, uint64_t k) {
    char word[64];
    buf_reset(&f.json);
    arena_reset(&f.arena);
    if (what == BY_INCIDENT) {
        snprintf(word, sizeof word, "%" PRIu64, 1 + k % f.incidents);
        must(desk_show(f.d, &f.who, MACHINE_INCIDENT, str_of(word), f.now, &f.json, &f.e), "an incident");
        return;
    }
    address_of(k % f.made * UINT64_C(2654435761) % (1 << 24) / PER_ADDRESS, word);
    struct args address = {.v = {{"kind", STR("events")}, {"limit", STR("20")}, {"address", str_of(word)}}, .n = 3};
    struct args last = {.v = {{"kind", STR("events")}, {"limit", STR("100")}}, .n = 2};
    must(desk_list(f.d, &f.who, what == BY_ADDRESS ? &address : &last, f.now, &f.json, &f.e), "a list");
    if (f.json.n < 100) fprintf(stderr, "fill: the list %s is empty\n", asked_name[what]), exit(1);
}

static void lists(void) {
    static double took[ASKED];
    for (int what = BY_ADDRESS; what <= LAST; what++) {
        for (uint64_t i = 0; i < ASKED; i++) {
            double from = seconds(CLOCK_MONOTONIC);
            ask_once(what, i * 7919 + 13);
            took[i] = (seconds(CLOCK_MONOTONIC) - from) * 1e6;
        }
        qsort(took, ASKED, sizeof *took, by_value);
        printf(",\"%s\":{\"p50\":%.0f,\"p99\":%.0f}", asked_name[what], took[ASKED / 2], took[ASKED * 99 / 100]);
    }
}

static long long file_size(const char *path) {
    FILE *db = fopen(path, "rb");
    long long n = db && !fseek(db, 0, SEEK_END) ? ftell(db) : 0;
    if (db) fclose(db);
    return n;
}

static void measure(const char *path, int64_t step) {
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t before = f.made;
    f.group = GROUP;
    while (f.made < before + MORE) one_event(step);
    must(desk_commit(f.d, f.now, &f.e), "a commit");
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, wall = seconds(CLOCK_MONOTONIC) - wall;
    printf("{\"events\":%" PRIu64 ",\"cpu_us\":%.2f,\"wall_us\":%.2f", before, cpu * 1e6 / MORE, wall * 1e6 / MORE);
    lists();
    printf(",\"incidents\":%" PRIu64 ",\"database_mib\":%.1f}\n", f.incidents, (double)file_size(path) / 1048576);
    fflush(stdout);
}

int main(int argc, char **argv) {
    const char *path = NULL;
    for (int c; (c = getopt(argc, argv, "d:")) != -1;)
        if (c == 'd') path = optarg;
    if (!path || optind >= argc) return fputs("usage: fill -d FILE SIZE...\n", stderr), 2;
    open_record(path);
    uint64_t most = strtoull(argv[argc - 1], NULL, 10);
    int64_t step = US_PER_H / 2 / (int64_t)(most + 20 * MORE);
    for (int i = optind; i < argc; i++) {
        fill_to(strtoull(argv[i], NULL, 10), step > 0 ? step : 1);
        measure(path, step > 0 ? step : 1);
    }
    desk_close(f.d, f.now);
    return 0;
}
