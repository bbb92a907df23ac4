/* SPDX-License-Identifier: ISC
 *
 * test_ruleset.c - documents to a rule set: what they may say, what is refused, what others may know about a rule
 */
#include "sigma_help.h"

#define DET(title, more) "---\ntitle: " title "\nlogsource: {product: linux}\ndetection:\n  s: [needle]\n  condition: s\n" more
#define CORR(title, refs, more)                                                                                                  \
    "---\ntitle: " title "\ncorrelation:\n  type: event_count\n  rules: " refs                                                   \
    "\n  group-by: [src_ip]\n  timespan: 5m\n  condition: "                                                                      \
    "{gte: 3}\n" more

static void a_bad_rule_is_refused_alone(void **state) {
    static struct errs es;

    (void)state;
    const char *yaml =
        DET("good", "") "---\ntitle: bad\nlogsource: {product: linux}\ndetection:\n  s: [x]\n  condition: t\n" DET("fine", "");
    assert_null(help_load(yaml, 0, &es));
    assert_int_equal(es.n, 1);
    struct ruleset *rs = help_load(yaml, RULESET_KEEP_BAD, &es);
    assert_non_null(rs);
    assert_int_equal(es.n, 1);
    assert_int_equal(es.v[0].line, 12);
    assert_int_equal(ruleset_count(rs), 2);
    assert_str(rule_info(rs, 0)->title, "good");
    assert_str(rule_info(rs, 1)->title, "fine");
    ruleset_free(rs);
}

