/* SPDX-License-Identifier: ISC
 *
 * main.c - the daemon's way in: words of the command line, and which of our processes this is
 */
#include <config.h>

#include "daemon/compile.h"
#include "daemon/config.h"
#include "daemon/config_check.h"
#include "daemon/confine.h"
#include "daemon/explain.h"
#include "daemon/parent.h"
#include "daemon/role_desk.h"
#include "daemon/role_ingest.h"
#include "daemon/role_notify.h"
#include "daemon/rules_files.h"

#include "base/digest.h"
#include "base/log.h"
#include "store/verify.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define DEFAULT_CONFIG TOCSIN_CONFDIR "/tocsin.yaml"
#define EX_USAGE 2
#define EX_CHECK 7
#define EX_CONFIG 78

struct options {
    const char *config, *role, *state;
    int fd, ready_fd, verbose;
    bool test, print_config;
};

static int usage(FILE *to, int status) {
    fputs("usage: tocsind [-fv] [-c FILE] [--ready-fd N]      run, in the foreground\n"
          "       tocsind -t [-c FILE]                        check the configuration, its rules and their samples\n"
          "       tocsind --print-config                      every option with its default\n"
          "       tocsind explain [...] [FILE|-]              what would be made of these lines, see tocsind(8)\n"
          "       tocsind rules check|test [-c FILE] [--json] PATH...   files of rules, without loading them\n"
          "       tocsind verify FILE                         is this record (or a copy of it) intact?\n"
          "       tocsind selftest                            can the roles do what they must not?\n"
          "       tocsind -V\n",
          to);
    return status;
}

/* ---- -t */
static void print_errors(const struct errs *es) {
    char line[1024];

    for (unsigned i = 0; i < es->n; i++) {
        fprintf(stderr, "%s\n", err_format(&es->v[i], line, sizeof line));
        if (es->v[i].hint[0])
            fprintf(stderr, "    %s\n", es->v[i].hint);
    }
    if (es->dropped)
        fprintf(stderr, "and %u more\n", es->dropped);
}

static enum rc check(const char *path, struct errs *es) {
    struct generation *g = NULL;
    const char *first = "";
    size_t unreachable;
    struct buf image;

    buf_init(&image, 256u << 20);
    enum rc rc = config_compile_from(&(struct config_source){.path = path, .secrets = true}, 0, true, &image, es);
    if (rc == RC_OK)
        rc = generation_open(buf_view(&image), 1, 1u << SEC_CONFIG | 1u << SEC_ROSTER | 1u << SEC_RULES, &g, es);
    if (rc == RC_OK && (unreachable = config_unreachable(&g->config, &g->roster, &first)) > 0)
        fprintf(stderr, "%s: warning: %zu people, %s first, can be told by e-mail only and there is no mail.server\n", path,
                unreachable, first);
    if (rc == RC_OK)
        printf("%s: good: %zu rules, %zu listeners, %zu people, digest %.16s\n", path, ruleset_count(g->rules),
               g->config.intake.listen.n, g->roster.npeople, g->digest);
    generation_free(g);
    buf_fini(&image);
    return rc;
}

static int test_main(const char *path) {
    struct errs *es = calloc(1, sizeof *es);
    int status = EX_CONFIG;

    if (!es)
        return status;
    status = check(path, es) == RC_OK ? 0 : EX_CONFIG;
    print_errors(es);
    free(es);
    return status;
}

static int print_config(void) {
    struct buf b;

    buf_init(&b, 1u << 20);
    config_print_defaults(&b);
    fwrite(b.p, 1, b.n, stdout);
    buf_fini(&b);
    return fflush(stdout) == 0 ? 0 : 1;
}

static int verify_main(const char *file) {
    struct verify_result v = {0};
    struct err e = {0};
    enum rc rc = verify_file(file, &v, &e);

    if (rc == RC_OK || rc == RC_CHECK)
        printf("%s: %s: rows=%lld payloads=%lld erased=%lld records=%lld head=%s\n", file, v.intact ? "intact" : "NOT INTACT",
               (long long)v.rows, (long long)v.payloads, (long long)v.erased, (long long)v.records, v.head);
    if (!v.intact && v.first_bad[0])
        printf("%s: first: %s\n", file, v.first_bad);
    if (rc != RC_OK && rc != RC_CHECK)
        fprintf(stderr, "tocsind: %s\n", e.text);
    return rc_exit(rc);
}

/* ---- the roles */
static int desk_main(const struct options *o) {
    return role_desk_main(o->fd, o->state);
}
static int ingest_main(const struct options *o) {
    return role_ingest_main(o->fd);
}
static int notify_main(const struct options *o) {
    return role_notify_main(o->fd);
}
static int compile_main(const struct options *o) {
    return role_compile_main(o->fd);
}

static const struct {
    const char *name;
    int (*run)(const struct options *o);
} roles[] = {{"desk", desk_main}, {"ingest", ingest_main}, {"notify", notify_main}, {"compile", compile_main}};

