/* SPDX-License-Identifier: ISC
 *
 * wording.c - the envelope of a notice: subject, headers, JSON
 *
 * Takes   the object, the reader and why they are told.
 * Gives   one constant subject per object; headers in which only our own words and references stand; a CloudEvents document.
 * Keeps   nothing. The body is wording_body.c.
 */
#include "escalate/wording.h"

#include "base/esc.h"
#include "base/json.h"
#include "escalate/wording_object.h"

#include <string.h>

static const struct wording_voice voices[] = {
    [WHY_NEW] = {"opened", "This is new and waits for you.", true},
    [WHY_AGAIN] = {"reminded", "This still waits for you.", true},
    [WHY_NO_ANSWER] = {"escalated", "Nobody has answered. You are asked next.", true},
    [WHY_INFORM] = {"informed", "For your information: nothing is asked of you now.", false},
    [WHY_STATE] = {"changed", "Something changed.", false},
    [WHY_ALL_CLEAR] = {"all_clear", "All clear: what you were told about is settled, nothing is asked of you any more.", false},
    [WHY_APPROVAL] = {"approval_requested", "Your approval is asked for.", true},
    [WHY_TEST] = {"test", "This is a test of the way to reach you. Nothing has happened.", false},
    [WHY_CHANNEL_DEAD] = {"undelivered", "A message about this could not be delivered.", true},
};

const struct wording_voice *wording_voice(enum wording_why why) {
    return (size_t)why < sizeof voices / sizeof *voices ? &voices[why] : &voices[WHY_INFORM];
}

const char *wording_tlp(const struct wording_in *in) {
    static const char *const words[] = {"RED", "AMBER", "AMBER+STRICT", "GREEN", "CLEAR"};

    for (size_t i = 0; in->tlp && i < sizeof words / sizeof *words; i++)
        if (strcmp(in->tlp, words[i]) == 0)
            return words[i];
    return "AMBER+STRICT";
}

bool wording_ref_only(const struct wording_in *in) {
    return strcmp(wording_tlp(in), "RED") == 0;
}

bool wording_management(const struct wording_in *in) {
    uint32_t works = ROLE_BIT(ROLE_ISO) | ROLE_BIT(ROLE_DEPUTY) | ROLE_BIT(ROLE_ANALYST);
    return (in->to_roles & ROLE_BIT(ROLE_MANAGEMENT)) && !(in->to_roles & works);
}

const char *wording_priority(int priority) {
    static const char *const words[] = {"", "P1 (critical)", "P2 (high)", "P3 (medium)", "P4 (low)", "P5 (information)"};
    return priority >= 1 && priority <= 5 ? words[priority] : "";
}

void wording_object(const struct wording_in *in, struct wording_object *o) {
    const struct event *ev = in->event;
    const struct incident *inc = in->incident;

    *o = (struct wording_object){.kind = "test", .ref = STR("test"), .title = STR("test of the way to reach you")};
    if (inc)
        *o = (struct wording_object){"incident",    inc->ref,       inc->title,      inc->owner,    inc->state,
                                     inc->priority, inc->out.level, inc->rsit_class, inc->rsit_type};
    else if (ev)
        *o = (struct wording_object){"event",      ev->ref,       ev->title,      ev->assessor, ev->state,
                                     ev->priority, ev->out.level, ev->rsit_class, ev->rsit_type};
}

/* "[TLP:AMBER+STRICT] INC-2026-0007 P2: title". What a title may not hold becomes visible; the carrier encodes the rest. */
static void subject(const struct wording_in *in, const struct wording_object *o, struct buf *b) {
    buf_printf(b, "[TLP:%s] ", wording_tlp(in));
    if (o->priority == 0) {
        buf_text(b, "tocsin: test message");
        return;
    }
    esc_term(b, o->ref);
    buf_printf(b, " P%d", o->priority);
    if (wording_ref_only(in))
        return;
    buf_text(b, ": ");
    esc_term(b, o->title);
}

/* Only printable ASCII without < > can stand in these; ours is nothing else, and what is not ours becomes '_'. */
static void word(struct buf *b, struct str s, bool lower) {
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c <= ' ' || c > '~' || c == '<' || c == '>')
            c = '_';
        buf_c(b, lower && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
    }
}

static void header(struct buf *b, const char *name, struct str value) {
    buf_printf(b, "%s: ", name);
    word(b, value, false);
    buf_c(b, '\n');
}

static void id_header(struct buf *b, const char *name, struct str id, const char *dot, const char *domain) {
    buf_printf(b, "%s: <", name);
    word(b, id, true);
    buf_printf(b, "%s@", dot);
    word(b, str_of(domain), false);
    buf_text(b, ">\n");
}