static void every_mistake_is_reported_in_one_run(void **state) {
    static const struct {
        const char *yaml, *says;
    } rows[] = {
        {"title: t\n", "no Sigma rule"},
        {"action: global\ntitle: t\nlogsource: {product: linux}\n", "left out"},
        {DET("t", "action: repeat\n"), "left out"},
        {DET("t", "date: yesterday\n"), "is a day"},
        {DET("t", "date: 2026-02-30\n"), "is a day"},
        {DET("t", "modified: 2026-1-1\n"), "is a day"},
        {DET("t", "id: [a]\n"), "id is a text"},
        {DET("t", "author: [a]\n"), "author is a text"},
        {DET("t", "tags: a.b\n"), "tags is a list"},
        {DET("t", "fields: {a: b}\n"), "fields is a list"},
        {DET("t", "related: [{id: x, type: cousin}]\n"), "derived, obsolete"},
        {DET("t", "level: [low]\n"), "level is a text"},
        {"title: t\nlogsource: linux\ndetection:\n  s: [x]\n  condition: s\n", "is a map"},
        {"title: t\nlogsource: {}\ndetection:\n  s: [x]\n  condition: s\n", "no product"},
        {"title: t\nlogsource: {product: [linux]}\ndetection:\n  s: [x]\n  condition: s\n", "one word"},
        {"title: t\ndetection:\n  s: [x]\n  condition: s\n", "logsource"},
        {"title: t\nlogsource: {product: linux}\ndetection:\n  condition: s\n", "no selection"},
        {"title: t\nlogsource: {product: linux}\ndetection:\n  s:\n  condition: s\n", "is empty"},
        {"title: t\nlogsource: {product: linux}\ndetection:\n  s: {A: b, A: c}\n  condition: s\n", "twice"},
        {"title: t\nlogsource: {product: linux}\ndetection:\n  s: [x]\n  condition: s | count() > 5\n", "obsolete"},
        {"title: t\nlogsource: {product: linux}\ndetection:\n  s: [x]\n  condition: s near s\n", "obsolete"},
        {"title: t\nlogsource: {product: linux}\ndetection:\n  s: [x]\n  condition: 1 of t*\n", "no selection"},
        {"title: t\nlogsource: {product: linux}\ndetection:\n  s: [x]\n  condition: 3 of s*\n", "more selections"},
        {"title: f\nlogsource: {product: linux}\nfilter:\n  rules: any\n  s: {A|expand: '%nobody%'}\n  condition: s\n", "nobody"},
        {"- a\n", "no Sigma rule"},
        {DET("t", "level: hihg\n"), "level is"},
        {DET("t", "status: good\n"), "status is"},
        {DET("t", "tocsin: {clas: x}\n"), "did you mean \"class\""},
        {DET("t", "tocsin: {class: a/b}\n"), "taxonomy"},
        {DET("t", "tocsin: {outcome: sucess}\n"), "did you mean \"success\""},
        {DET("t", "tocsin: {activity: x}\n"), "not one of its words"},
        {DET("t", "tocsin: {impact: {c: 5}}\n"), "0 to 4"},
        {DET("t", "tocsin: {impact: [1, 2]}\n"), "impact is"},
        {DET("t", "tocsin: {confidence: 101}\n"), "0 to 100"},
        {DET("t", "tocsin: {title: 'from {src_pi}'}\n"), "src_pi"},
        {DET("t", "tocsin: {title: 'from {src_ip'}\n"), "}"},
        {DET("t", "tocsin: {suppress: soon}\n"), "duration"},
        {DET("t", "tocsin: {event: maybe}\n"), "yes or no"},
        {DET("t", "tocsin: {samples: {mach: [x]}}\n"), "samples"},
        {DET("t", "tocsin: {entity: []}\n"), "1 to 8"},
        {DET("t", "tocsin: x\n"), "is a map"},
        {"logsource: {product: linux}\ndetection:\n  s: [x]\n  condition: s\n", "title"},
        {"title: t\nlogsource: {product: linux}\ndetection:\n  s: [x]\n", "condition is missing"},
        {"title: t\nlogsource: {product: linux}\ndetection:\n  s: [x]\n  timeframe: 5m\n  condition: s\n", "obsolete"},
        {"title: t\nlogsource: {product: linux}\ndetection: x\n", "map"},
        {DET("t", "") CORR("c", "u", ""), "no rule (or it was refused) \"u\""},
        {DET("t", "id: a\n") DET("t", "id: a\n"), "another rule"},
        {DET("a", "id: a\nname: n\n") DET("b", "id: b\nname: n\n"), "another rule with the name"},
        {DET("t", "name: n\nid: i\n") CORR("c", "[n, i]", ""), "counted twice: \"i\""},
        {DET("t", "tocsin: {suppress: 999w}\n"), "31 days"},
        {CORR("c", "d", "") CORR("d", "c", ""), "circle"},
        {CORR("c", "c", ""), "circle"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: value_sum, rules: t, timespan: 5m, condition: {gt: 1}}\n",
         "field is missing"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: value_sum, rules: t, timespan: 5m, condition: {field: [a, b], gt: 1}}\n",
         "one field"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: value_summ, rules: t, timespan: 5m, condition: {field: a, gt: 1}}\n",
         "did you mean"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: event_count, rules: t, timespan: 5m, condition: {gt: x}}\n",
         "number"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: event_count, rules: t, timespan: 5m, condition: {gte: 2.5}}\n",
         "whole number"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: event_count, rules: t, timespan: 5m, condition: {gte: 5, lt: 5}}\n",
         "no number"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: event_count, rules: t, timespan: 5m, condition: {lt: 0}}\n",
         "no number"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: event_count, rules: t, timespan: 5m, condition: {field: a}}\n",
         "compares with nothing"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: event_count, rules: t, timespan: 5m, condition: {field: a, gte: 1}}\n",
         "field is for"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: event_count, rules: t, timespan: 5m, condition: t and t}\n",
         "is a map"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: event_count, rules: t, timespan: 5, condition: {gte: 1}}\n",
         "timespan"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: event_count, rules: t, timespan: 2y, condition: {gte: 1}}\n",
         "timespan"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: value_count, rules: t, timespan: 5m, condition: {field: a, gte: 5000}}\n",
         "4,096"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: value_avg, rules: t, timespan: 5m, condition: {field: a, percentile: 5, gte: 1}}\n",
         "percentile is for"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: value_percentile, rules: t, timespan: 5m, condition: {field: a, percentile: 101, gte: 1}}\n",
         "0 to 100"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: temporal, rules: t, timespan: 5m, condition: not t}\n",
         "absence alone"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: temporal, rules: t, timespan: 5m, condition: t and}\n",
         "none of the rules"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: temporal, rules: t, timespan: 5m, condition: t t}\n",
         "and, or, or the end"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: temporal, rules: t, timespan: 5m, condition: (t}\n",
         "a ) is missing"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: temporal, rules: t, timespan: 5m, condition: t or x}\n",
         "none of the rules"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: temporal_ordered, rules: [t], timespan: 5m, condition: t or t}\n",
         "an order"},
        {DET("t", "") "---\ntitle: c\nname: c\ncorrelation: {type: event_count, rules: c, timespan: 5m, condition: {gte: 1}}\n", "circle"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: event_count, rules: t, group-by: [host], timespan: 5m, condition: {gte: 1}}\ntocsin: {expect: [a]}\n",
         "expect is for"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: event_count, rules: t, group-by: [host, user], timespan: 5m, condition: {lt: 1}}\ntocsin: {expect: [a]}\n",
         "a group is"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: event_count, rules: t, timespan: 5m}\n", "condition is missing"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: value_count, rules: t, timespan: 5m, condition: {gte: 1}}\n",
         "field is missing"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: event_count, rules: [], timespan: 5m, condition: {gte: 1}}\n",
         "1 to 32"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: temporal, rules: [t], timespan: 5m, condition: {gte: 2}}\n",
         "more rules"},
        {DET("t", "") "---\ntitle: c\ncorrelation: {type: temporal, rules: [t], timespan: 5m, aliases: {a: {x: y}}}\n",
         "not among"},
        {"title: f\nlogsource: {product: linux}\nfilter:\n  s: [x]\n  condition: s\n", "rules is missing"},
    };
    static struct errs es;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        assert_null(help_load(rows[i].yaml, 0, &es));
        if (es.n == 0 || !strstr(es.v[0].text, rows[i].says) || es.v[0].line < 1)
            fail_msg("%s: said %u, %d: %s", rows[i].yaml, es.n, es.v[0].line, es.v[0].text);
    }
}

