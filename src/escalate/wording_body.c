/* SPDX-License-Identifier: ISC
 *
 * wording_body.c - what a notice says
 *
 * Takes   the object, the reader and why they are told.
 * Gives   what happened, since when, what is asked of you by when, how to answer, what happens if nobody does.
 * Keeps   nothing. Management reads impact and owner, never a log line; TLP:RED sends nobody more than the reference.
 */
#include "escalate/wording_object.h"

#include "escalate/letter.h"

#include <stdio.h>

/* One sentence put together, then written. */
struct sentence {
    struct buf b;
};

static struct buf *say(struct sentence *s) {
    buf_init(&s->b, 16 * 1024);
    return &s->b;
}

/* A sentence that did not fit is not sent in part. */
static void said(struct letter *l, struct sentence *s) {
    letter_line(l, buf_view(&s->b));
    l->text->over |= s->b.over;
    buf_fini(&s->b);
}

static void said_row(struct letter *l, const char *label, struct sentence *s) {
    letter_row(l, label, buf_view(&s->b));
    l->text->over |= s->b.over;
    buf_fini(&s->b);
}

static void lead(const struct wording_in *in, const struct wording_object *o, struct letter *l) {
    struct sentence s;
    struct buf *b = say(&s);

    buf_printf(b, "TLP:%s", wording_tlp(in));
    said(l, &s);
    b = say(&s);
    if (o->priority) {
        buf_str(b, o->ref);
        buf_printf(b, ", %s. ", wording_priority(o->priority));
    }
    if (in->why == WHY_NO_ANSWER && in->silent)
        buf_printf(b, "%s has not answered. You are asked next.", in->silent);
    else
        buf_text(b, wording_voice(in->why)->lead);
    said(l, &s);
    if (in->state_text && !wording_ref_only(in))
        letter_line(l, str_of(in->state_text));
}

static void seen_row(const struct wording_in *in, const struct event *ev, struct letter *l) {
    struct sentence s;
    struct buf *b = say(&s);

    if (ev->count == 1) {
        letter_time(b, ev->first_seen, in->zone);
    } else {
        buf_printf(b, "%lld times, first ", (long long)ev->count);
        letter_time(b, ev->first_seen, in->zone);
        buf_text(b, ", last ");
        letter_time(b, ev->last_seen, in->zone);
    }
    said_row(l, "Seen", &s);
}

static void time_row(const struct wording_in *in, const char *label, int64_t at, struct letter *l) {
    struct sentence s;

    if (at == 0)
        return;
    letter_time(say(&s), at, in->zone);
    said_row(l, label, &s);
}

static void impact_row(const struct wording_object *o, struct letter *l) {
    static const char *const words[] = {"none expected", "limited", "significant", "severe", "a danger to the organisation"};
    letter_row(l, "Impact", str_of(words[o->level >= 0 && o->level <= 4 ? o->level : 0]));
}

static void class_row(const struct wording_object *o, struct letter *l) {
    struct sentence s;
    struct buf *b = say(&s);

    buf_str(b, o->rsit_class);
    if (o->rsit_type.n)
        buf_c(b, '/');
    buf_str(b, o->rsit_type);
    said_row(l, "Class", &s);
}

static void what_happened(const struct wording_in *in, const struct wording_object *o, struct letter *l) {
    const struct event *ev = in->incident ? NULL : in->event;

    letter_heading(l, "What happened");
    letter_line(l, o->title);
    if (in->incident && in->incident->summary.n)
        letter_line(l, in->incident->summary);
    impact_row(o, l);
    letter_row(l, ev ? "Claimed by" : "Owner", o->owner.n ? o->owner : STR("nobody yet"));
    letter_row(l, "State", str_of(state_name(o->state)));
    if (ev) {
        if (!wording_management(in)) {
            class_row(o, l);
            letter_row(l, "Address", ev->src_ip);
            letter_row(l, "Account", ev->user);
        }
        letter_row(l, "Host", ev->host);
        seen_row(in, ev, l);
    } else {
        class_row(o, l);
        time_row(in, "Detected", in->incident->detected_at, l);
        time_row(in, "Declared", in->incident->declared_at, l);
    }
    if (wording_management(in))
        return;
    if (in->sample.n) {
        letter_heading(l, "One of its lines, as it was received");
        letter_raw(l, in->sample);
    }
    if (in->first.n && wording_voice(in->why)->asks) {
        letter_heading(l, "What to do first");
        letter_line(l, in->first);
    }
}

