/* SPDX-License-Identifier: ISC
 *
 * columns.h - which column of the record is which member of model/record.h: C(column, kind, member, word list)
 *
 * Sentences, binding and reading are all made from these lists, so that a column is named once.
 */
#ifndef TOCSIN_STORE_COLUMNS_H
#define TOCSIN_STORE_COLUMNS_H

#define EVENT_COLUMNS(C)                                                                                                                   \
    C(ref, COL_TEXT, ref, 0)                                                                                                               \
    C(org_id, COL_INT, org_id, 0)                                                                                                          \
    C(source_id, COL_INT, source_id, 0)                                                                                                    \
    C(rule, COL_TEXT, rule, 0)                                                                                                             \
    C(correlation, COL_STR, correlation, 0)                                                                                                \
    C(state, COL_STATE, state, MACHINE_EVENT)                                                                                              \
    C(state_since, COL_INT, state_since, 0)                                                                                                \
    C(disposition, COL_WORD, disposition, WORDS_disposition)                                                                               \
    C(title, COL_TEXT, title, 0)                                                                                                           \
    C(fingerprint, COL_TEXT, fingerprint, 0)                                                                                               \
    C(count, COL_INT, count, 0)                                                                                                            \
    C(first_seen, COL_INT, first_seen, 0)                                                                                                  \
    C(last_seen, COL_INT, last_seen, 0)                                                                                                    \
    C(src_ip, COL_STR, src_ip, 0)                                                                                                          \
    C(user, COL_STR, user, 0)                                                                                                              \
    C(host, COL_STR, host, 0)                                                                                                              \
    C(rsit_class, COL_TEXT, rsit_class, 0)                                                                                                 \
    C(rsit_type, COL_TEXT, rsit_type, 0)                                                                                                   \
    C(level, COL_WORD, level, WORDS_level)                                                                                                 \
    PRIORITY_COLUMNS(C)                                                                                                                    \
    C(occurred_at, COL_ZERO, occurred_at, 0)                                                                                               \
    C(detected_at, COL_INT, detected_at, 0)                                                                                                \
    C(received_at, COL_INT, received_at, 0)                                                                                                \
    C(claimed_at, COL_ZERO, claimed_at, 0)                                                                                                 \
    C(decided_at, COL_ZERO, decided_at, 0)                                                                                                 \
    C(assessor_id, COL_ZERO, assessor_id, 0)                                                                                               \
    C(reporter_id, COL_ZERO, reporter_id, 0)                                                                                               \
    C(duplicate_of, COL_ZERO, duplicate_of, 0)                                                                                             \
    C(incident_id, COL_ZERO, incident_id, 0)

#define PRIORITY_COLUMNS(C)                                                                                                                \
    C(impact_c, COL_U8, in.impact[0], 0)                                                                                                   \
    C(impact_i, COL_U8, in.impact[1], 0)                                                                                                   \
    C(impact_a, COL_U8, in.impact[2], 0)                                                                                                   \
    C(need_c, COL_U8, in.need[0], 0)                                                                                                       \
    C(need_i, COL_U8, in.need[1], 0)                                                                                                       \
    C(need_a, COL_U8, in.need[2], 0)                                                                                                       \
    C(data_category, COL_U8, in.data, 0)                                                                                                   \
    C(scope, COL_U8, in.scope, 0)                                                                                                          \
    C(outcome, COL_WORD8, in.outcome, WORDS_outcome)                                                                                       \
    C(activity, COL_WORD8, in.activity, WORDS_activity)                                                                                    \
    C(confidence, COL_U8, in.confidence, 0)                                                                                                \
    C(impact_floor, COL_U8, in.floor, 0)                                                                                                   \
    C(impact_score, COL_U8, out.score, 0)                                                                                                  \
    C(impact_level, COL_U8, out.level, 0)                                                                                                  \
    C(urgency, COL_U8, out.urgency, 0)                                                                                                     \
    C(priority_computed, COL_U8, out.priority, 0)                                                                                          \
    C(priority, COL_SMALL, priority, 0)