static bool has(const struct str *v, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (str_is(v[i], name))
            return true;
    return false;
}

static void the_site_block_and_its_defaults_are_told(void **state) {
    (void)state;
    struct ruleset *rs = help_rules(DET("base", "id: b-1\nname: base\nlevel: low\n")
                                        CORR("many", "base",
                                             "level: high\ntocsin:\n  class: intrusion-attempts/brute-force\n  outcome: "
                                             "suspected\n  activity: ongoing\n  impact: {c: 1, i: 2}\n  "
                                             "scope: 1\n  confidence: 60\n  floor: 2\n  title: \"Guessing from {src_ip} as "
                                             "{user}\"\n  first: look\n  suppress: 1h\n"));
    const struct rule_info *base = rule_info(rs, 0), *many = rule_info(rs, 1);

    assert_int_equal(base->kind, RULE_DETECTION);
    assert_int_equal(base->level, LEVEL_LOW);
    assert_false(base->makes_event); /* named by a correlation without generate */
    assert_int_equal(base->in.confidence, 80);
    assert_int_equal(base->in.outcome, OUTCOME_ATTEMPTED);
    assert_ptr_equal(base->rsit, rsit_undetermined());
    assert_true(has(base->entity, base->nentity, "src_ip") && has(base->entity, base->nentity, "user") && base->nentity == 3);
    assert_true(has(base->wanted, base->nwanted, "user") && has(base->keyed, base->nkeyed, "src_ip"));
    assert_int_equal(many->kind, RULE_CORRELATION);
    assert_true(many->makes_event);
    assert_string_equal(many->rsit->type, "brute-force");
    assert_int_equal(many->in.outcome, OUTCOME_SUSPECTED);
    assert_int_equal(many->in.impact[0], 1);
    assert_int_equal(many->in.impact[1], 2);
    assert_int_equal(many->in.impact[2], 0);
    assert_int_equal(many->in.floor, 2);
    assert_true(many->suppress == US_PER_H && many->timespan == 5 * US_PER_MIN);
    assert_str(many->first, "look");
    assert_str(many->event_title, "Guessing from {src_ip} as {user}");
    assert_int_equal(many->nentity, 1);
    assert_str(many->entity[0], "src_ip");
    assert_int_equal(ruleset_find(rs, STR("b-1")), 0);
    assert_int_equal(ruleset_find(rs, STR("base")), 0);
    assert_int_equal(ruleset_find(rs, STR("many")), 1);
    assert_int_equal(ruleset_find(rs, STR("none")), -1);
    assert_null(rule_info(rs, 2));
    ruleset_free(rs);
}