/* What this reader can do about it. Management does not assess events: it sees to it that somebody does. */
static void how(const struct wording_in *in, const struct wording_object *o, struct letter *l) {
    bool management = wording_management(in);

    if (in->why == WHY_APPROVAL) {
        letter_line(l, STR("Read the record, then approve the close, or say why it is not over:"));
        letter_command(l, "show", o->ref, "");
        letter_command(l, "approve", o->ref, " --note '...'");
        letter_command(l, "not-resolved", o->ref, " --reason '...'");
    } else if (in->incident) {
        letter_line(l, STR("Take the incident: you have seen it and see to it that it is worked on."));
        letter_command(l, "ack", o->ref, "");
        letter_command(l, "show", o->ref, "");
    } else if (management) {
        letter_line(l, STR("See to it that the Information Security Officer or the deputy takes it; they answer with:"));
        letter_command(l, "claim", o->ref, "");
    } else {
        letter_line(l, STR("Take it, look at it and decide: an incident, or none."));
        letter_command(l, "claim", o->ref, "");
        letter_command(l, "show", o->ref, "");
    }
}

static void by_when(const struct wording_in *in, struct letter *l) {
    struct sentence s;
    struct buf *b = say(&s);

    if (in->next_due > 0) {
        buf_text(b, "By ");
        letter_time(b, in->next_due, in->zone);
        if (in->next_due > in->now) {
            buf_text(b, ", within ");
            letter_span(b, in->next_due - in->now);
        }
        buf_c(b, '.');
    } else {
        buf_text(b, "At once.");
    }
    said(l, &s);
}

static void if_nobody_does(const struct wording_in *in, struct letter *l) {
    struct sentence s;
    struct buf *b;

    if (in->why == WHY_APPROVAL)
        return;
    letter_heading(l, "If nobody does");
    b = say(&s);
    if (in->next_due > 0 && in->next_who) {
        buf_text(b, "At ");
        letter_time(b, in->next_due, in->zone);
        buf_printf(b, " %s is asked.", in->next_who);
    } else {
        buf_text(b, "Nobody else is called: you are the last who is asked.");
    }
    said(l, &s);
}

static void asked(const struct wording_in *in, const struct wording_object *o, struct letter *l) {
    letter_heading(l, "What is asked of you");
    if (in->why != WHY_APPROVAL)
        by_when(in, l);
    how(in, o, l);
    if_nobody_does(in, l);
}

static void told_since(const struct wording_in *in, struct letter *l) {
    struct sentence s;
    struct buf *b;

    if (in->since == 0 || in->now - in->since < US_PER_MIN)
        return;
    b = say(&s);
    buf_text(b, "Open for ");
    letter_span(b, in->now - in->since);
    buf_text(b, ", since ");
    letter_time(b, in->since, in->zone);
    buf_c(b, '.');
    said(l, &s);
}

void wording_body(const struct wording_in *in, const struct wording_object *o, struct buf *text, struct buf *html) {
    struct letter l;

    letter_open(&l, text, html);
    lead(in, o, &l);
    if (o->priority) {
        told_since(in, &l);
        if (wording_ref_only(in))
            letter_line(&l, STR("What it is about does not leave by mail; the command below shows it."));
        else
            what_happened(in, o, &l);
        if (wording_voice(in->why)->asks)
            asked(in, o, &l);
        else
            letter_command(&l, "show", o->ref, "");
    }
    letter_close(&l);
}
