/* SPDX-License-Identifier: ISC
 *
 * test_pack.c - what the shipped rules promise: samples, priorities, one attack few events, nothing from harmless lines
 *
 * The files of etc are read from $srcdir; the corpora, where they are, from $TOCSIN_CORPORA.
 */
#include "unit.h"

#include "base/file.h"
#include "case/assess.h"
#include "detect/correlate.h"
#include "detect/match.h"
#include "parse/normalise.h"
#include "parse/parse.h"

#define NOW INT64_C(1791756855000000) /* 2026-10-11T22:14:15Z */
#define SEEN_MAX 4096

static struct errs es;
static struct normaliser *nz;
static struct ruleset *rs;
static struct matcher *mt;

static const char *source(void) {
    const char *dir = getenv("srcdir");
    return dir ? dir : ".";
}

static void print_errs(void) {
    char line[1024];

    for (unsigned i = 0; i < es.n; i++)
        print_error("%s\n", err_format(&es.v[i], line, sizeof line));
}

static struct tree **load(const char *sub, const char *suffix, size_t *n) {
    struct buf names, text;
    struct err e = {0};
    struct tree **trees = NULL;
    size_t count = 0;
    char dir[512], path[1024];

    *n = 0;
    (void)snprintf(dir, sizeof dir, "%s/etc/%s", source(), sub);
    buf_init(&names, 1 << 16);
    assert_int_equal(file_list(dir, suffix, &names, &count, &e), RC_OK);
    assert_true(count > 0);
    for (const char *p = names.p; count--; p += strlen(p) + 1) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, p);
        buf_init(&text, 1 << 22);
        assert_int_equal(file_read(path, 1 << 22, &text, &e), RC_OK);
        if (tree_from_yaml(p, buf_view(&text), &trees, n, &e) != RC_OK)
            fail_msg("%s:%d: %s", p, e.line, e.text);
        buf_fini(&text);
    }
    buf_fini(&names);
    return trees;
}

static struct tree **norm_trees, **rule_trees;
static size_t nnorm, nrule;

static int setup(void **state) {
    (void)state;
    norm_trees = load("normalise.d", ".yaml", &nnorm);
    rule_trees = load("rules.d", ".yml", &nrule);
    if (normaliser_load((const struct tree *const *)norm_trees, nnorm, &nz, &es) != RC_OK ||
        ruleset_load((const struct tree *const *)rule_trees, nrule, 0, &rs, &es) != RC_OK) {
        print_errs();
        return -1;
    }
    mt = matcher_new(rs, false);
    return mt ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    matcher_free(mt);
    ruleset_free(rs);
    normaliser_free(nz);
    for (size_t i = 0; i < nnorm; i++)
        tree_free(norm_trees[i]);
    for (size_t i = 0; i < nrule; i++)
        tree_free(rule_trees[i]);
    free(norm_trees);
    free(rule_trees);
    return 0;
}

static void parse(void *ctx, struct str line, struct message *m) {
    static char bytes[MSG_SPARE];
    static struct spare spare = {bytes, 0, sizeof bytes};

    (void)ctx;
    memset(m, 0, sizeof *m);
    spare.n = 0;
    m->spare = &spare;
    m->raw = line;
    m->arrived = NOW;
    m->transport = TRANSPORT_TCP;
    parse_message(m);
    parse_time(m, NULL, TIME_EVENT, 0, 2026);
    normalise(nz, m);
}

/* ---- the daemon in small: match, correlate, count by (rule, group) */

struct seen { /* what became of one rule and one group */
    char rule[48], group[80];
    uint64_t count;
    unsigned fired, made; /* by a correlation; by single lines */
};
struct run {
    struct correlator *c;
    struct seen v[SEEN_MAX];
    size_t n;
};

static struct seen *seen_of(struct run *r, struct str rule, struct str group) {
    for (size_t i = 0; i < r->n; i++)
        if (str_is(rule, r->v[i].rule) && str_is(group, r->v[i].group))
            return &r->v[i];
    assert_true(r->n < SEEN_MAX);
    str_copy(r->v[r->n].rule, sizeof r->v[r->n].rule, rule);
    str_copy(r->v[r->n].group, sizeof r->v[r->n].group, group);
    return &r->v[r->n++];
}

