/* SPDX-License-Identifier: ISC
 *
 * desk_people.c - the roster and asset files become dated, audited rows
 *
 * Takes   the roster of a new generation.
 * Gives   organisations, principals, role bindings (ended, never deleted), assets and sources with their ids filled in; one audit line
 *         per organisation or person that changed.
 */
#include "desk/desk_int.h"

#include <string.h>

#include "base/log.h"
#include "base/rng.h"

static void put_org(struct desk *d, struct org *o, int64_t now) {
    const char *mode = o->compensating ? "compensating" : "strict";
    o->db_id = query_number(d->store, 0, Q_ORG_SAME, "tttt", o->slug, o->name, o->tz, mode);
    if (o->db_id)
        return;
    struct line l;
    line_open(&l);
    query_do(d->store, Q_ORG_PUT, "itttti", audit_next(d->store), o->slug, o->name, o->tz ? o->tz : "UTC", mode, now);
    o->db_id = query_number(d->store, 0, Q_ORG_ID, "t", o->slug);
    audit_touch(d->store, REC_org, o->db_id);
    jw_kv_text(&l.w, "slug", o->slug);
    jw_kv_text(&l.w, "name", o->name);
    jw_kv_text(&l.w, "sod_mode", mode);
    char object[32];
    snprintf(object, sizeof object, "org:%lld", (long long)o->db_id);
    line_close(d, &l, now, o->db_id, PRINCIPAL_SYSTEM, "org.put", str_of(object));
}

static bool new_person(struct desk *d, struct person *p, struct line *l) {
    char pseudonym[20] = "P-";
    rng_hex(pseudonym + 2, 6);
    p->db_id = query_insert(d->store, Q_PRINCIPAL_ADD, "nitt", audit_next(d->store), pseudonym, "person");
    audit_touch(d->store, REC_principal, p->db_id);
    query_do(d->store, Q_IDENTITY_ADD, "iitttt", p->db_id, audit_next(d->store), p->login, p->name, p->email, p->function);
    audit_touch(d->store, REC_principal_identity, p->db_id);
    jw_kv_text(&l->w, "login", p->login);
    return true;
}

static bool same_person(struct desk *d, struct person *p, struct line *l) {
    if (query_number(d->store, 0, Q_IDENTITY_SAME, "itt", p->db_id, p->name, p->email))
        return false;
    query_do(d->store, Q_IDENTITY_SAVE, "iittt", p->db_id, audit_next(d->store), p->name, p->email, p->function);
    audit_touch(d->store, REC_principal_identity, p->db_id);
    jw_kv_text(&l->w, "renamed", p->name);
    return true;
}

/* A binding of the record that the file no longer has ends now. */
static bool end_bindings(struct desk *d, const struct person *p, int64_t now, struct line *l) {
    struct {
        int64_t id, org, from;
        int role;
    } open[64];
    size_t n = 0;
    bool changed = false;
    for (bool more = query_row(d->store, Q_BINDINGS_OPEN, "i", p->db_id); more; more = query_next(d->store, Q_BINDINGS_OPEN))
        if (n < 64) {
            open[n].id = query_int(d->store, Q_BINDINGS_OPEN, 0);
            open[n].org = query_int(d->store, Q_BINDINGS_OPEN, 1);
            open[n++].role = role_find(query_str(d->store, Q_BINDINGS_OPEN, 2, NULL));
        }
    for (size_t i = 0; i < n; i++) {
        bool kept = false;
        for (size_t b = 0; b < p->nbindings; b++)
            kept |= d->g.roster->orgs[p->bindings[b].org].db_id == open[i].org && p->bindings[b].role == open[i].role &&
                    (!p->bindings[b].to || p->bindings[b].to > now);
        if (kept)
            continue;
        query_do(d->store, Q_BINDING_END, "iii", open[i].id, audit_next(d->store), now);
        audit_touch(d->store, REC_role_binding, open[i].id);
        jw_kv_text(&l->w, "ended", role_name((enum role)open[i].role));
        changed = true;
    }
    return changed;
}