static void who_makes_an_event_is_decided_by_generate_and_the_site(void **state) {
    static const struct {
        const char *yaml;
        bool base, corr;
    } rows[] = {
        {DET("base", "") CORR("c", "base", ""), false, true},
        {DET("base", "") CORR("c", "base", "generate: true\n"), true, true},
        {DET("base", "") CORR("c", "base", "  generate: true\n"), true, true},
        {DET("base", "tocsin: {event: yes}\n") CORR("c", "base", ""), true, true},
        {DET("base", "") CORR("c", "base", "tocsin: {event: no}\n"), false, false},
        {DET("base", "") CORR("c", "base", "") CORR("d", "c", ""), false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct ruleset *rs = help_rules(rows[i].yaml);
        check_row(rule_info(rs, 0)->makes_event == rows[i].base && rule_info(rs, 1)->makes_event == rows[i].corr, rows[i].yaml);
        ruleset_free(rs);
    }
}

static void a_sighting_carries_what_correlations_above_it_need(void **state) {
    (void)state;
    struct ruleset *rs = help_rules(DET("base", "name: base\ntocsin: {entity: [user]}\n") CORR(
        "low", "base",
        "name: low\n") "---\ntitle: top\ncorrelation:\n  type: value_count\n  rules: low\n  group-by: [who]\n"
                       "  aliases: {who: {low: dst_ip}}\n  timespan: 5m\n  condition: {field: TargetUserName, gte: 3}\n");
    const struct rule_info *b = rule_info(rs, 0);
    static const char *const wanted[] = {"user", "src_ip", "dst_ip", "TargetUserName"};

    for (size_t i = 0; i < ARRAY_N(wanted); i++) {
        assert_true(has(b->wanted, b->nwanted, wanted[i]));
        assert_true(has(b->keyed, b->nkeyed, wanted[i]) == (i > 0)); /* it makes no event: its entity tells nothing apart */
        assert_int_equal(b->wanted_ids[i], field_find(b->wanted[i]));
    }
    ruleset_free(rs);
}

static void refusing_a_rule_refuses_what_stands_on_it(void **state) {
    static struct errs es;

    (void)state;
    struct ruleset *rs = help_load(DET("a", "level: x\n") CORR("b", "a", "") CORR("c", "b", "") DET("d", "") CORR("e", "d", ""),
                                   RULESET_KEEP_BAD, &es);
    assert_int_equal(es.n, 3);
    assert_int_equal(ruleset_count(rs), 2);
    assert_int_equal(ruleset_find(rs, STR("e")), 1);
    ruleset_free(rs);
}

static void filters_take_matches_away(void **state) {
    struct message m;
    static const struct {
        const char *rules;
        bool filtered;
    } rows[] = {{"[hit]", true}, {"[other]", false}, {"any", true}, {"[x, hit]", true}};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        char yaml[1024];
        snprintf(yaml, sizeof yaml,
                 DET("hit", "") "---\ntitle: f\nlogsource: {product: linux}\nfilter:\n  rules: %s\n  s: [adm_]\n  condition: s\n",
                 rows[i].rules);
        struct ruleset *rs = help_rules(yaml);
        help_message(&m, "x", "a needle of adm_bob");
        check_row(help_hits(rs, &m) != rows[i].filtered, rows[i].rules);
        help_message(&m, "x", "a needle of bob");
        check_row(help_hits(rs, &m), rows[i].rules);
        ruleset_free(rs);
    }
}

