/* SPDX-License-Identifier: ISC
 *
 * test_http_server.c - the server over real sockets: replies, pipelines, deadlines, streams, clients that go
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/http.h"

static struct event_base *base;
static struct http_server *server;
static struct http_limits limits = {.header = 4096, .body = 4096, .header_us = 40000, .body_us = 40000, .idle_us = 5000000, .write_us = 5000000,
                                    .connections = 3, .per_source = 2};
static struct sockaddr_un address;
static struct http_request *held;
static char seen[256], rejected[256];
static bool hold, gone;
static int64_t uid;

static void on_request(void *ctx, struct http_request *r) {
    size_t n = strlen(seen);

    (void)ctx;
    snprintf(seen + n, sizeof seen - n, "%.*s %.*s %zu;", STR_FMT(http_method(r)), STR_FMT(http_path(r)), http_body(r).n);
    uid = http_peer(r)->uid;
    if (hold)
        held = r;
    else
        http_reply(r, 200, "text/plain", "X-Extra: 1\r\n", http_path(r));
}

static void on_reject(void *ctx, const char *kind, int status) {
    size_t n = strlen(rejected);

    (void)ctx;
    snprintf(rejected + n, sizeof rejected - n, "%s %d;", kind, status);
}

static int open_server(void **state) {
    static const struct http_ops ops = {on_request, on_reject};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof address;
    struct err e = {0};

    (void)state;
    address = (struct sockaddr_un){.sun_family = AF_UNIX};
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)), 0); /* an abstract name of the kernel's choice */
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    base = event_base_new();
    server = http_server_new(base, &limits, &ops, NULL);
    assert_int_equal(http_server_listen(server, fd, &e), RC_OK);
    seen[0] = rejected[0] = '\0';
    held = NULL;
    hold = gone = false;
    return 0;
}

static int close_server(void **state) {
    (void)state;
    http_server_free(server);
    event_base_free(base);
    return 0;
}

