/* SPDX-License-Identifier: ISC
 *
 * test_flood.c - a flood folds into few sightings, few rows and few bytes, and every count, time and priority is what it would be one by one
 *
 * Lines go the way they go in the daemon: into batches by what the desk can tell apart, over the link, into group commits; the same lines
 * go into another desk one after the other.
 */
#include "desk_help.h"

#include <sys/stat.h>

#include "daemon/batch.h"

#define IPS 7
#define LINES 6000

static uint32_t dice(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

struct line_of { /* one that a rule hit */
    const char *rule, *host;
    char ip[32], user[16], raw[120];
    int64_t time;
    uint32_t weight;
};

static void line_make(uint32_t *seed, int64_t now, struct line_of *l) {
    static const char *const hosts[] = {"h1", "h2", "h3", "h4", "h5", "gw"};

    l->rule = dice(seed) % 3 ? "r-try" : "r-fail";
    l->host = hosts[dice(seed) % 40 ? dice(seed) % 5 : 5]; /* the one that is listed, now and then */
    snprintf(l->ip, sizeof l->ip, "192.0.2.%u", dice(seed) % IPS);
    snprintf(l->user, sizeof l->user, "u%u", dice(seed) % 50);
    l->time = now - (dice(seed) % 9 == 0 ? (int64_t)(dice(seed) % 500) * US_PER_S : 0);
    l->weight = dice(seed) % 11 == 0 ? 4 : 1;
    snprintf(l->raw, sizeof l->raw, "<38>1 - %s sshd - - - %s for %s from %s at %lld", l->host, l->rule, l->user, l->ip, (long long)l->time);
}

static void sighting_make(const struct help *h, const struct line_of *l, int64_t now, struct sighting *s) {
    memset(s, 0, sizeof *s);
    s->rule = str_of(l->rule);
    s->rule_index = (uint32_t)ruleset_find(h->rules, s->rule);
    s->generation = 1;
    s->ntimes = 1;
    s->times = &l->time;
    s->weights = &l->weight;
    s->total = l->weight;
    s->first = s->last = (struct sighting_line){.raw = str_of(l->raw), .peer = STR("192.0.2.200:514"), .arrived = now, .time = l->time, .transport = TRANSPORT_TCP, .nr = 1};
    s->last.nr = s->first.nr;
    s->fields[s->nfields++] = (struct field){F_SRC_IP, 0, STR_NONE, str_of(l->ip)};
    s->fields[s->nfields++] = (struct field){F_HOST, 0, STR_NONE, str_of(l->host)};
    s->fields[s->nfields++] = (struct field){F_USER, 0, STR_NONE, str_of(l->user)};
}

static uint64_t sightings; /* that went over the link */

/* What stands in the batch goes to the desk as it does over the link. Gives lines stored. */
static uint64_t deliver(struct help *h, struct batcher *b) {
    static uint64_t seq;
    struct batch out = {.epoch = 1, .seq = ++seq}, in;
    struct arena a;
    struct buf payload;
    struct ack ack;

    out.sightings = batcher_sightings(b, &out.n);
    sightings += out.n;
    buf_init(&payload, 16 << 20);
    arena_init(&a, 64 << 20);
    assert_true(batch_encode(&payload, &out));
    assert_true(batch_decode(buf_view(&payload), &a, &in));
    help_ok(h, desk_batch(h->d, &in, h->now, &ack, &h->e));
    assert_true(ack.stored[TRANSPORT_TCP] <= batcher_lines(b));
    batcher_reset(b);
    buf_fini(&payload);
    arena_fini(&a);
    return ack.stored[TRANSPORT_TCP];
}

static void add(struct help *h, struct batcher *b, const struct line_of *l) {
    static struct sighting s;

    sighting_make(h, l, h->now, &s);
    batcher_line(b);
    assert_true(batcher_add(b, &s));
}

static void one_by_one(struct help *h, const struct line_of *l) {
    struct batcher *b = batcher_new();

    assert_true(batcher_rules(b, h->rules, NULL));
    add(h, b, l);
    deliver(h, b);
    help_ok(h, desk_commit(h->d, h->now, &h->e));
    batcher_free(b);
}

static int64_t count_of(const struct json *event) {
    return json_int(json_get(event, "count"), -1);
}

static const struct json *event_of(const struct json *list, const char *title) {
    for (size_t i = 0; i < json_count(list); i++)
        if (str_is(json_get_text(json_at(list, i), "title"), title))
            return json_at(list, i);
    return NULL;
}

static void same_events(struct help *x, struct help *y) {
    static const char *const members[] = {"first_seen", "last_seen", "priority", "state", "class", "src_ip"};
    struct json *a = help_list(x, "iso", "events"), *b = help_list(y, "iso", "events");

    assert_int_equal(json_count(a), json_count(b));
    assert_true(json_count(a) >= 2 * IPS);
    for (size_t i = 0; i < json_count(a); i++) {
        const struct json *e = json_at(a, i), *f;
        char title[200];
        str_copy(title, sizeof title, json_get_text(e, "title"));
        f = event_of(b, title);
        if (!f || count_of(e) != count_of(f))
            fail_msg("%s: %lld times, one by one %lld", title, (long long)count_of(e), (long long)count_of(f));
        for (size_t m = 0; m < ARRAY_N(members); m++)
            if (!str_eq(json_get_text(e, members[m]), json_get_text(f, members[m])))
                fail_msg("%s: %s is %.*s, one by one %.*s", title, members[m], STR_FMT(json_get_text(e, members[m])), STR_FMT(json_get_text(f, members[m])));
    }
    json_free(a);
    json_free(b);
}

static void copy_file(const char *from, const char *to, const char *tail) {
    char a[96], b[96], bytes[65536];
    size_t n;

    snprintf(a, sizeof a, "%s%s", from, tail);
    snprintf(b, sizeof b, "%s%s", to, tail);
    FILE *in = fopen(a, "rb"), *out = fopen(b, "wb");
    assert_true(in && out);
    fchmod(fileno(out), 0600);
    while ((n = fread(bytes, 1, sizeof bytes, in)))
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* The record as it is on the disk at this moment, as after a fall. */
static void fallen(struct help *h, struct help *after, const char *path) {
    copy_file(h->path, path, "");
    copy_file(h->path, path, "-wal");
    help_open_at(after, path);
    after->now = h->now;
}

static void a_flood_counts_as_its_lines_do_one_by_one(void **state) {
    static struct help flood, single, after;
    char path[64], copy[64];
    uint32_t seed = 7;
    uint64_t truth[IPS] = {0}, stored = 0;

    (void)state;
    snprintf(path, sizeof path, "/tmp/tocsin-flood-%d.db", (int)getpid());
    snprintf(copy, sizeof copy, "/tmp/tocsin-fallen-%d.db", (int)getpid());
    help_open_at(&flood, path);
    help_open(&single);
    struct batcher *b = batcher_new();
    assert_true(batcher_rules(b, flood.rules, &flood.roster));
    sightings = 0;
    for (int i = 0, left = 0; i < LINES; i++, left--) {
        struct line_of l;
        flood.now = single.now += 700;
        line_make(&seed, flood.now, &l);
        add(&flood, b, &l);
        one_by_one(&single, &l);
        if (!strcmp(l.rule, "r-try"))
            truth[l.ip[8] - '0'] += l.weight;
        if (left > 0)
            continue;
        stored += deliver(&flood, b);
        left = (int)(dice(&seed) % 400);
        if (dice(&seed) % 2)
            help_ok(&flood, desk_commit(flood.d, flood.now, &flood.e));
        if (dice(&seed) % 8 == 0)
            desk_tick(flood.d, flood.now);
    }
    deliver(&flood, b);
    help_ok(&flood, desk_commit(flood.d, flood.now, &flood.e));
    batcher_free(b);
    assert_true(sightings - LINES < LINES / 4); /* those of `single` are LINES of them */
    assert_true(stored < LINES / 2);

    fallen(&flood, &after, copy); /* before anybody asked: what was acknowledged is there */
    same_events(&after, &single);
    same_events(&flood, &single);
    struct json *list = help_list(&flood, "iso", "events");
    for (int i = 0; i < IPS; i++) {
        char title[64];
        snprintf(title, sizeof title, "Attack from 192.0.2.%d", i);
        const struct json *e = event_of(list, title);
        assert_non_null(e);
        assert_int_equal(count_of(e), truth[i]);
    }
    json_free(list);

    for (int i = 0; i < 200; i++) { /* and the windows go on as they were */
        struct line_of l;
        after.now = flood.now = single.now += 20 * US_PER_S;
        line_make(&seed, flood.now, &l);
        one_by_one(&after, &l);
        one_by_one(&flood, &l);
        one_by_one(&single, &l);
    }
    same_events(&after, &single);
    same_events(&flood, &single);
    help_close(&after);
    help_close(&flood);
    help_close(&single);
}

/* h1 is no listed asset, gw is: forty lines to the one hide none to the other. */
static void priority_after(const struct roster *keyed_by, char out[8]) {
    static struct help h;
    struct line_of l = {.rule = "r-try", .host = "h1", .ip = "192.0.2.9", .user = "root", .raw = "x", .weight = 1};

    help_open(&h);
    struct batcher *b = batcher_new();
    assert_true(batcher_rules(b, h.rules, keyed_by ? &h.roster : NULL));
    h.assets[0].need[0] = h.assets[0].need[1] = h.assets[0].need[2] = 4;
    for (int i = 0; i < 40; i++) {
        l.time = h.now + i;
        l.host = i == 20 ? "gw" : "h1";
        add(&h, b, &l);
    }
    deliver(&h, b);
    help_ok(&h, desk_commit(h.d, h.now, &h.e));
    struct json *list = help_list(&h, "iso", "events");
    int64_t count = 0;
    for (size_t i = 0; i < json_count(list); i++)
        count += count_of(json_at(list, i));
    assert_int_equal(count, 40);
    str_copy(out, 8, STR("P5"));
    for (size_t i = 0; i < json_count(list); i++) {
        struct str p = json_get_text(json_at(list, i), "priority");
        if (p.n == 2 && p.p[1] < out[1])
            out[1] = p.p[1];
    }
    json_free(list);
    batcher_free(b);
    help_close(&h);
}

static void an_asset_is_not_hidden_among_hosts_that_are_none(void **state) {
    static const struct roster some;
    char with[8], without[8];

    (void)state;
    priority_after(&some, with);
    priority_after(NULL, without); /* the control: were assets not told apart, this would find it */
    assert_true(strcmp(with, without) < 0);
}

static void what_is_kept_of_an_event_are_its_first_lines_and_its_last(void **state) {
    static struct help h;
    struct line_of l = {.rule = "r-try", .host = "h1", .ip = "192.0.2.9", .user = "root", .weight = 1};

    (void)state;
    help_open(&h);
    for (int i = 0; i < 500; i++) {
        h.now += 1000;
        l.time = h.now;
        snprintf(l.raw, sizeof l.raw, "line %d", i);
        one_by_one(&h, &l);
    }
    struct json *list = help_list(&h, "iso", "events");
    char ref[32];
    str_copy(ref, sizeof ref, json_get_text(json_at(list, 0), "ref"));
    json_free(list);
    struct json *j = help_show(&h, "iso", MACHINE_EVENT, ref);
    const struct json *raws = json_get(j, "raws");
    static const char *const want[] = {"line 0", "line 1", "line 2", "line 497", "line 498", "line 499"};
    assert_int_equal(json_count(raws), ARRAY_N(want));
    for (size_t i = 0; i < ARRAY_N(want); i++)
        assert_str(json_get_text(json_at(raws, i), "body"), want[i]);
    json_free(j);
    help_close(&h);
}

/* Asked after every commit, the record says what was counted. */
static void a_question_sees_what_was_acknowledged(void **state) {
    static struct help h;
    struct line_of l = {.rule = "r-try", .host = "h1", .ip = "192.0.2.9", .user = "root", .raw = "x", .weight = 2};

    (void)state;
    help_open(&h);
    for (int i = 1; i < 30; i++) {
        h.now += 1000;
        l.time = h.now;
        one_by_one(&h, &l);
        struct json *list = help_list(&h, "iso", "events");
        assert_int_equal(count_of(json_at(list, 0)), 2 * i);
        json_free(list);
        if (i == 10) { /* a decision: what comes then finds the event as it is now */
            char ref[32];
            list = help_list(&h, "iso", "events");
            str_copy(ref, sizeof ref, json_get_text(json_at(list, 0), "ref"));
            json_free(list);
            help_do(&h, "iso", MACHINE_EVENT, ref, "claim", "");
        }
    }
    help_close(&h);
}

/* Short lines of many, then long ones: what is more than a few megabytes of them is written at once, in its order. */
static void lines_that_wait_take_no_more_memory_than_is_said(void **state) {
    enum { MANY = 150, EACH = 7, LONG = 60000 };
    static struct help h;
    static char raw[LONG + 1];
    struct batcher *b = batcher_new();
    uint64_t stored = 0;

    (void)state;
    help_open(&h);
    assert_true(batcher_rules(b, h.rules, NULL));
    memset(raw, 'x', LONG);
    for (int i = 0; i < EACH; i++)
        for (int who = 0; who < MANY; who++) {
            struct line_of l = {.rule = "r-try", .host = "h1", .user = "root", .time = h.now, .weight = 1};
            static struct sighting s;
            snprintf(l.ip, sizeof l.ip, "192.0.2.%d", who);
            sighting_make(&h, &l, h.now, &s);
            snprintf(raw, sizeof raw, "%d of %d", i, who);
            raw[strlen(raw)] = 'x';
            s.first.raw = s.last.raw = str_n(raw, i < 4 ? 20 : LONG);
            batcher_line(b);
            assert_true(batcher_add(b, &s));
            stored += deliver(&h, b);
        }
    assert_true(stored > MANY * 3 && stored < MANY * EACH);
    help_ok(&h, desk_commit(h.d, h.now, &h.e));
    struct json *list = help_list(&h, "iso", "events");
    assert_int_equal(json_count(list), 100);
    for (size_t i = 0; i < 100; i += 9) {
        char ref[32];
        str_copy(ref, sizeof ref, json_get_text(json_at(list, i), "ref"));
        assert_int_equal(count_of(json_at(list, i)), EACH);
        struct json *j = help_show(&h, "iso", MACHINE_EVENT, ref);
        const struct json *raws = json_get(j, "raws");
        assert_int_equal(json_count(raws), 6);
        for (size_t k = 0; k < 6; k++)
            assert_int_equal(json_get_text(json_at(raws, k), "body").p[0], "012456"[k]);
        json_free(j);
    }
    json_free(list);
    batcher_free(b);
    help_close(&h);
}

static int64_t first_rung(struct help *h, struct line_of *root) { /* behind the one that is told at once */
    int64_t from = h->now;

    h->assets[0].need[0] = h->assets[0].need[1] = h->assets[0].need[2] = 4;
    root->time = h->now;
    one_by_one(h, root);
    size_t told = h->ncarried;
    while (h->ncarried == told && h->now < from + US_PER_DAY) {
        h->now += US_PER_S;
        desk_tick(h->d, h->now);
    }
    return h->now - from;
}

/* A rung is due between two sightings of its event: what it says is written, and counted back in the journal. */
static void a_rung_between_two_commits_changes_no_time_of_its_event(void **state) {
    static struct help h, after;
    struct line_of root = {.rule = "r-root", .host = "gw", .ip = "192.0.2.9", .user = "root", .raw = "x", .weight = 1}, other = root;
    char path[64], copy[64];

    (void)state;
    snprintf(path, sizeof path, "/tmp/tocsin-rung-%d.db", (int)getpid());
    snprintf(copy, sizeof copy, "/tmp/tocsin-rung-fallen-%d.db", (int)getpid());
    help_open(&h);
    int64_t rung = first_rung(&h, &root);
    help_close(&h);

    help_open_at(&h, path);
    h.assets[0].need[0] = h.assets[0].need[1] = h.assets[0].need[2] = 4;
    int64_t at = h.now;
    root.time = at;
    one_by_one(&h, &root);
    const struct line_of *lines[] = {&root, &root, &other, &root};
    const int64_t when[] = {rung - 100000, rung - 50000, rung, rung + 10000};
    other.rule = "r-try";
    other.ip[8] = '1';
    for (size_t i = 0; i < ARRAY_N(lines); i++) {
        h.now = at + when[i];
        root.time = other.time = h.now;
        one_by_one(&h, lines[i]);
    }
    assert_true(h.ncarried > 1);
    fallen(&h, &after, copy);
    struct json *list = help_list(&after, "iso", "events");
    const struct json *e = event_of(list, "root login from 192.0.2.9");
    int64_t first = 0;
    assert_non_null(e);
    assert_int_equal(count_of(e), 4);
    assert_true(time_parse(json_get_text(e, "first_seen"), &first, NULL));
    assert_int_equal(first, at);
    json_free(list);
    help_close(&after);
    help_close(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_counts_as_its_lines_do_one_by_one),
        cmocka_unit_test(an_asset_is_not_hidden_among_hosts_that_are_none),
        cmocka_unit_test(what_is_kept_of_an_event_are_its_first_lines_and_its_last),
        cmocka_unit_test(a_question_sees_what_was_acknowledged),
        cmocka_unit_test(lines_that_wait_take_no_more_memory_than_is_said),
        cmocka_unit_test(a_rung_between_two_commits_changes_no_time_of_its_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