static void a_filter_says_what_goes_or_what_stays(void **state) {
    static const struct {
        const char *condition, *logsource;
        bool taken, other;
    } rows[] = {
        {"s", "product: linux", true, false},
        {"not s", "product: linux", true, false},
        {"not 1 of s*", "product: linux", true, false},
        {"1 of s* and not t", "product: linux", true, false},
        {"not (s or t)", "product: linux", true, false},
        {"s", "product: linux, service: sshd", false, false},
        {"s", "category: webserver", false, false},
    };
    struct message m;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        char yaml[1024];
        snprintf(yaml, sizeof yaml,
                 DET("hit", "") "---\ntitle: f\nlogsource: {%s}\nfilter:\n  rules: any\n  s: [adm_]\n  t: [never]\n  condition: %s\n",
                 rows[i].logsource, rows[i].condition);
        struct ruleset *rs = help_rules(yaml);
        help_message(&m, "x", "a needle of adm_bob");
        check_row(help_hits(rs, &m) != rows[i].taken, rows[i].condition);
        help_message(&m, "x", "a needle of bob");
        check_row(help_hits(rs, &m) != rows[i].other, rows[i].condition);
        ruleset_free(rs);
    }
}

static void what_a_filter_takes_is_counted_and_named(void **state) {
    struct message m;
    uint32_t hits[4];
    struct buf why;

    (void)state;
    struct ruleset *rs = help_rules(DET("hit", "") "---\ntitle: Administrators\nlogsource: {product: linux}\nfilter:\n  rules: "
                                                   "any\n  s: [adm_]\n  condition: s\n");
    struct matcher *mt = matcher_new(rs, true);
    buf_init(&why, 4096);
    help_message(&m, "x", "a needle of adm_bob");
    match_scan(mt, &m);
    assert_int_equal(match_eval(mt, &m, hits, 4), 0);
    assert_true(match_why_not(mt, &m, 0, &why));
    assert_non_null(strstr(buf_cstr(&why), "\"Administrators\""));
    assert_int_equal(matcher_rule(mt, 0)->asked, 1);
    assert_int_equal(matcher_rule(mt, 0)->excluded, 1);
    assert_int_equal(matcher_rule(mt, 0)->matched, 0);
    assert_int_equal(matcher_filter(mt, 0), 1);
    assert_int_equal(ruleset_filters(rs), 1);
    assert_int_equal(filter_info(rs, 0)->rules, 1);
    buf_fini(&why);
    matcher_free(mt);
    ruleset_free(rs);
}

static void a_placeholder_without_a_list_is_said_and_its_rule_never_asked(void **state) {
    static const char yaml[] = "title: t\nlogsource: {product: linux}\ndetection:\n  s: {user|expand: 'x%Admins%', message|expand|contains: "
                               "['%what%', y]}\n  condition: s\n";
    static const struct ruleset_list lists[] = {{{"admins", 6}, {"# who may\nroot\r\n adm*\n\n", 24}}, {{"what", 4}, {"needle", 6}}};
    struct message m;

    (void)state;
    struct ruleset *rs = help_rules(yaml);
    assert_int_equal(rule_info(rs, 0)->status, RULE_NOT_EVALUABLE);
    assert_str(rule_info(rs, 0)->status_why, "Admins");
    ruleset_free(rs);
    struct tree **docs = NULL;
    size_t n = 0;
    struct err e = {0};
    static struct errs es;
    const struct ruleset_site site = {.lists = lists, .nlists = 2};
    assert_int_equal(tree_from_yaml("t", str_of(yaml), &docs, &n, &e), RC_OK);
    assert_int_equal(ruleset_load_at(&site, (const struct tree *const *)docs, n, RULESET_ANY_LOGSOURCE, &rs, &es), RC_OK);
    assert_int_equal(rule_info(rs, 0)->status, RULE_LOADED);
    for (int i = 0; i < 3; i++) {
        static const char *const users[] = {"XROOT", "xadmin", "xbob"};
        help_message(&m, "x", "a needle");
        message_add(&m, F_USER, STR_NONE, str_of(users[i]), 0);
        assert_int_equal(help_hits(rs, &m), i < 2);
    }
    ruleset_free(rs);
    tree_free(docs[0]);
    free(docs);
}