static int client(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(sa_family_t) + 6), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void turn(void) {
    for (int i = 0; i < 30; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

static void put(int fd, const char *text) {
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    turn();
}

/* What has come; *eof when the other side is done. */
static const char *get(int fd, bool *eof) {
    static char text[1 << 16];
    size_t n = 0;

    turn();
    for (;;) {
        ssize_t got = read(fd, text + n, sizeof text - 1 - n);
        *eof = got == 0;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    text[n] = '\0';
    return text;
}

static size_t count(const char *text, const char *what) {
    size_t n = 0;

    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

#define REQ(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static void a_connection_serves_request_after_request(void **state) {
    int fd = client();
    bool eof;

    (void)state;
    put(fd, REQ("/one"));
    const char *got = get(fd, &eof);
    assert_non_null(strstr(got, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(got, "X-Extra: 1\r\n"));
    assert_non_null(strstr(got, "Content-Length: 4\r\n\r\n/one"));
    assert_false(eof);
    put(fd, REQ("/two"));
    assert_non_null(strstr(get(fd, &eof), "/two"));
    assert_string_equal(seen, "GET /one 0;GET /two 0;");
    assert_int_equal(uid, getuid());
    close(fd);
    turn();
    assert_int_equal(http_server_connections(server), 0);
}

static void a_pipeline_is_answered_in_order(void **state) {
    int fd = client();
    bool eof;

    (void)state;
    put(fd, REQ("/1") "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" REQ("/3") "HEAD /4 HTTP/1.1\r\nHost: h\r\n\r\n" REQ("/5"));
    const char *got = get(fd, &eof);
    assert_string_equal(seen, "GET /1 0;POST /2 3;GET /3 0;HEAD /4 0;GET /5 0;");
    assert_int_equal(count(got, "HTTP/1.1 200"), 5);
    assert_true(strstr(got, "/1") < strstr(got, "/2") && strstr(got, "/2") < strstr(got, "/3"));
    assert_null(strstr(got, "\r\n\r\n/4")); /* HEAD */
    close(fd);
}

static void a_bad_request_is_answered_and_nothing_behind_it(void **state) {
    int fd = client();
    bool eof;

    (void)state;
    put(fd, REQ("/1") "GET / HTTP/1.1\nHost: h\r\n\r\n" REQ("/2"));
    const char *got = get(fd, &eof);
    assert_string_equal(seen, "GET /1 0;");
    assert_string_equal(rejected, "bad-request 400;");
    assert_non_null(strstr(got, "HTTP/1.1 400 Bad Request\r\n"));
    assert_non_null(strstr(got, "Connection: close\r\n"));
    assert_true(eof);
    close(fd);
}

static void connection_close_closes(void **state) {
    int fd = client();
    bool eof;

    (void)state;
    put(fd, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" REQ("/2"));
    assert_non_null(strstr(get(fd, &eof), "Connection: close\r\n"));
    assert_true(eof);
    assert_string_equal(seen, "GET /x 0;");
    close(fd);
}

static void a_client_that_closed_its_side_still_gets_its_answer(void **state) {
    int fd = client();
    bool eof;

    (void)state;
    hold = true;
    put(fd, REQ("/x"));
    shutdown(fd, SHUT_WR);
    turn();
    assert_non_null(held);
    http_reply(held, 202, "application/json", NULL, STR("{}"));
    assert_non_null(strstr(get(fd, &eof), "HTTP/1.1 202 Accepted\r\n"));
    assert_true(eof);
    close(fd);
}

static void a_reply_to_a_client_that_has_gone_harms_nobody(void **state) {
    int fd = client();

    (void)state;
    hold = true;
    put(fd, REQ("/x"));
    close(fd);
    turn();
    http_server_free(server);
    server = NULL;
    assert_str(http_path(held), "/x");
    http_reply(held, 200, "text/plain", NULL, STR("late"));
}

/* 40 ms in all, whatever drips in meanwhile. */
static void deadlines_are_absolute(void **state) {
    static const char *const starts[] = {"GET / HT", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4000\r\n\r\n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(starts); i++) {
        int fd = client(), drops = 0;
        bool eof = false;
        struct timeval tv = {0, 10000};
        rejected[0] = '\0';
        put(fd, starts[i]);
        for (int k = 0; k < 500 && !eof; k++) {
            event_base_loopexit(base, &tv);
            event_base_dispatch(base);
            drops += send(fd, "x", 1, MSG_NOSIGNAL) == 1;
            const char *got = get(fd, &eof);
            if (*got)
                assert_non_null(strstr(got, "HTTP/1.1 408 "));
        }
        assert_true(eof);
        assert_true(drops >= 2);
        assert_string_equal(rejected, "timeout 408;");
        close(fd);
        turn();
    }
}

static void an_expecting_client_is_told_to_go_on(void **state) {
    int fd = client();
    bool eof;

    (void)state;
    put(fd, "POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_string_equal(get(fd, &eof), "HTTP/1.1 100 Continue\r\n\r\n");
    put(fd, "abc");
    assert_non_null(strstr(get(fd, &eof), "HTTP/1.1 200 "));
    assert_string_equal(seen, "POST /x 3;");
    close(fd);
}

static void connections_beyond_the_limit_are_closed(void **state) {
    int fd[4];
    bool eof;

    (void)state;
    for (int i = 0; i < 4; i++)
        fd[i] = client();
    turn();
    assert_int_equal(http_server_connections(server), 3);
    assert_string_equal(rejected, "limit 0;");
    get(fd[3], &eof);
    assert_true(eof);
    for (int i = 0; i < 4; i++)
        close(fd[i]);
}

static void on_gone(void *ctx) {
    gone = true;
    http_stream_end(ctx);
}

static void a_stream_lives_until_its_watcher_goes(void **state) {
    int fd = client();
    bool eof;
    char *big = calloc(1, 2 << 20);

    (void)state;
    hold = true;
    put(fd, REQ("/watch"));
    http_stream(held, 200, "application/x-ndjson", on_gone, held);
    assert_true(http_stream_send(held, STR("{}\n")));
    const char *got = get(fd, &eof);
    assert_non_null(strstr(got, "Transfer-Encoding: chunked\r\n"));
    assert_non_null(strstr(got, "\r\n\r\n3\r\n{}\n\r\n"));
    assert_true(http_stream_send(held, str_n(big, 2 << 20)));
    assert_false(http_stream_send(held, STR("{}\n"))); /* too slow */
    close(fd);
    turn();
    assert_true(gone);
    fd = client();
    put(fd, REQ("/watch"));
    http_stream(held, 200, "application/x-ndjson", NULL, NULL);
    http_stream_end(held);
    got = get(fd, &eof);
    assert_non_null(strstr(got, "\r\n\r\n0\r\n\r\n"));
    assert_true(eof);
    close(fd);
    free(big);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_server, close_server)
    const struct CMUnitTest tests[] = {
        TEST(a_connection_serves_request_after_request),
        TEST(a_pipeline_is_answered_in_order),
        TEST(a_bad_request_is_answered_and_nothing_behind_it),
        TEST(connection_close_closes),
        TEST(a_client_that_closed_its_side_still_gets_its_answer),
        TEST(a_reply_to_a_client_that_has_gone_harms_nobody),
        TEST(deadlines_are_absolute),
        TEST(an_expecting_client_is_told_to_go_on),
        TEST(connections_beyond_the_limit_are_closed),
        TEST(a_stream_lives_until_its_watcher_goes),
    };
    signal(SIGPIPE, SIG_IGN); /* as every role does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