static bool add_bindings(struct desk *d, const struct person *p, int64_t now, struct line *l) {
    bool changed = false;
    for (size_t b = 0; b < p->nbindings; b++) {
        const struct binding *bd = &p->bindings[b];
        int64_t org = d->g.roster->orgs[bd->org].db_id;
        const char *role = role_name((enum role)bd->role);
        if ((bd->to && bd->to <= now) || query_number(d->store, 0, Q_BINDING_HAS, "iit", org, p->db_id, role))
            continue;
        int64_t id = query_insert(d->store, Q_BINDING_ADD, "iiitizitt", audit_next(d->store), org, p->db_id, role, bd->from ? bd->from : now, bd->to,
                                  (int64_t)PRINCIPAL_SYSTEM, bd->reason ? bd->reason : "roster", bd->exception_ref);
        audit_touch(d->store, REC_role_binding, id);
        jw_kv_text(&l->w, role, d->g.roster->orgs[bd->org].slug);
        changed = true;
    }
    return changed;
}

static void load_absence(struct desk *d, struct person *p, int64_t now) {
    if (!query_row(d->store, Q_ABSENCE_NEXT, "ii", p->db_id, now))
        return;
    p->absent_from = query_int(d->store, Q_ABSENCE_NEXT, 0);
    p->absent_to = query_int(d->store, Q_ABSENCE_NEXT, 1);
    query_end(d->store, Q_ABSENCE_NEXT);
}

static void put_person(struct desk *d, struct person *p, int64_t now) {
    struct line l;
    line_open(&l);
    p->db_id = query_number(d->store, 0, Q_IDENTITY_ID, "t", p->login);
    bool changed = p->db_id ? same_person(d, p, &l) : new_person(d, p, &l);
    changed |= end_bindings(d, p, now, &l);
    changed |= add_bindings(d, p, now, &l);
    load_absence(d, p, now);
    if (!changed) {
        buf_fini(&l.b);
        return;
    }
    char object[40];
    snprintf(object, sizeof object, "principal:%lld", (long long)p->db_id);
    line_close(d, &l, now, 0, PRINCIPAL_SYSTEM, "roster.change", str_of(object));
}

/* Whoever stands in the record but no longer in the files has no roles from now on. */
static void end_leavers(struct desk *d, int64_t now) {
    struct {
        int64_t binding, principal;
    } gone[256];
    size_t n = 0;
    for (bool more = query_row(d->store, Q_BINDINGS_ALL, ""); more; more = query_next(d->store, Q_BINDINGS_ALL)) {
        int64_t who = query_int(d->store, Q_BINDINGS_ALL, 1);
        if (n < 256 && !desk_person(d, who)) {
            gone[n].binding = query_int(d->store, Q_BINDINGS_ALL, 0);
            gone[n++].principal = who;
        }
    }
    for (size_t i = 0; i < n; i++) {
        struct line l;
        char object[40];
        line_open(&l);
        query_do(d->store, Q_BINDING_END, "iii", gone[i].binding, audit_next(d->store), now);
        audit_touch(d->store, REC_role_binding, gone[i].binding);
        snprintf(object, sizeof object, "principal:%lld", (long long)gone[i].principal);
        line_close(d, &l, now, 0, PRINCIPAL_SYSTEM, "roster.leave", str_of(object));
    }
}

static void put_assets(struct desk *d, int64_t now) {
    struct line l;
    bool changed = false;
    line_open(&l);
    for (size_t i = 0; i < d->g.roster->nassets && !store_failed(d->store, NULL); i++) {
        struct asset *a = &d->g.roster->assets[i];
        int64_t org = d->g.roster->orgs[a->org].db_id;
        a->db_id = query_number(d->store, 0, Q_ASSET_SAME, "ittdddd", org, a->key, a->name, (int)a->need[0], (int)a->need[1], (int)a->need[2], (int)a->data);
        if (a->db_id)
            continue;
        query_do(d->store, Q_ASSET_PUT, "iittdddd", audit_next(d->store), org, a->key, a->name, (int)a->need[0], (int)a->need[1], (int)a->need[2], (int)a->data);
        a->db_id = query_number(d->store, 0, Q_ASSET_ID, "it", org, a->key);
        audit_touch(d->store, REC_asset, a->db_id);
        changed = true;
        if (i % 1024 == 1023) { /* one line accounts for TOUCH_MAX rows at most */
            line_close(d, &l, now, 0, PRINCIPAL_SYSTEM, "asset.put", STR(""));
            line_open(&l);
            changed = false;
        }
    }
    if (changed)
        line_close(d, &l, now, 0, PRINCIPAL_SYSTEM, "asset.put", STR(""));
    else
        buf_fini(&l.b);
}