static void rules_without_an_id_may_have_the_same_title(void **state) {
    (void)state;
    struct ruleset *rs = help_rules(DET("t", "") DET("t", ""));
    assert_int_equal(ruleset_count(rs), 2);
    assert_str(rule_info(rs, 0)->id, "t");
    assert_true(str_starts(rule_info(rs, 1)->id, STR("t (test.yml:")));
    ruleset_free(rs);
}

static void deprecated_rules_load_and_stay_silent(void **state) {
    struct message m;

    (void)state;
    struct ruleset *rs = help_rules(DET("t", "status: deprecated\n"));
    help_message(&m, "x", "a needle");
    assert_false(help_hits(rs, &m));
    ruleset_free(rs);
}

static void the_digest_is_of_everything(void **state) {
    uint8_t a[32], b[32], c[32];

    (void)state;
    struct ruleset *x = help_rules(DET("t", "")), *y = help_rules(DET("t", "")), *z = help_rules(DET("t", "level: low\n"));
    ruleset_digest(x, a);
    ruleset_digest(y, b);
    ruleset_digest(z, c);
    assert_memory_equal(a, b, 32);
    assert_memory_not_equal(a, c, 32);
    ruleset_free(x);
    ruleset_free(y);
    ruleset_free(z);
}

static void parse_sample(void *ctx, struct str line, struct message *m) {
    struct str rest = line, ip = str_cut(&rest, ' ');

    (void)ctx;
    m->raw = m->text = line;
    m->program = STR("x");
    message_add(m, F_SRC_IP, STR_NONE, ip, 0);
}

static void samples_are_run_and_failures_have_their_line(void **state) {
    static struct errs es;

    (void)state;
    struct ruleset *rs = help_rules(DET("base", "name: base\ntocsin:\n  samples:\n    match:\n      - 1 needle\n      - [1 "
                                                "needle, 2 needle]\n    no_match:\n      - hay\n")
                                        CORR("many", "base",
                                             "tocsin:\n  samples:\n    match:\n      - [1 needle, 1 needle, 1 needle]\n    "
                                             "no_match:\n      - [1 needle, 2 needle, 1 needle]\n"));
    memset(&es, 0, sizeof es);
    assert_int_equal(ruleset_test(rs, parse_sample, NULL, &es), 5);
    assert_int_equal(es.n, 0);
    ruleset_free(rs);

    rs = help_rules(DET("base", "tocsin:\n  samples:\n    match:\n      - hay\n    no_match:\n      - needle\n"));
    assert_int_equal(ruleset_test(rs, parse_sample, NULL, &es), 2);
    assert_int_equal(es.n, 2);
    assert_int_equal(es.v[0].line, 10);
    assert_non_null(strstr(es.v[0].text, "wanted 'needle', not in the text"));
    assert_int_equal(es.v[1].line, 12);
    ruleset_free(rs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_rule_is_refused_alone),
        cmocka_unit_test(every_mistake_is_reported_in_one_run),
        cmocka_unit_test(the_site_block_and_its_defaults_are_told),
        cmocka_unit_test(who_makes_an_event_is_decided_by_generate_and_the_site),
        cmocka_unit_test(a_sighting_carries_what_correlations_above_it_need),
        cmocka_unit_test(refusing_a_rule_refuses_what_stands_on_it),
        cmocka_unit_test(filters_take_matches_away),
        cmocka_unit_test(a_filter_says_what_goes_or_what_stays),
        cmocka_unit_test(what_a_filter_takes_is_counted_and_named),
        cmocka_unit_test(a_placeholder_without_a_list_is_said_and_its_rule_never_asked),
        cmocka_unit_test(rules_without_an_id_may_have_the_same_title),
        cmocka_unit_test(deprecated_rules_load_and_stay_silent),
        cmocka_unit_test(the_digest_is_of_everything),
        cmocka_unit_test(samples_are_run_and_failures_have_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