static void on_alert(void *ctx, const struct alert *a) {
    struct seen *s = seen_of(ctx, rule_info(rs, a->rule)->name, a->ngroup ? a->group[0].value : STR(""));

    s->count += a->count;
    s->fired += a->fired;
}

/* The row of a single line: that of the correlation it joins, when it has the first field of its group. */
static void make(struct run *r, const struct rule_info *info, const struct message *m) {
    struct str key = info->joins ? info->joins->entity[0] : STR_NONE;
    struct str group = info->joins ? message_field(m, field_find(key), key) : STR_NONE;
    bool joined = !str_absent(group);
    struct seen *e = seen_of(r, joined ? info->joins->name : info->name, joined ? group : message_field(m, F_HOST, STR_NONE));

    e->count += joined ? 0 : m->repeat;
    e->made++;
}

static void line(struct run *r, struct str text) {
    uint32_t hits[64];
    struct message m;
    size_t n;

    parse(NULL, text, &m);
    (void)match_scan(mt, &m);
    n = match_eval(mt, &m, hits, 64);
    for (size_t i = 0; i < n; i++) {
        const struct rule_info *info = rule_info(rs, hits[i]);
        struct sighting s = {
            .rule = info->id, .rule_index = hits[i], .ntimes = 1, .times = &m.time, .weights = &m.repeat, .total = m.repeat};

        for (size_t f = 0; f < info->nwanted && s.nfields < SIGHTING_FIELDS_MAX; f++) {
            enum field_id id = field_find(info->wanted[f]);
            struct str v = message_field(&m, id, info->wanted[f]);
            if (!str_absent(v))
                s.fields[s.nfields++] = (struct field){(uint16_t)id, 0, info->wanted[f], v};
        }
        if (info->makes_event) /* of what it joins only the correlation counts here */
            make(r, info, &m);
        correlate(r->c, &s, s.times[0], on_alert, r);
    }
}

static struct run *run_new(void) {
    struct run *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->c = correlator_new(rs, 10000);
    assert_non_null(r->c);
    return r;
}

static void run_free(struct run *r) {
    correlator_free(r->c);
    free(r);
}

/* Events: what makes one, that is: fired and allowed to. */
static size_t events(const struct run *r) {
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++) {
        long at = ruleset_find(rs, str_of(r->v[i].rule));
        assert_true(at >= 0);
        n += rule_info(rs, (size_t)at)->makes_event && (r->v[i].fired || r->v[i].made);
    }
    return n;
}

static uint64_t count_of(const struct run *r, const char *rule, const char *group) {
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->v[i].rule, rule) == 0 && strcmp(r->v[i].group, group) == 0 && r->v[i].fired)
            return r->v[i].count;
    return 0;
}

/* ---- promises */

static void every_rule_passes_its_own_samples(void **state) {
    (void)state;
    memset(&es, 0, sizeof es);
    assert_true(ruleset_test(rs, parse, NULL, &es) > 60);
    print_errs();
    assert_int_equal(es.n, 0);
}

static void every_rule_that_makes_an_event_tells_a_manager_and_says_what_to_do_first(void **state) {
    (void)state;
    for (size_t i = 0; i < ruleset_count(rs); i++) {
        const struct rule_info *r = rule_info(rs, i);
        const char *name = r->name.p;

        check_row(r->description.n > 0, name);
        if (!r->makes_event)
            continue;
        check_row(r->first.n > 0, name);
        check_row(r->event_title.n > 0, name);
        check_row(r->nentity > 0, name);
        check_row(r->rsit != NULL, name);
    }
}

/* ---- the table of the pack: tests/data/pack/THEME.tsv beside etc/rules.d/THEME.yml, a row a rule in the order of the file:
 * name, class, level, outcome, severity, priority where no asset is listed, and kind (event: makes one; joins:NAME; alert: a
 * correlation that makes an event; part: neither). So a change of what a rule says to people is seen as what it is. */

static int priority_on(const struct rule_info *r, const struct asset *a) {
    struct prio_in in;
    struct prio_out out;

    assess_inputs(&r->in, a, 80, &in);
    priority_compute(&in, true, &out);
    return out.priority;
}