static int64_t put_source(struct desk *d, int64_t org, const char *kind, struct str name, int trust, int64_t heartbeat, int64_t now) {
    int64_t id = query_number(d->store, 0, Q_SOURCE_SAME, "isdz", org, name, trust, heartbeat);
    if (id)
        return id;
    struct line l;
    line_open(&l);
    query_do(d->store, Q_SOURCE_PUT, "iitsdz", audit_next(d->store), org, kind, name, trust, heartbeat);
    id = query_number(d->store, 0, Q_SOURCE_ID, "is", org, name);
    audit_touch(d->store, REC_source, id);
    jw_kv_str(&l.w, "name", name);
    line_close(d, &l, now, org, PRINCIPAL_SYSTEM, "source.put", STR(""));
    return id;
}

static void put_sources(struct desk *d, int64_t now) {
    for (size_t i = 0; i < d->g.roster->nsources; i++) {
        struct source *s = &d->g.roster->sources[i];
        s->db_id = put_source(d, d->g.roster->orgs[s->org].db_id, "syslog", str_of(s->name), s->trust, s->heartbeat, now);
        if (s->heartbeat) /* silence is counted from now at the latest, not from a time when nobody listened */
            query_do(d->store, Q_SOURCE_SEEN_FIRST, "ii", s->db_id, now);
    }
}

enum rc people_reconcile(struct desk *d, int64_t now, struct err *e) {
    struct roster *r = d->g.roster;
    d->trust.source = 0;
    table_free(d->sources);
    d->sources = table_new(4096, sizeof(int64_t), NULL, NULL);
    if (!r || !r->norgs || !d->sources)
        return err_set(e, RC_CONFIG, "the roster names no organisation");
    for (size_t i = 0; i < r->norgs; i++)
        put_org(d, &r->orgs[i], now);
    for (size_t i = 0; i < r->npeople; i++)
        put_person(d, &r->people[i], now);
    end_leavers(d, now);
    put_assets(d, now);
    put_sources(d, now);
    return store_failed(d->store, e);
}

/* The row of a source that no file lists: made the first time it says something that matters. */
int64_t people_source(struct desk *d, int org, const char *kind, struct str name, int64_t now) {
    char key[300];
    int n = snprintf(key, sizeof key, "%d %s %.*s", org, kind, (int)(name.n < 255 ? name.n : 255), name.p ? name.p : "");
    bool fresh;
    int64_t *id = d->sources ? table_get(d->sources, str_n(key, (size_t)n), &fresh) : NULL;
    if (id && *id)
        return *id;
    int64_t got = put_source(d, d->g.roster->orgs[org].db_id, kind, str_sub(name, 0, 255), 80, 0, now);
    if (id && !store_failed(d->store, NULL))
        *id = got;
    return got;
}

/* ---- tokens: control keeps them, the record knows of them */

enum rc desk_tokens_changed(struct desk *d, const struct actor *who, bool made, const struct token_change *v, size_t n, int64_t now, struct err *e) {
    struct act a = {.d = d, .who = who, .now = now};
    desk_flush(d, now, NULL);
    enum rc rc = desk_begin(d, e);
    if (rc)
        return rc;
    for (size_t i = 0; i < n; i++) {
        const struct person *p = d->g.roster ? roster_person(d->g.roster, v[i].login) : NULL;
        char object[40];
        struct line l;
        line_open(&l);
        jw_kv_str(&l.w, "for", v[i].login);
        jw_kv_str(&l.w, "token", v[i].id);
        snprintf(object, sizeof object, "principal:%lld", (long long)(p ? p->db_id : 0));
        line_close(d, &l, now, 0, act_actor(&a), made ? "token.add" : "token.revoke", p ? str_of(object) : STR(""));
    }
    return desk_end(d, RC_OK, e);
}