static void headers(const struct wording_in *in, const struct wording_object *o, struct buf *b) {
    const char *domain = in->domain && in->domain[0] ? in->domain : "tocsin.invalid";
    char priority[3] = {'P', (char)('0' + o->priority), '\0'};

    id_header(b, "Message-ID", in->uuid, "", domain);
    if (o->priority) {
        id_header(b, "In-Reply-To", o->ref, ".root", domain);
        id_header(b, "References", o->ref, ".root", domain);
    }
    buf_text(b, "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n");
    buf_text(b, "List-Id: <incidents.tocsin.");
    word(b, str_of(domain), false);
    buf_text(b, ">\n");
    header(b, "X-Tocsin-Escalation", str_of(wording_voice(in->why)->word));
    if (!o->priority)
        return;
    header(b, in->incident ? "X-Tocsin-Incident" : "X-Tocsin-Event", o->ref);
    header(b, "X-Tocsin-Severity", str_of(priority));
    header(b, "X-Tocsin-State", str_of(state_name(o->state)));
    if (o->priority <= 2)
        buf_text(b, "Importance: high\n");
}

static void json_event(struct jw *w, const struct event *ev) {
    jw_kv_int(w, "count", ev->count);
    jw_kv_time(w, "first_seen", ev->first_seen);
    jw_kv_time(w, "last_seen", ev->last_seen);
    jw_kv_str(w, "rule", ev->rule);
    jw_kv_str(w, "src_ip", ev->src_ip);
    jw_kv_str(w, "user", ev->user);
    jw_kv_str(w, "host", ev->host);
}

static void json_data(const struct wording_in *in, const struct wording_object *o, struct jw *w) {
    jw_key(w, "data");
    jw_map(w);
    jw_kv_text(w, "tlp", wording_tlp(in));
    jw_kv_text(w, "to", in->to ? in->to->login : NULL);
    jw_kv_bool(w, "asked", wording_voice(in->why)->asks);
    if (o->priority) {
        jw_kv_str(w, "ref", o->ref);
        jw_kv_int(w, "priority", o->priority);
        jw_kv_text(w, "state", state_name(o->state));
    }
    if (o->priority && !wording_ref_only(in)) {
        jw_kv_str(w, "title", o->title);
        jw_kv_int(w, "impact_level", o->level);
        jw_kv_str(w, "class", o->rsit_class);
        jw_kv_str(w, "type", o->rsit_type);
        jw_kv_str(w, "owner", o->owner);
        jw_kv_text(w, "changed", in->state_text);
        if (in->event && !in->incident)
            json_event(w, in->event);
    }
    jw_kv_text(w, "silent", in->silent);
    jw_kv_time(w, "since", in->since);
    jw_kv_time(w, "next_due", in->next_due);
    jw_kv_text(w, "next_who", in->next_who);
    jw_map_end(w);
}

/* CloudEvents 1.0, structured mode. No raw line: a webhook is a foreign machine (process.md, TLP by channel). */
static void json(const struct wording_in *in, const struct wording_object *o, struct buf *b) {
    struct jw w;
    char type[80] = "io.tocsin.", source[300] = "tocsin:";
    size_t at = strlen(type);

    (void)str_copy(type + at, sizeof type - at, str_of(o->kind));
    if (o->priority) {
        at = strlen(type);
        type[at++] = '.';
        (void)str_copy(type + at, sizeof type - at, str_of(wording_voice(in->why)->word));
    }
    (void)str_copy(source + 7, sizeof source - 7, str_of(in->domain && in->domain[0] ? in->domain : "tocsin.invalid"));
    jw_init(&w, b);
    jw_map(&w);
    jw_kv_text(&w, "specversion", "1.0");
    jw_kv_str(&w, "id", in->uuid);
    jw_kv_text(&w, "source", source);
    jw_kv_text(&w, "type", type);
    jw_kv_str(&w, "subject", o->ref);
    jw_kv_time(&w, "time", in->now);
    jw_kv_text(&w, "datacontenttype", "application/json");
    json_data(in, o, &w);
    jw_map_end(&w);
}

enum rc wording_make(const struct wording_in *in, struct wording_out *out) {
    struct wording_object o;

    wording_object(in, &o);
    subject(in, &o, &out->subject);
    headers(in, &o, &out->headers);
    json(in, &o, &out->json);
    wording_body(in, &o, &out->text, &out->html);
    return out->subject.over || out->headers.over || out->text.over || out->html.over || out->json.over ? RC_LIMIT : RC_OK;
}
