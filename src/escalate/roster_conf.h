/* SPDX-License-Identifier: ISC
 *
 * roster_conf.h - the option tables of the roster file, and the checks on what was read (between roster.c and roster_check.c)
 */
#ifndef TOCSIN_ESCALATE_ROSTER_CONF_H
#define TOCSIN_ESCALATE_ROSTER_CONF_H

#include "base/opt.h"
#include "model/person.h"

struct org_conf {
    char *slug, *name, *tz;
    int sod_mode;
};
struct role_conf {
    char *org, *role, *from, *to, *reason, *exception_ref;
};
struct person_conf {
    char *login, *name, *email, *webhook, *webhook_secret_file;
    int function;
    int64_t uid;
    struct opt_strs channels;
    struct opt_list roles;
};
struct need_conf {
    int64_t c, i, a;
};
struct asset_conf {
    char *key, *name, *org;
    struct need_conf need;
    int64_t data;
};
struct source_conf {
    char *name, *org, *zone;
    int64_t year, heartbeat, trust;
};
struct roster_conf {
    struct opt_list orgs, people, assets, sources;
};
extern const struct opt roster_opts[];
extern const char *const function_words[]; /* "" first: not said */

/* Says what is wrong at `n`, "people: iso: ..." */
void roster_complain(struct errs *es, const struct tree_node *n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Conflicts of roles within one organisation (process.md 3), what an IT function may not be, and whether each organisation has somebody
 * to call. at: the node of the person (or of the file) for messages. */
void roster_check_person(const struct roster *r, const struct person *p, const struct tree_node *at, struct errs *es);
void roster_check_orgs(const struct roster *r, const struct tree_node *at, struct errs *es);

#endif
