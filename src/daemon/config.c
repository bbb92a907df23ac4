/* SPDX-License-Identifier: ISC
 *
 * config.c - the option rows of tocsin.yaml, and what follows from them when nothing is said
 */
#include <config.h> /* the build's: quotes would find the one beside this file */

#include "daemon/config.h"
#include "daemon/config_check.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define AT(field) offsetof(struct config, field)
#define FILES(field) offsetof(struct paths_conf, field)

static const struct opt files_opts[] = {
    {"roster", OPT_STRS, FILES(roster), 0, 64, "roster.yaml", "organisations, people, assets, sources", NULL, NULL, 0},
    {"policy", OPT_STRS, FILES(policy), 0, 64, "policy", "ladders and targets", NULL, NULL, 0},
    {"rules", OPT_STRS, FILES(rules), 0, 64, "rules.d", "Sigma rules, see tocsin-rules(5)", NULL, NULL, 0},
    {"normalise", OPT_STRS, FILES(normalise), 0, 64, "normalise.d", "patterns that make fields of program text", NULL, NULL, 0},
    {"dialects", OPT_STRS, FILES(dialects), 0, 64, "dialects.d", "webhook bodies to fields", NULL, NULL, 0},
    {"logsources", OPT_STRS, FILES(logsources), 0, 64, NULL,
     "which message is a log of what; without it logsources.yaml in this folder, else the one that tocsin came with", NULL, NULL, 0},
    {"placeholders", OPT_STRS, FILES(placeholders), 0, 64, NULL,
     "folders with a file per %placeholder% of rules, one value a line", NULL, NULL, 0},
    OPT_END,
};

const struct opt config_opts[] = {
    {"state", OPT_STR, AT(state), 0, 4000, TOCSIN_STATEDIR, "folder of the record (the database)", NULL, NULL, 0},
    {"backup", OPT_STR, AT(backup), 0, 4000, NULL,
     "folder that tocsin backup may write to; without it only the folder of the record", NULL, NULL, 0},
    {"run", OPT_STR, AT(run), 0, 90, TOCSIN_RUNDIR, "folder of the control socket", NULL, NULL, 0},
    {"control_group", OPT_STR, AT(control_group), 0, 64, "tocsin", "members of this group may connect to the control socket",
     NULL, NULL, 0},
    {"user", OPT_STR, AT(user), 0, 64, "_tocsin", "user the roles run as when the daemon is started by root", NULL, NULL, 0},
    {"zone", OPT_STR, AT(zone), 0, 64, NULL,
     "time zone of senders that name none, such as Europe/Berlin; without it the machine's", NULL, NULL, 0},
    {"domain", OPT_STR, AT(domain), 0, 253, NULL, "domain in Message-ID and List-Id; without it that of mail.from", NULL, NULL,
     0},
    {"tlp", OPT_STR, AT(tlp), 0, 32, "AMBER+STRICT", "traffic light protocol label on top of every notice", NULL, NULL, 0},
    {"workers", OPT_INT, AT(workers), 1, 64, "1", "ingest processes", NULL, NULL, 0},
    {"free_floor", OPT_SIZE, AT(free_floor), 0, INT64_C(1) << 50, "0",
     "below this free space the intake stops; 0 is the larger of 64 MiB and 5 %", NULL, NULL, 0},
    {"ballast", OPT_SIZE, AT(ballast), 0, INT64_C(1) << 40, "32MiB", "space kept in reserve for the record", NULL, NULL, 0},
    {"max_groups", OPT_INT, AT(max_groups), 1000, 16000000, "1000000", "correlation groups held at a time", NULL, NULL, 0},
    {"cache", OPT_BOOL, AT(cache), 0, 0, "yes", "keep rules as they were compiled: the next start is faster", NULL, NULL, 0},
    {"files", OPT_MAP, AT(files), 0, 0, NULL, "relative to the folder of this file", NULL, files_opts, 0},
    {"listen", OPT_LIST, AT(intake.listen), 0, 64, NULL, "where messages come in", NULL, listen_opts, sizeof(struct listen_conf)},
    {"webhooks", OPT_LIST, AT(intake.webhooks), 0, 256, NULL, "who may POST to /v1/in/NAME of an http listener", NULL,
     webhook_opts, sizeof(struct webhook_conf)},
    {"limits", OPT_MAP, AT(intake.limits), 0, 0, NULL, "bounds of the intake", NULL, limits_opts, 0},
    {"mail", OPT_MAP, AT(notify.mail), 0, 0, NULL, "how e-mail leaves", NULL, mail_opts, 0},
    {"webhook_out", OPT_MAP, AT(notify.webhook), 0, 0, NULL, "how webhooks leave", NULL, hook_opts, 0},
    {"parallel", OPT_INT, AT(notify.parallel), 1, 64, "8", "notices carried at a time", NULL, NULL, 0},
    OPT_END,
};

static bool named(char **where, const char *text) {
    return (*where = str_dup(str_of(text))) != NULL;
}

static const char *domain_of(const struct config *c) {
    const char *at = c->notify.mail.from ? strchr(c->notify.mail.from, '@') : NULL;

    return at && at[1] ? at + 1 : "tocsin.invalid";
}

enum rc config_bind(const struct tree_node *root, struct config *out, struct errs *es) {
    static const char *const kinds[] = {"udp", "tcp", "unix", "unixgram", "http"};
    enum rc rc = opt_bind(config_opts, root, out, es);
    struct listen_conf *l = out->intake.listen.v;
    char name[32];

    for (size_t i = 0; i < out->intake.listen.n; i++) {
        snprintf(name, sizeof name, "%s%zu", kinds[(unsigned)l[i].kind % 5], i + 1);
        if (!l[i].name && !named(&l[i].name, name))
            return RC_NOMEM;
    }
    if (!out->domain && !named(&out->domain, domain_of(out)))
        return RC_NOMEM;
    return rc;
}

void config_print_defaults(struct buf *out) {
    buf_text(out, "# tocsin.yaml: every option with its default, see tocsin.yaml(5)\n");
    opt_print(config_opts, 0, out);
}
