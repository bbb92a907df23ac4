/* SPDX-License-Identifier: ISC
 *
 * explain.c - tocsind explain: lines in, and what tocsind would make of each out
 *
 * Takes   a configuration, rules, and messages from a file or a pipe.
 * Gives   per message, for a person or as one JSON object a line (tocsind-explain(8) describes it as an interface): how it was read, its
 *         fields, the rules it matched, the event it makes or joins, the correlations that fired at it.
 * Keeps   the state of correlations through the whole input, in event time. It is the pipeline of the ingest role, not a copy of it.
 */
#include <config.h>

#include "daemon/explain.h"

#include "daemon/explain_own.h"
#include "daemon/shipped.h"

#include "base/log.h"
#include "case/assess.h"
#include "parse/parse.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CONFIG TOCSIN_CONFDIR "/tocsin.yaml"
#define EXPLAIN_GROUPS 4096       /* of the few lines somebody asks the running daemon about */
#define EXPLAIN_LINES 1000        /* and of those, so that nobody waits for the desk meanwhile */
#define LINE_MAX_BYTES (1u << 20) /* longer messages are cut, and say so */
#define OUT_MAX (256u << 20)
#define ARENA_MAX (256u << 20) /* of one message, and of all that closes after the last */
#define TRUST 80 /* of a source that the roster does not know: roster.yaml's default */
#define HALF_YEAR (INT64_C(182) * US_PER_DAY)

enum input { INPUT_LINES, INPUT_NUL, INPUT_EVENTS };
struct options {
    const char *config, *file;
    struct str program; /* --as=line:PROGRAM; absent = syslog */
    enum input input;
    bool any_logsource, json;
    struct opt_strs rules;
};

/* ---- the event */

static const struct org *org_of(const struct explainer *ex, uint16_t org) {
    return org < ex->g->roster.norgs ? &ex->g->roster.orgs[org] : NULL;
}

static void assess(const struct explainer *ex, uint32_t rule, const struct field *fields, size_t n, struct explain_event *ev) {
    const struct rule_info *info = rule_info(ex->g->rules, rule);
    const struct message *m = &ex->x.m;
    const struct asset *a = str_absent(m->host) ? NULL : roster_asset(&ex->g->roster, m->org, m->host);
    const struct source *src = str_absent(m->host) ? NULL : roster_source(&ex->g->roster, m->host);
    const struct org *org = org_of(ex, m->org);
    struct str dst = message_field(m, F_DST_IP, STR_NONE);

    if (!a && !str_absent(dst))
        a = roster_asset(&ex->g->roster, m->org, dst);
    *ev = (struct explain_event){.rule = rule, .fields = fields, .nfields = n};
    assess_inputs(&info->in, a, src ? src->trust : TRUST, &ev->in);
    priority_compute(&ev->in, true, &ev->out);
    ev->severity = assess_severity(info->level, ev->in.outcome);
    const struct rule_info *whose = rule_speaks_for(info, fields, n);
    fingerprint_of(whose->id, org ? str_of(org->slug) : STR("main"), whose->entity, whose->nentity, fields, n, ev->fingerprint);
}

/* Of several the most urgent is shown; at the same priority the more severe, and then a correlation, which knows more. */
static void propose(struct explainer *ex, uint32_t rule, const struct field *fields, size_t n) {
    struct explain_event ev, *old = &ex->x.event;

    assess(ex, rule, fields, n, &ev);
    int worst = ex->x.has_event && old->severity > ev.severity ? old->severity : ev.severity;
    bool less = ex->x.has_event && (ev.out.priority > old->out.priority || (ev.out.priority == old->out.priority && ev.severity < old->severity));
    if (!less)
        *old = ev;
    old->severity = worst; /* as severe as the worst of them, whichever is the most urgent */
    ex->x.has_event = true;
}

/* ---- correlations */

static struct field keep(struct explainer *ex, const struct field *f) {
    return (struct field){f->id, f->flags, arena_str(&ex->arena, f->name), arena_str(&ex->arena, f->value)};
}

