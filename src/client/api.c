/* SPDX-License-Identifier: ISC
 *
 * api.c - one request to the daemon over its socket
 *
 * Takes   a command's route and body.
 * Gives   the body of the answer, or an error in three parts: what failed, why, what to do. A request whose answer was lost is asked
 *         once more under the same id, which the daemon answers the same again.
 */
#include "client/client.h"

#include "base/digest.h"
#include "base/esc.h"
#include "base/file.h"
#include "base/rng.h"
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#define REPLY_MAX (16u << 20)
#define LINE_MAX_ (1u << 20)

struct request {
    CURL *curl;
    struct curl_slist *headers;
    struct buf *reply;
    struct buf line;
    api_line_fn on_line;
    void *ctx;
    bool enough, streaming;
    char error[CURL_ERROR_SIZE];
};

static const char *socket_of(const struct client *c) {
    const char *env = getenv("TOCSIN_SOCKET");

    return c->socket ? c->socket : env && *env ? env : TOCSIN_RUNDIR "/control.sock";
}

/* --token-file, $TOCSIN_TOKEN_FILE, ~/.config/tocsin/token if it is there; without one the user id must do. */
static enum rc token_read(const struct client *c, struct buf *token, struct err *e) {
    const char *path = c->token_file, *home = getenv("XDG_CONFIG_HOME");
    char def[1024];
    struct buf b;

    if (c->no_token)
        return RC_OK;
    if (!path)
        path = getenv("TOCSIN_TOKEN_FILE");
    if (!path || !*path) {
        buf_init(&b, sizeof def);
        if (home && *home)
            buf_printf(&b, "%s/tocsin/token", home);
        else if (getenv("HOME"))
            buf_printf(&b, "%s/.config/tocsin/token", getenv("HOME"));
        str_copy(def, sizeof def, buf_view(&b));
        buf_fini(&b);
        if (!def[0] || access(def, F_OK) != 0)
            return RC_OK;
        path = def;
    }
    if (file_read_secret(path, 4096, token, e) != RC_OK) {
        if (e->rc == RC_NOTFOUND)
            err_hint(e, "a token is made by: tocsin token add LOGIN --out %s", path);
        else
            err_hint(e, "it must be yours alone: chmod 600 %s", path);
        return e->rc == RC_NOTFOUND ? RC_UNAUTH : e->rc;
    }
    return RC_OK;
}

static void add_header(struct request *q, const char *text) {
    struct curl_slist *more = curl_slist_append(q->headers, text);

    if (more)
        q->headers = more;
}

static enum rc add_headers(const struct client *c, struct request *q, const char *type, struct err *e) {
    struct buf token, header;
    char id[33];
    enum rc rc;

    buf_init(&token, 4096);
    buf_init(&header, 8192);
    if ((rc = token_read(c, &token, e)) == RC_OK && token.n) {
        struct str t = str_trim(buf_view(&token));
        buf_printf(&header, "Authorization: Bearer %.*s", STR_FMT(t));
        add_header(q, buf_cstr(&header));
        wipe(header.p, header.n);
        wipe(token.p, token.n);
    }
    rng_hex(id, 16);
    buf_reset(&header);
    buf_printf(&header, "X-Request-Id: %s", id);
    add_header(q, buf_cstr(&header));
    buf_reset(&header);
    buf_printf(&header, "Content-Type: %s", type);
    add_header(q, buf_cstr(&header));
    add_header(q, "Expect:");
    buf_fini(&token);
    buf_fini(&header);
    return rc;
}

static bool take_lines(struct request *q) {
    size_t end;

    while ((end = str_chr(buf_view(&q->line), '\n')) != SIZE_MAX) {
        struct str line = str_sub(buf_view(&q->line), 0, end);
        if (line.n && !q->on_line(q->ctx, line)) {
            q->enough = true;
            return false;
        }
        buf_drop(&q->line, end + 1);
    }
    return true;
}

static size_t on_bytes(char *p, size_t size, size_t n, void *ctx) {
    struct request *q = ctx;
    long status = 0;
    bool ok;

    curl_easy_getinfo(q->curl, CURLINFO_RESPONSE_CODE, &status);
    q->streaming = q->on_line && status == 200;
    ok = buf_add(q->streaming ? &q->line : q->reply, p, size * n);
    if (ok && q->streaming)
        ok = take_lines(q);
    return ok ? size * n : 0;
}

static enum rc unreachable(const char *path, const struct request *q, CURLcode code, struct err *e) {
    long os = 0;

    curl_easy_getinfo(q->curl, CURLINFO_OS_ERRNO, &os);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        os = ENOENT;
    else if (access(path, R_OK | W_OK) != 0 && errno == EACCES)
        os = EACCES;
    if (os == EACCES) {
        err_set(e, RC_UNREACHABLE, "cannot reach tocsind at %s: permission denied", path);
        err_hint(e, "you are not in the socket's group; run: sudo usermod -aG tocsin $USER, and log in again");
    } else if (os == ENOENT) {
        err_set(e, RC_UNREACHABLE, "cannot reach tocsind at %s: there is no such socket", path);
        err_hint(e, "is it running? systemctl status tocsind; another socket: --socket PATH or $TOCSIN_SOCKET");
    } else if (os == ECONNREFUSED) {
        err_set(e, RC_UNREACHABLE, "cannot reach tocsind at %s: nobody listens there", path);
        err_hint(e, "is it running? systemctl status tocsind");
    } else {
        err_set(e, RC_UNREACHABLE, "tocsind at %s does not answer: %s", path, q->error[0] ? q->error : curl_easy_strerror(code));
        err_hint(e, "its log says more: journalctl -u tocsind");
    }
    return RC_UNREACHABLE;
}

