/* SPDX-License-Identifier: ISC
 *
 * desk_outbox.c - notices: queued in the transaction of their cause, handed out after it, tried until somebody has them
 *
 * Takes   what is to be said to whom; what the carrier says became of it.
 * Gives   notices with a stable id: at least once, next channel after three failures or five minutes, dead after a day or three.
 * Keeps   nothing in memory: the schedule is the row's next_try_at.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rng.h"
#include "desk/desk_int.h"

bool outbox_has(const struct person *p, int channel) {
    return channel == CHANNEL_EMAIL ? p->email && *p->email : channel == CHANNEL_WEBHOOK && p->webhook && *p->webhook;
}

static int preferred(const struct person *p) {
    for (int i = 0; i < p->nchannels; i++)
        if (outbox_has(p, p->channels[i]))
            return p->channels[i];
    return outbox_has(p, CHANNEL_EMAIL) ? CHANNEL_EMAIL : CHANNEL_WEBHOOK;
}

static void uuid4(char out[37]) {
    uint8_t b[16];
    char hex[33];
    rng_bytes(b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    hex_of(b, sizeof b, hex);
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* One raw line, for those who work with such things; never for management. */
static struct str sample_for(struct desk *d, const struct event *ev, uint32_t roles) {
    if (!ev || !(roles & (ROLE_BIT(ROLE_ISO) | ROLE_BIT(ROLE_DEPUTY) | ROLE_BIT(ROLE_ANALYST))) || !query_row(d->store, Q_RAW_SAMPLE, "i", ev->id))
        return STR_NONE;
    struct str s = query_str(d->store, Q_RAW_SAMPLE, 0, &d->scratch);
    query_end(d->store, Q_RAW_SAMPLE);
    return str_sub(s, 0, 2000);
}

static void word_it(struct desk *d, const struct person *p, int64_t org, const struct notice_in *in, struct str uuid, int64_t now, struct wording_out *w) {
    int i = desk_org_index(d, org);
    uint32_t roles = i < 0 ? 0 : person_roles(p, (uint16_t)i, now);
    const struct rule_info *ri = NULL;
    long r = in->event && d->g.rules ? ruleset_find(d->g.rules, in->event->rule) : -1;
    if (r >= 0)
        ri = rule_info(d->g.rules, (size_t)r);
    struct wording_in wi = {.why = in->why, .event = in->event, .incident = in->incident, .to = p, .to_roles = roles, .silent = in->silent, .now = now,
                            .since = in->since, .next_due = in->next_due, .next_who = in->next_who, .state_text = in->state_text,
                            .sample = sample_for(d, in->event, roles), .zone = d->g.zone, .tlp = d->tlp, .domain = d->domain, .uuid = uuid};
    wi.first = ri ? ri->first : STR_NONE;
    if (wording_make(&wi, w))
        log_warn("outbox", "%.*s: the notice was cut: too long", STR_FMT(uuid));
}

int64_t outbox_add(struct desk *d, const struct person *p, int channel, int64_t org, const struct notice_in *in, int64_t now) {
    if (channel < 0)
        channel = preferred(p);
    if (!outbox_has(p, channel) || !p->db_id)
        return 0;
    char uuid[37];
    struct wording_out w;
    struct buf *const parts[] = {&w.subject, &w.headers, &w.text, &w.html, &w.json};
    uuid4(uuid);
    for (size_t i = 0; i < 5; i++)
        buf_init(parts[i], 256 << 10);
    word_it(d, p, org, in, str_of(uuid), now, &w);
    struct notice n = {.org_id = org, .person_id = p->db_id, .event_id = in->event ? in->event->id : 0, .incident_id = in->incident ? in->incident->id : 0,
                       .uuid = str_of(uuid), .object = in->event ? in->event->ref : in->incident ? in->incident->ref : STR("test"), .login = str_of(p->login),
                       .address = str_of(channel == CHANNEL_EMAIL ? p->email : p->webhook), .channel = channel, .rung = in->rung, .state = NT_QUEUED,
                       .queued_at = now, .due_at = now, .next_try_at = now, .subject = buf_view(&w.subject), .headers = buf_view(&w.headers),
                       .body_text = buf_view(&w.text), .body_html = buf_view(&w.html), .body_json = buf_view(&w.json), .urgency = in->urgency};
    rows_notice_add(d->store, &n);
    desk_stamp(d, "notification", n.id, "queued_at", now, now, PRINCIPAL_SYSTEM, STR_NONE, false);
    for (size_t i = 0; i < 5; i++)
        buf_fini(parts[i]);
    desk_due_at(d, now);
    return n.id;
}