static struct explain_alert *new_alert(struct explained *x) {
    if (x->nalerts == EXPLAIN_ALERTS_MAX)
        return NULL;
    if (x->nalerts == x->alerts_cap) {
        size_t cap = x->alerts_cap ? 2 * x->alerts_cap : 32;
        struct explain_alert *v = realloc(x->alerts, cap * sizeof *v);
        if (!v)
            return NULL;
        x->alerts = v;
        x->alerts_cap = cap;
    }
    return &x->alerts[x->nalerts++];
}

static void on_alert(void *ctx, const struct alert *a) {
    struct explainer *ex = ctx;
    size_t n = a->ngroup + (a->by ? a->by->nfields : 0), k = 0;
    struct field *fields = arena_alloc(&ex->arena, (n + 1) * sizeof *fields);
    struct explain_alert *to = fields ? new_alert(&ex->x) : NULL;

    if (!to)
        return;
    for (size_t i = 0; i < a->ngroup; i++)
        fields[k++] = keep(ex, &a->group[i]);
    for (size_t i = 0; k < n; i++)
        fields[k++] = keep(ex, &a->by->fields[i]);
    *to = (struct explain_alert){.rule = a->rule, .fired = a->fired, .closed = !a->by, .count = a->count, .value = a->value, .at = a->at,
                                 .fields = fields, .ngroup = a->ngroup, .nfields = n};
}

/* Windows whose time is over by this message are decided before it. */
static void close_windows(struct explainer *ex) {
    if (ex->x.m.time > ex->clock)
        ex->clock = ex->x.m.time;
    correlator_expect(ex->corr, ex->clock);
    correlator_close(ex->corr, ex->clock, on_alert, ex);
}

static void judge(struct explainer *ex) {
    struct explained *x = &ex->x;

    x->nalerts = 0;
    x->has_event = false;
    close_windows(ex);
    for (size_t i = 0; i < x->nhits; i++) {
        pipeline_sighting(&ex->pipe, &x->m, x->hits[i], &x->ones[i], &x->sightings[i]);
        correlate(ex->corr, &x->sightings[i], ex->clock, on_alert, ex);
    }
    for (size_t i = 0; i < x->nhits; i++)
        if (rule_info(ex->g->rules, x->hits[i])->makes_event)
            propose(ex, x->hits[i], x->sightings[i].fields, x->sightings[i].nfields);
    for (size_t i = 0; i < x->nalerts; i++)
        if (!x->alerts[i].closed && rule_info(ex->g->rules, x->alerts[i].rule)->makes_event)
            propose(ex, x->alerts[i].rule, x->alerts[i].fields, x->alerts[i].nfields);
}

/* ---- one message */

static void begin(struct explainer *ex, struct str whole) {
    struct message *m = &ex->x.m;
    uint64_t limit = ex->g->config.intake.limits.line ? ex->g->config.intake.limits.line : 65536;

    arena_reset(&ex->arena);
    ex->x.whole = whole;
    ex->x.nhits = 0;
    m->raw = str_sub(whole, 0, (size_t)limit);
    m->peer = STR_NONE;
    m->transport = TRANSPORT_TCP;
    m->source = m->org = 0;
    m->flags = whole.n > limit ? MSG_CUT : 0;
    m->arrived = ex->now;
}

static void line(struct explainer *ex, struct str program) {
    static const struct listen_conf replay = {.time = TIME_EVENT};
    struct message *m = &ex->x.m;

    if (str_absent(program))
        parse_message(m);
    else
        parse_line(m, program);
    m->arrived = m->ts.present ? ex->now - HALF_YEAR : ex->last; /* nearest to half a year ago: at most a day ahead */
    ex->x.nhits = pipeline_parsed(&ex->pipe, m, &replay, ex->x.hits);
    ex->last = m->time;
}

