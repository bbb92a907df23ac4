/* SPDX-License-Identifier: ISC
 *
 * log.h - for the operator at three in the morning
 *
 * One line to stderr: "<N>" prefix when $JOURNAL_STREAM names stderr, else a time stamp; then "tocsind[role]: area: text".
 * Text: what happened, to what, what we did about it; id first, then key=value in the same order every time. %s arguments are
 * escaped as a whole (no control byte leaves). Never one line per message at info. Areas can be switched to debug while running.
 */
#ifndef TOCSIN_BASE_LOG_H
#define TOCSIN_BASE_LOG_H

enum log_level { LOG_ALERT_ = 1, LOG_ERR_ = 3, LOG_WARN_ = 4, LOG_NOTE_ = 5, LOG_INFO_ = 6, LOG_DEBUG_ = 7 };

void log_open(const char *program, const char *role); /* borrowed for good */
void log_level_set(const char *area, enum log_level level); /* area NULL = all */
void log_to(void (*sink)(void *ctx, enum log_level, const char *area, const char *text), void *ctx); /* tests; NULL = stderr */
void log_at(enum log_level level, const char *area, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#define log_err(area, ...) log_at(LOG_ERR_, area, __VA_ARGS__)
#define log_warn(area, ...) log_at(LOG_WARN_, area, __VA_ARGS__)
#define log_note(area, ...) log_at(LOG_NOTE_, area, __VA_ARGS__)
#define log_info(area, ...) log_at(LOG_INFO_, area, __VA_ARGS__)
#define log_debug(area, ...) log_at(LOG_DEBUG_, area, __VA_ARGS__)

#endif
