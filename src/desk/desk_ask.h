/* SPDX-License-Identifier: ISC
 *
 * desk_ask.h - what the files that answer questions share
 */
#ifndef TOCSIN_DESK_DESK_ASK_H
#define TOCSIN_DESK_DESK_ASK_H

#include "desk/desk_int.h"

uint32_t ask_roles(const struct desk *d, const struct actor *who, int64_t org, int64_t now);
bool ask_sees_event(uint32_t roles, const struct actor *who, int64_t reporter);
bool ask_sees_incident(uint32_t roles, const struct actor *who, const struct incident *i);
void ask_priority(struct jw *w, const char *key, int p);
void ask_event_members(struct jw *w, const struct event *ev);
void ask_incident_members(struct desk *d, struct jw *w, const struct incident *i);
/* A list of maps, one a row: names of the columns, a type letter each (i number, t time, j JSON, b bytes, s text). */
void ask_rows(struct desk *d, struct jw *w, enum stmt q, const char *const *names, const char *types, const char *fmt, int64_t id);
enum rc ask_begin(struct desk *d, int64_t now, struct err *e);
enum rc ask_end(struct desk *d, enum rc rc, struct buf *json, struct err *e);

#endif