static bool answer_lost(CURLcode code) {
    return code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_PARTIAL_FILE;
}

static void set_up(struct request *q, const char *path, const char *url, enum method m, struct str body, bool slow) {
    CURL *h = q->curl;

    curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, path);
    curl_easy_setopt(h, CURLOPT_URL, url);
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, 5L);
    if (!slow)
        curl_easy_setopt(h, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, q->headers);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, q);
    curl_easy_setopt(h, CURLOPT_ERRORBUFFER, q->error);
    curl_easy_setopt(h, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
    if (m == METHOD_POST) {
        curl_easy_setopt(h, CURLOPT_POST, 1L);
        curl_easy_setopt(h, CURLOPT_POSTFIELDS, body.n ? body.p : "");
        curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, (long)body.n);
    }
}

static enum rc run(struct client *c, struct request *q, enum method m, struct str path, struct str body, const char *type,
                   bool slow, struct err *e) {
    const char *sock = socket_of(c);
    CURLcode code = CURLE_OK;
    long status = 0;
    struct buf url;
    enum rc rc;

    buf_init(&url, 2u << 20);
    buf_printf(&url, "http://tocsin%.*s", STR_FMT(path));
    if (!(q->curl = curl_easy_init()))
        rc = err_set(e, RC_NOMEM, "out of memory");
    else if ((rc = add_headers(c, q, type, e)) == RC_OK) {
        set_up(q, sock, buf_cstr(&url), m, body, slow);
        for (int tries = 0; tries < 2; tries++) {
            code = curl_easy_perform(q->curl);
            if (!answer_lost(code) || q->streaming)
                break;
            buf_reset(q->reply);
        }
        curl_easy_getinfo(q->curl, CURLINFO_RESPONSE_CODE, &status);
        if (code != CURLE_OK && !q->enough)
            rc = q->reply->over ? err_set(e, RC_LIMIT, "the answer is too long") : unreachable(sock, q, code, e);
        else if (status != 200 && !q->streaming)
            rc = api_error(status, buf_view(q->reply), &c->details, e);
    }
    curl_slist_free_all(q->headers);
    curl_easy_cleanup(q->curl);
    buf_fini(&url);
    return rc;
}

enum rc api_call(struct client *c, const struct command *cmd, struct str path, struct str body, struct buf *reply,
                 struct err *e) {
    struct request q = {.reply = reply};
    bool slow = cmd->handler == H_VERIFY || cmd->handler == H_BACKUP || cmd->handler == H_RELOAD;

    return run(c, &q, cmd->method, path, body, command_takes_lines(cmd) ? "text/plain" : "application/json", slow, e);
}

enum rc api_stream(struct client *c, struct str path, api_line_fn fn, void *ctx, struct err *e) {
    struct buf reply;
    struct request q = {.reply = &reply, .on_line = fn, .ctx = ctx};
    enum rc rc;

    buf_init(&reply, REPLY_MAX);
    buf_init(&q.line, LINE_MAX_);
    rc = run(c, &q, METHOD_GET, path, STR_NONE, "application/json", true, e);
    if (rc == RC_OK && !q.enough) {
        rc = err_set(e, RC_UNREACHABLE, "tocsind has ended, or let us go because we did not read");
        err_hint(e, "once it runs again: tocsin watch");
    }
    buf_fini(&q.line);
    buf_fini(&reply);
    return rc;
}

static enum rc rc_of_word(struct str word, enum rc otherwise) {
    for (int rc = 0; rc < RC__COUNT; rc++)
        if (str_is(word, rc_word((enum rc)rc)))
            return (enum rc)rc;
    return otherwise;
}

static enum rc rc_of_status(long status) {
    for (int rc = 1; rc < RC__COUNT; rc++)
        if (rc_http((enum rc)rc) == status)
            return (enum rc)rc;
    return RC_IO;
}

enum rc api_error(long status, struct str reply, struct buf *details, struct err *e) {
    struct json *j = NULL;
    enum rc rc = rc_of_status(status);

    if (json_parse(reply, REPLY_MAX, &j, NULL) == RC_OK && json_kind(json_get(j, "error")) == JSON_MAP) {
        const struct json *x = json_get(j, "error"), *list = json_get(x, "details");
        struct str hint = json_get_text(x, "hint"), message = json_get_text(x, "message");
        rc = rc_of_word(json_get_text(x, "code"), rc);
        err_set(e, rc, "%.*s", STR_FMT(message));
        if (hint.n)
            err_hint(e, "%.*s", STR_FMT(hint));
        for (size_t i = 0; details && i < json_count(list); i++) {
            esc_term(details, json_text(json_at(list, i)));
            buf_c(details, '\n');
        }
    } else {
        err_set(e, rc, "the daemon answered with status %ld", status);
    }
    json_free(j);
    return rc;
}