/* ---- one change of one notice: state, stamp, audit line */

static void change(struct desk *d, struct notice *n, const char *verb, int64_t now) {
    const struct step *s = flow_find(MACHINE_NOTIFICATION, n->state, str_of(verb));
    struct line l;
    char action[48];
    if (!s)
        return;
    line_open(&l);
    jw_kv_text(&l.w, "old", state_name(n->state));
    jw_kv_text(&l.w, "new", state_name(s->to));
    jw_kv_str(&l.w, "uuid", n->uuid);
    jw_kv_int(&l.w, "attempts", n->attempts);
    if (n->last_code.n)
        jw_kv_str(&l.w, "code", n->last_code);
    static const struct {
        const char *verb, *text;
    } said[] = {{"accept", "arrived"}, {"fail", "failed"}, {"give_up", "was given up"}, {"cancel", "is not needed any more"}, {"ack", "was answered"}, {"recover", "is sent again"}};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        if (!strcmp(said[i].verb, verb)) {
            char text[400];
            snprintf(text, sizeof text, "the %s to %.*s %s%s%.*s", word_name((enum word_id)n->channel), STR_FMT(n->login), said[i].text, n->last_code.n ? ": " : "",
                     STR_FMT(n->last_code));
            jw_kv_text(&l.w, "text", text);
        }
    n->state = s->to;
    rows_notice_save(d->store, n);
    desk_stamp(d, "notification", n->id, s->stamp, now, now, PRINCIPAL_SYSTEM, STR_NONE, false);
    snprintf(action, sizeof action, "notification.%s", verb);
    line_close(d, &l, now, n->org_id, PRINCIPAL_SYSTEM, action, n->object);
}

static size_t ids_of(struct desk *d, enum stmt q, int64_t *ids, size_t max) {
    size_t n = 0;
    do
        if (n < max)
            ids[n++] = query_int(d->store, q, 0);
    while (query_next(d->store, q));
    return n;
}

static void change_all(struct desk *d, enum stmt q, const char *verb, int64_t now, const char *fmt, int64_t arg) {
    int64_t ids[256];
    for (;;) {
        size_t n = (*fmt ? query_row(d->store, q, fmt, arg) : query_row(d->store, q, "")) ? ids_of(d, q, ids, 256) : 0;
        for (size_t i = 0; i < n; i++) {
            struct notice nt;
            if (!rows_notice_load(d->store, ids[i], &d->scratch, &nt))
                continue;
            nt.next_try_at = now;
            change(d, &nt, verb, now);
        }
        if (n < 256 || store_failed(d->store, NULL))
            return;
    }
}

/* What we do not know to be carried is carried again, with the same id (N9). */
void outbox_recover(struct desk *d, int64_t now) {
    change_all(d, Q_NOTICES_SENDING, "recover", now, "", 0);
}

void outbox_cancel(struct desk *d, const char *object, int64_t id, int64_t now) {
    change_all(d, strcmp(object, "event") ? Q_NOTICES_WAITING_INC : Q_NOTICES_WAITING_EV, "cancel", now, "i", id);
}

void outbox_acked(struct desk *d, int64_t incident, int64_t person, int64_t now) {
    int64_t ids[256];
    size_t n = query_row(d->store, Q_NOTICES_TO_ACK, "ii", incident, person) ? ids_of(d, Q_NOTICES_TO_ACK, ids, 256) : 0;
    for (size_t i = 0; i < n; i++) {
        struct notice nt;
        if (rows_notice_load(d->store, ids[i], &d->scratch, &nt))
            change(d, &nt, "ack", now);
    }
}

/* ---- out */

static enum rc record_carried(struct desk *d, const struct carried *c, int64_t now, struct err *e);

/* Full disks and locks go by. What is forgotten meanwhile would leave its notice under way for ever: neither sent nor tried again. */
static void untold_keep(struct desk *d, const struct carried *c) {
    if (!d->untold)
        d->untold = calloc(IN_FLIGHT_MAX, sizeof *d->untold);
    for (size_t i = 0; d->untold && i < d->nuntold; i++)
        if (d->untold[i].c.id == c->id)
            return;
    if (!d->untold || d->nuntold == IN_FLIGHT_MAX) {
        log_err("outbox", "notice %lld: what became of it is lost, it is sent again after the next start", (long long)c->id);
        return;
    }
    struct untold *u = &d->untold[d->nuntold++];
    u->c = *c;
    str_copy(u->code, sizeof u->code, str_sub(c->code, 0, sizeof u->code - 1));
}

static bool passes(enum rc rc) {
    return rc == RC_LIMIT || rc == RC_BUSY || rc == RC_NOMEM;
}