static void print_row(const struct rule_info *r, struct buf *b) {
    buf_printf(b, "%.*s\t%s/%s\t%s\t%s\t%d\tP%d\t", STR_FMT(r->name), r->rsit->cls, r->rsit->type, word_name((enum word_id)r->level),
               word_name((enum word_id)r->in.outcome), assess_severity(r->level, r->in.outcome), priority_on(r, NULL));
    if (r->joins)
        buf_printf(b, "joins:%.*s", STR_FMT(r->joins->name));
    else
        buf_text(b, !r->makes_event ? "part" : r->kind == RULE_CORRELATION ? "alert" : "event");
}

/* The next row of the table: is it the wanted one? */
static bool cut_row(struct str *table, struct str want, struct str *got) {
    do
        *got = table->n ? str_cut(table, '\n') : STR_NONE;
    while (!str_absent(*got) && (got->n == 0 || got->p[0] == '#'));
    return !str_absent(*got) && str_eq(*got, want);
}

static void every_rule_is_as_the_table_of_the_pack_says(void **state) {
    struct str file = STR_NONE, table = STR_NONE, got;
    struct buf text, want;
    struct err e = {0};
    size_t wrong = 0;
    char path[1024];
    (void)state;

    buf_init(&text, 1 << 20);
    buf_init(&want, 4096);
    for (size_t i = 0; i < ruleset_count(rs); i++) {
        const struct rule_info *r = rule_info(rs, i);
        if (!str_eq(file, r->file)) {
            wrong += table.n > 0 && str_trim(table).n > 0;
            file = r->file;
            (void)snprintf(path, sizeof path, "%s/tests/data/pack/%.*s.tsv", source(), (int)(file.n - strlen(".yml")), file.p);
            buf_reset(&text);
            if (file_read(path, 1 << 20, &text, &e) != RC_OK)
                print_error("%s\n", e.text);
            table = buf_view(&text);
        }
        buf_reset(&want);
        print_row(r, &want);
        if (cut_row(&table, buf_view(&want), &got))
            continue;
        wrong++;
        print_error("%.*s: the rule is   %.*s\n   the table says %.*s\n", STR_FMT(file), STR_FMT(buf_view(&want)), STR_FMT(str_absent(got) ? STR("nothing") : got));
    }
    wrong += str_trim(table).n > 0;
    buf_fini(&text);
    buf_fini(&want);
    assert_int_equal(wrong, 0);
}

/* What was checked by hand when it was written: the priority on a gateway of need 3 and data 2. */
static void a_listed_asset_makes_it_more_urgent_where_that_is_meant(void **state) {
    static const struct {
        const char *rule;
        int unlisted, gateway;
    } rows[] = {{"ssh-guessing", 4, 4}, {"ssh-root-after-guessing", 2, 2}, {"ssh-login-after-guessing", 3, 2}, {"account-added-root", 3, 2}, {"group-privileged", 4, 3}, {"source-silent", 4, 3}};
    const struct asset gw = {.key = "gw", .need = {3, 3, 3}, .data = 2};
    (void)state;

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        long at = ruleset_find(rs, str_of(rows[i].rule));
        check_row(at >= 0, rows[i].rule);
        const struct rule_info *r = rule_info(rs, (size_t)at);
        if (priority_on(r, NULL) != rows[i].unlisted || priority_on(r, &gw) != rows[i].gateway)
            fail_msg("%s: P%d and P%d", rows[i].rule, priority_on(r, NULL), priority_on(r, &gw));
    }
}

static void guessing_and_the_root_login_after_it_are_two_events(void **state) {
    struct run *r = run_new();
    char text[160];
    (void)state;

    for (int i = 0; i < 6; i++) {
        (void)snprintf(text, sizeof text,
                       "<38>Oct 11 22:14:%02d gw sshd[411]: Failed password for root from 192.0.2.7 port 40022 ssh2", 15 + 2 * i);
        line(r, str_of(text));
    }
    assert_int_equal(events(r), 1);
    assert_int_equal(count_of(r, "ssh-guessing", "192.0.2.7"), 6);
    line(r, STR("<38>Oct 11 22:14:40 gw sshd[431]: pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)"));
    line(r, STR("<38>Oct 11 22:14:40 gw sshd[431]: Accepted password for root from 192.0.2.7 port 40031 ssh2"));
    assert_int_equal(events(r), 2);
    assert_int_not_equal(count_of(r, "ssh-root-after-guessing", "192.0.2.7"), 0);
    run_free(r);
}