/* One that is no object is said to be none, has its place in the output all the same, and the exit status says so in the end. */
static void fields(struct explainer *ex, struct str text, const char *name) {
    struct err e = {0};
    char sentence[1024];

    ex->x.m.arrived = ex->last;
    if (!explain_fields(ex, text, &ex->x.m, &e)) {
        fprintf(stderr, "%s:%llu: %s\n", name, (unsigned long long)ex->x.n, err_format(&e, sentence, sizeof sentence));
        parse_line(&ex->x.m, STR_NONE);
        ex->x.m.valid = false;
        ex->x.m.time = ex->last;
        ex->x.nhits = 0;
        ex->bad = true;
        return;
    }
    ex->x.nhits = pipeline_fields(&ex->pipe, &ex->x.m, ex->x.hits);
    ex->last = ex->x.m.time;
}

static void one(struct explainer *ex, const struct options *o, struct str text) {
    ex->x.n++;
    begin(ex, text);
    if (o->input == INPUT_EVENTS)
        fields(ex, text, o->file ? o->file : "input");
    else
        line(ex, o->program);
    judge(ex);
}

static bool show(struct explainer *ex, const struct options *o, struct buf *out) {
    buf_reset(out);
    if (o->json)
        explain_json(ex, STR_NONE, out);
    else
        explain_text(ex, out);
    return !out->over && fwrite(out->p, 1, out->n, stdout) == out->n;
}

/* Reads up to `delim`; false at the end. What stands beyond the limit is skipped, and the message is cut. */
static bool read_one(FILE *in, int delim, struct buf *b) {
    int c;
    bool any = false;

    buf_reset(b);
    while ((c = getc_unlocked(in)) != EOF) {
        any = true;
        if (c == delim)
            return true;
        buf_c(b, (char)c);
    }
    return any;
}

/* What closes with the input belongs to the last message, so where windows close a message is shown when the next one is there. */
static bool all(struct explainer *ex, const struct options *o, FILE *in, struct buf text[2], struct buf *out) {
    bool wait = correlator_closes(ex->corr), good = true, waiting = false;
    int delim = o->input == INPUT_NUL ? '\0' : '\n', k = 0;

    while (good && read_one(in, delim, &text[k])) {
        if (o->input == INPUT_EVENTS && !str_trim(buf_view(&text[k])).n)
            continue;
        good = !waiting || show(ex, o, out);
        one(ex, o, text[k].n ? buf_view(&text[k]) : STR(""));
        waiting = true;
        if (!wait) {
            good = show(ex, o, out);
            waiting = false;
        }
        k = !k;
    }
    if (!waiting)
        return good;
    correlator_close_all(ex->corr, on_alert, ex);
    return good && show(ex, o, out);
}

static int run(struct explainer *ex, const struct options *o) {
    FILE *in = !o->file || strcmp(o->file, "-") == 0 ? stdin : fopen(o->file, "rbe");
    struct buf text[2], out;

    if (!in) {
        fprintf(stderr, "tocsind explain: %s: %m\n%s", o->file,
                strchr(o->file, ' ') ? "    lines come from a file or a pipe: echo 'LINE' | tocsind explain\n" : "");
        return 1;
    }
    buf_init(&text[0], LINE_MAX_BYTES);
    buf_init(&text[1], LINE_MAX_BYTES);
    buf_init(&out, OUT_MAX);
    bool good = all(ex, o, in, text, &out) && !ferror(in) && fflush(stdout) == 0;
    buf_fini(&text[0]);
    buf_fini(&text[1]);
    buf_fini(&out);
    if (in != stdin)
        fclose(in);
    return good && !ex->bad ? 0 : 1;
}

/* ---- configuration */

static int complain(const struct errs *es) {
    char sentence[1024];

    for (unsigned i = 0; i < es->n; i++) {
        fprintf(stderr, "%s\n", err_format(&es->v[i], sentence, sizeof sentence));
        if (es->v[i].hint[0])
            fprintf(stderr, "    %s\n", es->v[i].hint);
    }
    if (es->dropped)
        fprintf(stderr, "and %u more\n", es->dropped);
    return rc_exit(RC_CONFIG);
}

