/* SPDX-License-Identifier: ISC
 *
 * rows.h - events, incidents and notices between the tables and model/record.h
 *
 * _add and _save bind the next audit line as audit_seq and touch the row: the caller appends that line before the commit. What is
 * loaded includes sightings folded since the last audit line; what is saved does not, so fold_settle (desk) comes before a save.
 */
#ifndef TOCSIN_STORE_ROWS_H
#define TOCSIN_STORE_ROWS_H

#include "model/record.h"
#include "store/audit.h"

void rows_event_add(struct store *s, struct event *e); /* sets e->id */
void rows_event_save(struct store *s, const struct event *e);
bool rows_event_load(struct store *s, int64_t id, struct arena *a, struct event *out);
void rows_incident_add(struct store *s, struct incident *i);
void rows_incident_save(struct store *s, const struct incident *i);
bool rows_incident_load(struct store *s, int64_t id, struct arena *a, struct incident *out);
void rows_notice_add(struct store *s, struct notice *n);
void rows_notice_save(struct store *s, const struct notice *n);
bool rows_notice_load(struct store *s, int64_t id, struct arena *a, struct notice *out);

#endif