static void a_login_while_guessing_goes_on_for_hours_is_not_missed(void **state) {
    struct run *r = run_new();
    char text[160];
    (void)state;

    for (int i = 0; i < 300; i++) {
        (void)snprintf(text, sizeof text,
                       "<38>Oct 11 %02d:%02d:00 gw sshd[411]: Failed password for alice from 192.0.2.7 port 40022 ssh2",
                       10 + i / 60, i % 60);
        line(r, str_of(text));
    }
    line(r, STR("<38>Oct 11 15:00:10 gw sshd[431]: Accepted password for alice from 192.0.2.7 port 40031 ssh2"));
    assert_int_equal(count_of(r, "ssh-guessing", "192.0.2.7"), 300);
    assert_int_equal(events(r), 2);
    run_free(r);
}

static void who_logs_in_with_a_key_has_guessed_nothing(void **state) {
    struct run *r = run_new();
    char text[160];
    (void)state;

    for (int i = 0; i < 6; i++) {
        (void)snprintf(text, sizeof text,
                       "<38>Oct 11 22:14:%02d gw sshd[411]: Failed password for bob from 192.0.2.7 port 40022 ssh2", 15 + 2 * i);
        line(r, str_of(text));
    }
    line(r, STR("<38>Oct 11 22:14:40 gw sshd[431]: Accepted publickey for alice from 192.0.2.7 port 40031 ssh2: ED25519 "
                "SHA256:AAAA"));
    assert_int_equal(events(r), 1);
    line(r, STR("<38>Oct 11 22:14:45 gw sshd[432]: Accepted password for alice from 192.0.2.7 port 40032 ssh2"));
    assert_int_equal(events(r), 2);
    run_free(r);
}

static void a_plain_root_login_is_seen_and_only_a_password_from_outside_is_an_event(void **state) {
    struct run *r = run_new();
    (void)state;

    line(
        r,
        STR("<38>Oct 11 22:14:40 gw sshd[431]: Accepted publickey for root from 192.0.2.9 port 40031 ssh2: ED25519 SHA256:AAAA"));
    line(r, STR("<38>Oct 11 22:14:50 gw sshd[431]: Accepted password for root from 192.168.2.9 port 40031 ssh2"));
    assert_int_equal(events(r), 0);
    line(r, STR("<38>Oct 11 22:14:55 gw sshd[431]: Accepted password for root from 203.0.113.9 port 40031 ssh2"));
    assert_int_equal(events(r), 1);
    run_free(r);
}

/* What the user's machine, the service and PAM write when somebody mistypes three times and then gets in. */
static void who_mistypes_three_times_raises_no_alert(void **state) {
    static const char *const lines[] = {
        "<86>Oct 11 22:14:15 gw sshd[411]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=bob",
        "<38>Oct 11 22:14:15 gw sshd[411]: Failed password for bob from 192.0.2.7 port 40022 ssh2",
        "<86>Oct 11 22:14:15 gw auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=bob rhost=192.0.2.8  user=bob",
        "<22>Oct 11 22:14:15 gw dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<bob>, method=PLAIN, rip=192.0.2.8, lip=198.51.100.1, TLS",
        "<86>Oct 11 22:14:15 gw proftpd: pam_unix(proftpd:auth): authentication failure; logname= uid=0 euid=0 tty= ruser=bob rhost=192.0.2.9  user=bob",
        "<30>Oct 11 22:14:15 gw proftpd[5]: gw.example.com (a.example.net[192.0.2.9]) - USER bob (Login failed): Incorrect password",
    };
    struct run *r = run_new();
    (void)state;

    for (int i = 0; i < 3; i++)
        for (size_t k = 0; k < ARRAY_N(lines); k++)
            line(r, str_of(lines[k]));
    line(r, STR("<38>Oct 11 22:14:40 gw sshd[411]: Accepted password for bob from 192.0.2.7 port 40022 ssh2"));
    line(r, STR("<22>Oct 11 22:14:40 gw dovecot: imap-login: Login: user=<bob>, method=PLAIN, rip=192.0.2.8, lip=198.51.100.1, mpid=5, TLS"));
    for (size_t i = 0; i < r->n; i++) {
        long at = ruleset_find(rs, str_of(r->v[i].rule));
        if (r->v[i].fired && rule_info(rs, (size_t)at)->makes_event)
            fail_msg("%s %s", r->v[i].rule, r->v[i].group);
    }
    run_free(r);
}

