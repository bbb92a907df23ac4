/* SPDX-License-Identifier: ISC
 *
 * log.c - one line to stderr per thing that happened
 *
 * Keeps   the level of at most AREAS_MAX areas that were named by log_level_set; every other area has the common level.
 */
#include "base/log.h"

#include "base/clock.h"
#include "base/esc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AREAS_MAX 32
#define RAW_MAX 2048 /* of a text, before escaping, which makes four bytes of one at worst */
#define TEXT_MAX (4 * RAW_MAX + 8)

static const char *log_program = "tocsin", *log_role = "";
static bool journal;
static enum log_level common = LOG_INFO_;
static struct area {
    char name[24];
    enum log_level level;
} areas[AREAS_MAX];
static unsigned area_count;
static void (*sink)(void *ctx, enum log_level, const char *area, const char *text);
static void *sink_ctx;

/* systemd names the socket it gave us by device and inode; a stderr that was redirected since is not it (systemd.exec(5)). */
static bool stderr_is_journal(void) {
    const char *named = getenv("JOURNAL_STREAM");
    char here[64];
    struct stat st;

    if (!named || fstat(STDERR_FILENO, &st) != 0)
        return false;
    snprintf(here, sizeof here, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    return strcmp(named, here) == 0;
}

void log_open(const char *program, const char *role) {
    log_program = program;
    log_role = role ? role : "";
    journal = stderr_is_journal();
}

static struct area *area_find(const char *name) {
    for (unsigned i = 0; i < area_count; i++)
        if (strcmp(areas[i].name, name) == 0)
            return &areas[i];
    return NULL;
}

void log_level_set(const char *area, enum log_level level) {
    if (!area) {
        common = level;
        area_count = 0;
        return;
    }
    struct area *a = area_find(area);
    if (!a && area_count < AREAS_MAX) {
        a = &areas[area_count++];
        str_copy(a->name, sizeof a->name, str_of(area));
    }
    if (a)
        a->level = level;
}

void log_to(void (*fn)(void *ctx, enum log_level, const char *area, const char *text), void *ctx) {
    sink = fn;
    sink_ctx = ctx;
}

static void write_line(enum log_level level, const char *area, const char *text) {
    char line[TEXT_MAX + 128], head[TIME_TEXT];
    size_t n, done = 0;

    if (journal)
        snprintf(head, sizeof head, "<%d>", (int)level);
    else
        time_format(clock_now(), 3, head);
    int want = snprintf(line, sizeof line - 1, "%s%s%s%s%s%s: %s: %s", head, journal ? "" : " ", log_program,
                        *log_role ? "[" : "", log_role, *log_role ? "]" : "", area, text);
    n = want < 0 ? 0 : (size_t)want < sizeof line - 1 ? (size_t)want : sizeof line - 2;
    line[n++] = '\n';
    /* one write, so that the lines of two roles do not mix; a full pipe must not stop a role */
    while (done < n) {
        ssize_t w = write(STDERR_FILENO, line + done, n - done);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return;
        done += (size_t)w;
    }
}

void log_at(enum log_level level, const char *area, const char *fmt, ...) {
    const struct area *a = area_count ? area_find(area) : NULL;
    char raw[RAW_MAX];
    struct buf text;
    va_list ap;
    int saved = errno;

    if (level > (a ? a->level : common))
        return;
    va_start(ap, fmt);
    int n = vsnprintf(raw, sizeof raw, fmt, ap);
    va_end(ap);
    buf_init(&text, TEXT_MAX);
    if (n >= 0)
        esc_term(&text, str_of(raw));
    if (n >= (int)sizeof raw)
        buf_text(&text, " ...");
    const char *said = buf_cstr(&text);
    if (sink)
        sink(sink_ctx, level, area, said);
    else
        write_line(level, area, said);
    buf_fini(&text);
    errno = saved;
}