static int with_generation(const struct options *o, const struct generation *g) {
    struct explainer *ex = calloc(1, sizeof *ex);
    struct err e = {0};
    int status = rc_exit(RC_NOMEM);

    if (!ex)
        return status;
    ex->g = g;
    ex->now = ex->last = clock_now();
    arena_init(&ex->arena, ARENA_MAX);
    ex->clock = INT64_MIN;
    ex->corr = correlator_new(g->rules, (size_t)g->config.max_groups);
    if (ex->corr && pipeline_init(&ex->pipe, g, true, &e) == RC_OK) {
        ex->pipe.always_fields = true;
        status = run(ex, o);
        pipeline_fini(&ex->pipe);
    }
    correlator_free(ex->corr);
    free(ex->x.alerts);
    arena_fini(&ex->arena);
    free(ex);
    return status;
}

/* Whoever reads this should not have to guess by which rules. */
static void say_source(const struct config_source *from, const struct generation *g) {
    fprintf(stderr, "tocsind explain: %zu rules%s; ", ruleset_count(g->rules),
            from->only_these ? " (those of --rules only)" : "");
    if (from->path)
        fprintf(stderr, "%s\n", from->path);
    else if (from->shipped)
        fprintf(stderr, "no configuration (-c FILE): what tocsin comes with, of %s\n", from->shipped);
    else
        fputs("no configuration (-c FILE), and what tocsin comes with is not found: no fields are made\n", stderr);
}

static int explain_from(const struct options *o, const struct config_source *from) {
    struct errs *es = calloc(1, sizeof *es);
    struct generation *g = NULL;
    struct buf image;
    int status;

    if (!es)
        return rc_exit(RC_NOMEM);
    buf_init(&image, 512u << 20);
    if (config_compile_from(from, o->any_logsource ? RULESET_ANY_LOGSOURCE : 0, false, &image, es) != RC_OK ||
        generation_open(buf_view(&image), 1, UINT32_MAX, &g, es) != RC_OK) {
        status = complain(es);
    } else {
        if (!o->json)
            say_source(from, g);
        status = with_generation(o, g);
    }
    generation_free(g);
    buf_fini(&image);
    free(es);
    return status;
}

/* What is named, else what is installed, else what is shipped. Rules that are named stand alone unless the configuration is named too:
 * what they do must not depend on where they are tried. */
static int explain(const struct options *o) {
    struct config_source from = {.path = o->config, .rules = &o->rules, .only_these = !o->config && o->rules.n};
    struct buf dir;

    buf_init(&dir, 8192);
    if (!from.path && access(DEFAULT_CONFIG, R_OK) == 0)
        from.path = DEFAULT_CONFIG;
    if (!from.path && shipped_folder(&dir))
        from.shipped = buf_cstr(&dir);
    int status = explain_from(o, &from);
    buf_fini(&dir);
    return status;
}

/* ---- in the running daemon */

static void say_all(struct explainer *ex, void *ctx, struct buf *json) {
    struct buf text;

    (void)ctx;
    buf_init(&text, OUT_MAX);
    explain_text(ex, &text);
    explain_json(ex, buf_view(&text), json);
    buf_fini(&text);
}

static enum rc few(struct explainer *ex, struct str lines, explain_say_fn say, void *ctx, struct buf *json, struct err *e) {
    buf_c(json, '[');
    while (lines.n && ex->x.n < EXPLAIN_LINES && !json->over) {
        struct str one = str_cut(&lines, '\n');
        if (ex->x.n++)
            buf_c(json, ',');
        begin(ex, one.n ? one : STR(""));
        line(ex, STR_NONE);
        judge(ex);
        if (!lines.n)
            correlator_close_all(ex->corr, on_alert, ex);
        say(ex, ctx, json);
    }
    buf_text(json, "]\n");
    if (!lines.n && !json->over)
        return RC_OK;
    err_set(e, RC_LIMIT, "these are more lines than the running daemon explains at a time, %d at most", EXPLAIN_LINES);
    err_hint(e, "without the daemon: tocsind explain");
    return RC_LIMIT;
}