/* The parent says when to go: a terminal's ^C and systemd's SIGTERM reach all of the group. */
static void ignore_signals(void) {
    static const int deaf[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP};

    for (size_t i = 0; i < sizeof deaf / sizeof deaf[0]; i++)
        signal(deaf[i], SIG_IGN);
}

static int role_main(const struct options *o) {
    static const char selftest[] = "selftest-";
    uint8_t digest[SHA256_SIZE];

    if (strncmp(o->role, selftest, sizeof selftest - 1) == 0)
        return confine_selftest(o->role + sizeof selftest - 1) == 0 ? 0 : EX_CHECK;
    char name[16];
    ignore_signals();
    snprintf(name, sizeof name, "tocsind-%s", o->role);
    prctl(PR_SET_NAME, name, 0, 0, 0); /* what ps and top show: the kernel would say "exe" */
    log_open("tocsind", o->role);
    sha256_of(STR(""), digest); /* libcrypto reads its configuration at the first use: now or never */
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (strcmp(o->role, roles[i].name) == 0 && o->fd >= 0)
            return roles[i].run(o);
    return usage(stderr, EX_USAGE);
}

/* One process for each role, because confinement is for good. */
static int selftest_main(void) {
    int status = 0;

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        int ended = spawn_selftest(roles[i].name);
        if (ended != 0)
            status = EX_CHECK;
    }
    return status;
}

/* ---- the command line */
enum { OPT_ROLE_ = 256, OPT_FD, OPT_STATE, OPT_READ, OPT_WRITE, OPT_VERBOSE, OPT_READY, OPT_PRINT };

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"test", no_argument, NULL, 't'},
    {"version", no_argument, NULL, 'V'},
    {"foreground", no_argument, NULL, 'f'},
    {"help", no_argument, NULL, 'h'},
    {"print-config", no_argument, NULL, OPT_PRINT},
    {"ready-fd", required_argument, NULL, OPT_READY},
    /* what the parent says to a role */
    {"role", required_argument, NULL, OPT_ROLE_},
    {"fd", required_argument, NULL, OPT_FD},
    {"state", required_argument, NULL, OPT_STATE},
    {"read", required_argument, NULL, OPT_READ},
    {"write", required_argument, NULL, OPT_WRITE},
    {"verbose", required_argument, NULL, OPT_VERBOSE},
    {NULL, 0, NULL, 0},
};

static int number(const char *text) {
    uint64_t n;

    return str_u64(str_of(text), 1u << 20, &n) ? (int)n : -1;
}

/* Gives -1 to go on, else the exit status. */
static int take(struct options *o, int c) {
    switch (c) {
    case 'c':
        o->config = optarg;
        break;
    case 't':
        o->test = true;
        break;
    case 'f':
        break; /* it never leaves the foreground */
    case 'v':
    case 'd':
        o->verbose++;
        break;
    case 'V':
        return printf("tocsind " TOCSIN_VERSION "%s%s\n", TOCSIN_FEATURES[0] ? " " : "", TOCSIN_FEATURES) < 0;
    case 'h':
        return usage(stdout, 0);
    case OPT_PRINT:
        o->print_config = true;
        break;
    case OPT_READY:
        o->ready_fd = number(optarg);
        break;
    case OPT_ROLE_:
        o->role = optarg;
        break;
    case OPT_FD:
        o->fd = number(optarg);
        break;
    case OPT_STATE:
        o->state = optarg;
        break;
    case OPT_READ:
        confine_also_read(optarg);
        break;
    case OPT_WRITE:
        confine_also_write(optarg);
        break;
    case OPT_VERBOSE:
        o->verbose = number(optarg);
        break;
    default:
        return usage(stderr, EX_USAGE);
    }
    return -1;
}

int main(int argc, char **argv) {
    struct options o = {.config = DEFAULT_CONFIG, .fd = -1, .ready_fd = -1};
    int c, status;

    confine_process();
    if (argc > 1 && strcmp(argv[1], "explain") == 0) /* has options of its own */
        return explain_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "rules") == 0)
        return rules_files_main(argc - 1, argv + 1);
    while ((c = getopt_long(argc, argv, "c:tfvdVh", long_options, NULL)) != -1)
        if ((status = take(&o, c)) >= 0)
            return status;
    if (o.verbose > 0)
        log_level_set(NULL, LOG_DEBUG_);
    if (o.role)
        return role_main(&o);
    if (o.print_config)
        return print_config();
    if (o.test)
        return test_main(o.config);
    if (optind + 2 == argc && strcmp(argv[optind], "verify") == 0)
        return verify_main(argv[optind + 1]);
    if (optind + 1 == argc && strcmp(argv[optind], "selftest") == 0)
        return selftest_main();
    if (optind != argc)
        return usage(stderr, EX_USAGE);
    log_open("tocsind", "parent");
    return parent_main(&(struct parent_conf){.path = o.config, .ready_fd = o.ready_fd, .verbose = o.verbose});
}