static void a_new_account_is_one_event_and_its_groups_are_another(void **state) {
    struct run *r = run_new();
    (void)state;

    line(r, STR("<86>Oct 11 22:14:15 gw groupadd[98]: group added to /etc/group: name=eve, GID=1002"));
    line(r, STR("<86>Oct 11 22:14:15 gw groupadd[98]: group added to /etc/gshadow: name=eve"));
    line(r, STR("<86>Oct 11 22:14:15 gw groupadd[98]: new group: name=eve, GID=1002"));
    line(r, STR("<86>Oct 11 22:14:15 gw useradd[99]: new user: name=eve, UID=1002, GID=1002, home=/home/eve, shell=/bin/bash, "
                "from=/dev/pts/1"));
    line(r, STR("<85>Oct 11 22:14:18 gw passwd[100]: pam_unix(passwd:chauthtok): password changed for eve"));
    assert_int_equal(events(r), 2);
    run_free(r);
}

static const char *const harmless[] = {
    "<38>Oct 11 22:14:15 gw sshd[411]: Server listening on 0.0.0.0 port 22.",
    "<38>Oct 11 22:14:15 gw sshd[411]: Connection from 198.51.100.9 port 40022 on 192.0.2.1 port 22",
    "<38>Oct 11 22:14:15 gw sshd[411]: Accepted publickey for alice from 198.51.100.9 port 40022 ssh2: ED25519 SHA256:AAAA",
    "<38>Oct 11 22:14:15 gw sshd[411]: pam_unix(sshd:session): session opened for user alice(uid=1000) by (uid=0)",
    "<38>Oct 11 22:14:15 gw sshd[411]: Received disconnect from 198.51.100.9 port 40022:11: disconnected by user",
    "<38>Oct 11 22:14:15 gw sshd[411]: Disconnected from user alice 198.51.100.9 port 40022",
    "<85>Oct 11 22:14:15 gw sudo: alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/apt update",
    "<85>Oct 11 22:14:15 gw sudo: alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/less /var/log/syslog",
    "<86>Oct 11 22:14:15 gw sudo: pam_unix(sudo:session): session opened for user root(uid=0) by alice(uid=1000)",
    "<86>Oct 11 22:14:15 gw su[7]: pam_unix(su:session): session opened for user news by (uid=0)",
    "<78>Oct 11 22:17:01 gw CRON[99]: (root) CMD (cd / && run-parts --report /etc/cron.hourly)",
    "<86>Oct 11 22:17:01 gw CRON[98]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
    "<6>Oct 11 22:14:15 gw kernel: [ 1234.567] eth0: Link is Up - 1Gbps/Full - flow control rx/tx",
    "<4>Oct 11 22:14:15 gw kernel: [UFW AUDIT] IN=eth0 OUT= SRC=198.51.100.9 DST=192.0.2.1 PROTO=TCP SPT=4000 DPT=23",
    "<190>Oct 11 22:14:15 gw nginx: 198.51.100.9 - - [11/Oct/2026:22:14:15 +0000] \"GET / HTTP/1.1\" 200 612 \"-\" \"curl/7.88\"",
    "<22>Oct 11 22:14:15 gw postfix/smtpd[88]: connect from mail.example.org[198.51.100.25]",
    "<22>Oct 11 22:14:15 gw postfix/qmgr[87]: 4A1B2C: removed",
    "<30>Oct 11 22:14:15 gw named[66]: client @0x7f 198.51.100.9#5353 (example.org): query: example.org IN A + (192.0.2.1)",
    "<30>Oct 11 22:14:15 gw systemd[1]: Stopping rsyslog.service - System Logging Service...",
    "<86>Oct 11 22:14:15 gw usermod[99]: add 'alice' to group 'plugdev'",
};

static void harmless_lines_make_no_event(void **state) {
    struct run *r = run_new();
    (void)state;

    for (int round = 0; round < 20; round++)
        for (size_t i = 0; i < ARRAY_N(harmless); i++)
            line(r, str_of(harmless[i]));
    for (size_t i = 0; i < r->n; i++)
        print_error("%s %s\n", r->v[i].rule, r->v[i].group);
    assert_int_equal(events(r), 0);
    run_free(r);
}

/* ---- the OpenSSH log of loghub: an independent count of "Failed password" per address, repeats counted, decides */

struct address {
    char ip[64];
    int64_t times[1024];
    size_t n;
};