static void untold_tick(struct desk *d, int64_t now) {
    struct err e;
    while (d->nuntold) {
        struct untold *u = &d->untold[d->nuntold - 1];
        u->c.code = str_of(u->code);
        err_clear(&e);
        if (passes(record_carried(d, &u->c, now, &e))) {
            desk_due_at(d, now + US_PER_S);
            return;
        }
        d->nuntold--;
    }
}

void outbox_take(struct desk *d, int64_t now) {
    int64_t ids[OUTBOX_ROUND];
    int64_t room = IN_FLIGHT_MAX - query_number(d->store, 0, Q_NOTICES_SENDING_COUNT, "");
    d->nleaving = 0;
    if (!d->ops.carry || room <= 0)
        return;
    size_t n = query_row(d->store, Q_NOTICES_DUE, "ii", now, room < OUTBOX_ROUND ? room : (int64_t)OUTBOX_ROUND) ? ids_of(d, Q_NOTICES_DUE, ids, OUTBOX_ROUND) : 0;
    for (size_t i = 0; i < n; i++) {
        struct notice *nt = &d->leaving[d->nleaving];
        if (!rows_notice_load(d->store, ids[i], &d->scratch, nt))
            continue;
        nt->attempts++;
        change(d, nt, "send", now);
        d->nleaving++;
    }
}

void outbox_leave(struct desk *d, bool durable) {
    for (size_t i = 0; durable && i < d->nleaving; i++) {
        const struct notice *t = &d->leaving[i];
        struct carry c = {.id = t->id, .channel = t->channel, .uuid = t->uuid, .object = t->object, .to_login = t->login, .address = t->address,
                          .subject = t->subject, .headers = t->headers, .body_text = t->body_text, .body_html = t->body_html, .body_json = t->body_json,
                          .urgency = t->urgency};
        d->n.carried++;
        d->ops.carry(d->ctx, &c);
    }
    d->nleaving = 0;
}

static bool outbox_due(struct desk *d, int64_t now) {
    return d->ops.carry && query_number(d->store, 0, Q_NOTICES_SENDING_COUNT, "") < IN_FLIGHT_MAX && query_number(d->store, INT64_MAX, Q_NOTICE_FIRST, "") <= now;
}

void outbox_tick(struct desk *d, int64_t now) {
    struct err e;
    err_clear(&e);
    untold_tick(d, now);
    if (!outbox_due(d, now) || desk_begin(d, &e))
        return;
    outbox_take(d, now);
    enum rc rc = desk_end_same(d, RC_OK, &e);
    outbox_leave(d, rc == RC_OK); /* the rows are durable: now, and only now, the carrier hears of them */
    if (rc)
        log_err("outbox", "%s: trying again", e.text);
}

/* ---- back */

static int other_channel(const struct person *p, int used) {
    for (int i = 0; p && i < p->nchannels; i++)
        if (p->channels[i] != used && outbox_has(p, p->channels[i]))
            return p->channels[i];
    for (int c = CHANNEL_EMAIL; p && c <= CHANNEL_WEBHOOK; c++)
        if (c != used && outbox_has(p, c))
            return c;
    return -1;
}

/* The same words over the person's next channel, once; the retries of the first go on. */
static void hand_over(struct desk *d, struct notice *n, int64_t now) {
    const struct person *p = desk_person(d, n->person_id);
    int c = other_channel(p, n->channel);
    if (c < 0 || !query_changed(d->store, Q_NOTICE_HANDED, "ii", n->id, audit_next(d->store)))
        return;
    audit_touch(d->store, REC_notification, n->id);
    char uuid[37];
    uuid4(uuid);
    struct notice other = *n;
    other.uuid = str_of(uuid);
    other.channel = c;
    other.address = str_of(c == CHANNEL_EMAIL ? p->email : p->webhook);
    other.state = NT_QUEUED;
    other.attempts = 0;
    other.queued_at = other.due_at = other.next_try_at = now;
    other.first_failed_at = other.sent_at = other.dead_at = 0;
    other.last_code = STR_NONE;
    rows_notice_add(d->store, &other);
    query_do(d->store, Q_NOTICE_HANDED, "ii", other.id, audit_next(d->store)); /* and does not come back to the first one */
    struct line l;
    line_open(&l);
    jw_kv_str(&l.w, "uuid", other.uuid);
    jw_kv_str(&l.w, "instead_of", n->uuid);
    jw_kv_text(&l.w, "channel", word_name((enum word_id)c));
    jw_kv_text(&l.w, "text", "the next channel is tried too");
    line_close(d, &l, now, n->org_id, PRINCIPAL_SYSTEM, "notification.hand_over", n->object);
    log_note("outbox", "notice %lld: to=%.*s via=%s failed %d times: via=%s too", (long long)n->id, STR_FMT(n->login), word_name((enum word_id)n->channel), n->attempts,
             word_name((enum word_id)c));
    desk_due_at(d, now);
}