#define INCIDENT_COLUMNS(C)                                                                                                                \
    C(ref, COL_TEXT, ref, 0)                                                                                                               \
    C(org_id, COL_INT, org_id, 0)                                                                                                          \
    C(title, COL_TEXT, title, 0)                                                                                                           \
    C(summary, COL_TEXT, summary, 0)                                                                                                       \
    C(state, COL_STATE, state, MACHINE_INCIDENT)                                                                                           \
    C(state_since, COL_INT, state_since, 0)                                                                                                \
    C(rsit_class, COL_TEXT, rsit_class, 0)                                                                                                 \
    C(rsit_type, COL_TEXT, rsit_type, 0)                                                                                                   \
    C(personal_data, COL_TEXT, personal_data, 0)                                                                                           \
    C(disposition, COL_WORD, disposition, WORDS_disposition)                                                                               \
    PRIORITY_COLUMNS(C)                                                                                                                    \
    C(worst_priority, COL_SMALL, worst_priority, 0)                                                                                        \
    C(priority_reason, COL_STR, priority_reason, 0)                                                                                        \
    C(occurred_at, COL_ZERO, occurred_at, 0)                                                                                               \
    C(detected_at, COL_INT, detected_at, 0)                                                                                                \
    C(potential_aware_at, COL_INT, detected_at, 0)                                                                                         \
    C(declared_at, COL_INT, declared_at, 0)                                                                                                \
    C(acknowledged_at, COL_ZERO, acknowledged_at, 0)                                                                                       \
    C(confirmed_at, COL_ZERO, confirmed_at, 0)                                                                                             \
    C(contained_at, COL_ZERO, contained_at, 0)                                                                                             \
    C(eradicated_at, COL_ZERO, eradicated_at, 0)                                                                                           \
    C(recovered_at, COL_ZERO, recovered_at, 0)                                                                                             \
    C(review_opened_at, COL_ZERO, review_opened_at, 0)                                                                                     \
    C(close_requested_at, COL_ZERO, close_requested_at, 0)                                                                                 \
    C(closed_at, COL_ZERO, closed_at, 0)                                                                                                   \
    C(rejected_at, COL_ZERO, rejected_at, 0)                                                                                               \
    C(reopened_at, COL_ZERO, reopened_at, 0)                                                                                               \
    C(owner_id, COL_ZERO, owner_id, 0)                                                                                                     \
    C(merged_into, COL_ZERO, merged_into, 0)                                                                                               \
    C(root_cause_code, COL_STR, root_cause_code, 0)                                                                                        \
    C(root_cause_text, COL_STR, root_cause_text, 0)                                                                                        \
    C(closing_statement, COL_STR, closing_statement, 0)                                                                                    \
    C(close_requested_by, COL_ZERO, close_requested_by, 0)                                                                                 \
    C(close_approved_by, COL_ZERO, close_approved_by, 0)                                                                                   \
    C(sod_exception, COL_STR, sod_exception, 0)                                                                                            \
    C(reopen_count, COL_SMALL, reopen_count, 0)                                                                                            \
    C(provisional, COL_BOOL, provisional, 0)                                                                                               \
    C(exercise, COL_BOOL, exercise, 0)

#define NOTICE_COLUMNS(C)                                                                                                                  \
    C(uuid, COL_TEXT, uuid, 0)                                                                                                             \
    C(org_id, COL_INT, org_id, 0)                                                                                                          \
    C(object, COL_TEXT, object, 0)                                                                                                         \
    C(event_id, COL_ZERO, event_id, 0)                                                                                                     \
    C(incident_id, COL_ZERO, incident_id, 0)                                                                                               \
    C(rung, COL_SMALL, rung, 0)                                                                                                            \
    C(person_id, COL_INT, person_id, 0)                                                                                                    \
    C(login, COL_TEXT, login, 0)                                                                                                           \
    C(channel, COL_WORD, channel, WORDS_channel)                                                                                           \
    C(address, COL_TEXT, address, 0)                                                                                                       \
    C(state, COL_STATE, state, MACHINE_NOTIFICATION)                                                                                       \
    C(attempts, COL_SMALL, attempts, 0)                                                                                                    \
    C(queued_at, COL_INT, queued_at, 0)                                                                                                    \
    C(due_at, COL_INT, due_at, 0)                                                                                                          \
    C(next_try_at, COL_ZERO, next_try_at, 0)                                                                                               \
    C(first_failed_at, COL_ZERO, first_failed_at, 0)                                                                                       \
    C(sent_at, COL_ZERO, sent_at, 0)                                                                                                       \
    C(dead_at, COL_ZERO, dead_at, 0)                                                                                                       \
    C(urgency, COL_SMALL, urgency, 0)                                                                                                      \
    C(subject, COL_TEXT, subject, 0)                                                                                                       \
    C(headers, COL_TEXT, headers, 0)                                                                                                       \
    C(body_text, COL_STR, body_text, 0)                                                                                                    \
    C(body_html, COL_STR, body_html, 0)                                                                                                    \
    C(body_json, COL_STR, body_json, 0)                                                                                                    \
    C(last_code, COL_STR, last_code, 0)

/* pieces of sentences */
#define COL_NAME(name, kind, member, list) "," #name
#define COL_OF_X(name, kind, member, list) ",x." #name
#define COL_MARK(name, kind, member, list) ",?"
#define COL_SET(name, kind, member, list) "," #name "=?"

/* what the digest of an event's raw lines is made of: desk_fold.c writes it, verify.c makes it again */
#define RAWS_DIGEST "SELECT id,source_id,rule,received_at,time,peer,flags,sha256,transport,org_id FROM raw WHERE event_id=?1 AND audited=1 ORDER BY id"
#define RAWS_DIGEST_COLUMNS 10

#endif