enum rc explain_each(const struct generation *g, struct str lines, explain_say_fn say, void *ctx, struct buf *json, struct err *e) {
    struct explainer *ex = calloc(1, sizeof *ex);
    enum rc rc = RC_NOMEM;

    if (!ex)
        return err_set(e, rc, "out of memory");
    ex->g = g;
    ex->now = ex->last = clock_now();
    arena_init(&ex->arena, ARENA_MAX);
    ex->clock = INT64_MIN;
    if (!(ex->corr = correlator_new(g->rules, EXPLAIN_GROUPS)))
        err_set(e, rc, "out of memory");
    else if ((rc = pipeline_init(&ex->pipe, g, false, e)) == RC_OK) {
        ex->pipe.always_fields = true;
        rc = few(ex, lines, say, ctx, json, e);
        pipeline_fini(&ex->pipe);
    }
    correlator_free(ex->corr);
    free(ex->x.alerts);
    arena_fini(&ex->arena);
    free(ex);
    return rc;
}

enum rc explain_lines(const struct generation *g, struct str lines, struct buf *json, struct err *e) {
    return explain_each(g, lines, say_all, NULL, json, e);
}

/* ---- words */

static int usage(const char *why, const char *what) {
    if (why)
        fprintf(stderr, "tocsind explain: %s%s\n", why, what);
    fputs("usage: tocsind explain [-c FILE] [--rules PATH]... [--input=lines|nul|events] [--as=syslog|line:PROGRAM]\n"
          "                       [--any-logsource] [--json] [FILE|-]\n",
          why ? stderr : stdout);
    return why ? rc_exit(RC_USAGE) : 0;
}

static bool set_input(struct options *o, const char *word) {
    static const char *const words[] = {"lines", "nul", "events"};

    for (int i = 0; i < 3; i++)
        if (strcmp(word, words[i]) == 0) {
            o->input = (enum input)i;
            return true;
        }
    return false;
}

static bool set_as(struct options *o, const char *word) {
    if (strncmp(word, "line:", 5) == 0 && word[5]) {
        o->program = str_of(word + 5);
        return true;
    }
    return strcmp(word, "syslog") == 0;
}

static int parse_words(int argc, char **argv, struct options *o) {
    static const struct option longs[] = {
        {"config", 1, NULL, 'c'}, {"rules", 1, NULL, 'r'}, {"input", 1, NULL, 'i'},         {"as", 1, NULL, 'a'},
        {"json", 0, NULL, 'j'},   {"help", 0, NULL, 'h'},  {"any-logsource", 0, NULL, 'y'}, {NULL, 0, NULL, 0}};
    int c;

    optind = 1;
    while ((c = getopt_long(argc, argv, "c:r:h", longs, NULL)) != -1) {
        if (c == 'h')
            return usage(NULL, NULL);
        if (c == 'c')
            o->config = optarg;
        else if (c == 'r')
            o->rules.v[o->rules.n++] = optarg;
        else if (c == 'j')
            o->json = true;
        else if (c == 'y')
            o->any_logsource = true;
        else if (c == '?' || (c == 'i' && !set_input(o, optarg)) || (c == 'a' && !set_as(o, optarg)))
            return usage("wrong words", c == '?' ? "" : ": see tocsind-explain(8)");
    }
    if (optind < argc - 1)
        return usage("one file at a time, not ", argv[optind + 1]);
    o->file = optind < argc ? argv[optind] : NULL;
    return -1;
}

int explain_main(int argc, char **argv) {
    struct options o = {0};
    int status;

    o.rules.v = calloc((size_t)argc + 1, sizeof *o.rules.v);
    if (!o.rules.v)
        return rc_exit(RC_NOMEM);
    status = parse_words(argc, argv, &o);
    if (status < 0)
        status = explain(&o);
    free(o.rules.v);
    return status;
}