static void failed(struct desk *d, struct notice *n, const struct carried *c, int64_t now) {
    d->n.failed++;
    if (!n->first_failed_at)
        n->first_failed_at = now;
    change(d, n, "fail", now);
    bool dead = c->permanent || retry_give_up(n->urgency, n->queued_at, now);
    if (dead) {
        n->dead_at = now;
        change(d, n, "give_up", now);
        d->n.dead++;
        log_at(LOG_ALERT_, "outbox", "notice %lld: to=%.*s via=%s object=%.*s try=%d status=dead: %.*s", (long long)n->id, STR_FMT(n->login),
               word_name((enum word_id)n->channel), STR_FMT(n->object), n->attempts, STR_FMT(n->last_code));
        owe_hurry(d, n->id, now); /* the next rung does not wait for nobody */
    } else {
        int64_t wait = retry_delay(n->attempts, (uint32_t)rng_u64()), cap = US_PER_H;
        if (c->retry_after > wait)
            wait = c->retry_after < cap ? c->retry_after : cap;
        n->next_try_at = now + wait;
        change(d, n, "retry", now);
        desk_due_at(d, n->next_try_at);
    }
    if (dead || retry_hand_over(n->attempts, n->first_failed_at, now))
        hand_over(d, n, now);
}

static enum rc record_carried(struct desk *d, const struct carried *c, int64_t now, struct err *e) {
    desk_flush(d, now, NULL);
    enum rc rc = desk_begin(d, e);
    struct notice n;
    if (rc)
        return rc;
    if (!rows_notice_load(d->store, c->id, &d->scratch, &n) || n.state != NT_SENDING)
        return desk_end(d, err_set(e, RC_NOTFOUND, "notice %lld is not being sent", (long long)c->id), e);
    n.last_code = str_sub(c->code, 0, 200);
    if (c->ok) {
        n.sent_at = c->ended ? c->ended : now;
        change(d, &n, "accept", now);
        d->n.sent++;
        log_info("outbox", "notice %lld: to=%.*s via=%s object=%.*s try=%d delays=%.1f/%.1f status=sent", (long long)n.id, STR_FMT(n.login),
                 word_name((enum word_id)n.channel), STR_FMT(n.object), n.attempts, (double)(c->started - n.queued_at) / 1e6, (double)(c->ended - c->started) / 1e6);
    } else {
        failed(d, &n, c, now);
    }
    desk_due_at(d, now);
    return desk_end_same(d, RC_OK, e); /* a notice and a ladder: in a flood the desk need not ask for all its events again */
}

enum rc desk_carried(struct desk *d, const struct carried *c, int64_t now, struct err *e) {
    enum rc rc = record_carried(d, c, now, e);
    if (passes(rc)) {
        untold_keep(d, c);
        desk_due_at(d, now + US_PER_S);
    }
    return rc;
}

/* ---- tocsin notify test WHO */

enum rc desk_notify_test(struct desk *d, const struct actor *who, struct str login, int64_t now, struct answer *out, struct err *e) {
    const struct person *p = d->g.roster ? roster_person(d->g.roster, login) : NULL;
    struct act a = {.d = d, .who = who, .now = now};
    if (!p)
        return err_set(e, RC_NOTFOUND, "nobody is called \"%.*s\"", STR_FMT(login));
    desk_flush(d, now, NULL);
    enum rc rc = desk_begin(d, e);
    if (rc)
        return rc;
    int64_t org = p->nbindings ? d->g.roster->orgs[p->bindings[0].org].db_id : d->g.roster->orgs[0].db_id;
    struct notice_in in = {.why = WHY_TEST, .since = now, .urgency = 3};
    int told = 0;
    for (int c = CHANNEL_EMAIL; c <= CHANNEL_WEBHOOK; c++)
        if (outbox_has(p, c) && outbox_add(d, p, c, org, &in, now)) {
            buf_printf(&out->said, "A test notice to %s goes out by %s.\n", p->login, word_name((enum word_id)c));
            told++;
        }
    struct line l;
    line_open(&l);
    jw_kv_int(&l.w, "told", told);
    line_close(d, &l, now, org, act_actor(&a), "notification.test", STR("test"));
    if (!told)
        rc = err_set(e, RC_INVALID, "%s has no address on any channel", p->login);
    return desk_end(d, rc, e);
}