static bool five_within_ten_minutes(const struct address *a) {
    for (size_t i = 4; i < a->n; i++)
        if (a->times[i] - a->times[i - 4] <= 600)
            return true;
    return false;
}

static int64_t seconds_of(const char *l) {
    int d = 0, h = 0, m = 0, s = 0;
    assert_true(strlen(l) > 15);
    d = (l[4] == ' ' ? 0 : l[4] - '0') * 10 + l[5] - '0';
    h = (l[7] - '0') * 10 + l[8] - '0';
    m = (l[10] - '0') * 10 + l[11] - '0';
    s = (l[13] - '0') * 10 + l[14] - '0';
    return ((d * 24 + h) * 60 + m) * 60 + s;
}

static void count_line(struct address *all, size_t *n, const char *l) {
    const char *failed = strstr(l, "Failed password"), *from, *times = strstr(l, "message repeated ");
    char ip[64];
    size_t i, k = 0;

    if (!failed)
        return;
    for (const char *p = from = strstr(failed, " from "); p; p = strstr(p + 1, " from "))
        from = p;
    assert_non_null(from);
    for (from += 6; *from && *from != ' ' && k + 1 < sizeof ip; from++)
        ip[k++] = *from;
    ip[k] = '\0';
    for (i = 0; i < *n && strcmp(all[i].ip, ip) != 0; i++)
        ;
    if (i == *n)
        memcpy(all[(*n)++].ip, ip, k + 1);
    for (int left = times ? times[17] - '0' : 1; left > 0; left--)
        all[i].times[all[i].n++] = seconds_of(l);
}

static void guessing_is_found_at_exactly_the_addresses_that_guess(void **state) {
    const char *corpora = getenv("TOCSIN_CORPORA");
    char path[1024];
    struct buf text;
    struct err e = {0};
    struct address *all = calloc(200, sizeof *all);
    size_t n = 0, wanted = 0, found = 0;
    struct run *r;
    (void)state;

    (void)snprintf(path, sizeof path, "%s/loghub/raw/OpenSSH_2k.log", corpora ? corpora : "");
    buf_init(&text, 1 << 22);
    if (!corpora || file_read(path, 1 << 22, &text, &e) != RC_OK) {
        free(all);
        print_message("no corpora: %s\n", path);
        skip();
    }
    r = run_new();
    for (struct str rest = buf_view(&text); rest.n;) {
        struct str l = str_cut(&rest, '\n');
        char copy[2048];

        l = str_trim(l);
        assert_true(str_copy(copy, sizeof copy, l));
        count_line(all, &n, copy);
        line(r, l);
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t got = count_of(r, "ssh-guessing", all[i].ip);
        bool want = five_within_ten_minutes(&all[i]);

        wanted += want;
        if (got != (want ? all[i].n : 0))
            fail_msg("%s: counted %d, wanted %d", all[i].ip, (int)got, want ? (int)all[i].n : 0);
    }
    for (size_t i = 0; i < r->n; i++)
        found += strcmp(r->v[i].rule, "ssh-guessing") == 0 && r->v[i].fired;
    assert_int_equal(found, wanted);
    assert_true(wanted > 5);
    assert_true(events(r) < 100);
    print_message("%d addresses guess, %d events in all\n", (int)wanted, (int)events(r));
    run_free(r);
    free(all);
    buf_fini(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_passes_its_own_samples),
        cmocka_unit_test(every_rule_that_makes_an_event_tells_a_manager_and_says_what_to_do_first),
        cmocka_unit_test(every_rule_is_as_the_table_of_the_pack_says),
        cmocka_unit_test(a_listed_asset_makes_it_more_urgent_where_that_is_meant),
        cmocka_unit_test(guessing_and_the_root_login_after_it_are_two_events),
        cmocka_unit_test(a_login_while_guessing_goes_on_for_hours_is_not_missed),
        cmocka_unit_test(who_logs_in_with_a_key_has_guessed_nothing),
        cmocka_unit_test(a_plain_root_login_is_seen_and_only_a_password_from_outside_is_an_event),
        cmocka_unit_test(who_mistypes_three_times_raises_no_alert),
        cmocka_unit_test(a_new_account_is_one_event_and_its_groups_are_another),
        cmocka_unit_test(harmless_lines_make_no_event),
        cmocka_unit_test(guessing_is_found_at_exactly_the_addresses_that_guess),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
