/* SPDX-License-Identifier: ISC
 *
 * test_intake.c - real sockets on this machine: every message arrives, every one is in the account
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "intake/intake.h"
#include "intake/socket.h"

static struct event_base *base;
static struct intake *in;
static struct limits_conf limits = {.line = 1024, .connections = 8, .per_source = 4, .idle = 0};
static struct buf got; /* messages, each with a '|' behind, '!' when cut */
static char peer[ADDRESS_TEXT], dir[64];
static struct message last;
static size_t messages;

static void sink(void *ctx, struct message *m) {
    (void)ctx;
    buf_str(&got, m->raw);
    buf_text(&got, m->flags & MSG_CUT ? "!|" : "|");
    last = *m;
    str_copy(peer, sizeof peer, m->peer);
    messages++;
}

static void quiet(void *ctx, enum log_level level, const char *area, const char *text) {
    (void)ctx, (void)level, (void)area, (void)text;
}

static int setup(void **state) {
    (void)state;
    log_to(quiet, NULL);
    buf_init(&got, 64 << 20);
    base = event_base_new();
    in = intake_new(base, &limits, sink, NULL);
    messages = 0;
    snprintf(dir, sizeof dir, "/tmp/tocsin-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    return in == NULL;
}

static int teardown(void **state) {
    (void)state;
    intake_free(in);
    event_base_free(base);
    buf_fini(&got);
    rmdir(dir);
    log_to(NULL, NULL);
    return 0;
}

static void turn(void) {
    for (int i = 0; i < 50; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

/* Opens, as the parent does; a client of it in *client. */
static int listener(int kind, char *address, int *client) {
    struct listen_conf c = {.kind = kind, .address = address, .rcvbuf = 64 << 10, .mode = (char[]){"0660"}};
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;
    struct err e = {0};
    int fd;

    if (listen_open(&c, &fd, &e) != RC_OK)
        fail_msg("%s", e.text);
    assert_true(kind == LISTEN_UDP || kind == LISTEN_TCP || listen_fits(&c, fd));
    assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
    *client = socket(ss.ss_family, kind == LISTEN_TCP || kind == LISTEN_UNIX ? SOCK_STREAM : SOCK_DGRAM, 0);
    assert_int_equal(connect(*client, (struct sockaddr *)&ss, len), 0);
    return fd;
}

static void put(int fd, struct str s) {
    assert_int_equal(send(fd, s.p, s.n, MSG_NOSIGNAL), (ssize_t)s.n);
}

static void balanced(enum transport t, uint64_t received, uint64_t shed) {
    const struct intake_count *c = &intake_counts(in)[t];

    assert_int_equal(c->received, received);
    assert_int_equal(c->shed, shed);
}

static void datagrams_arrive_with_their_peer(void **state) {
    char any[] = "127.0.0.1:0";
    int client, fd = listener(LISTEN_UDP, any, &client);
    struct err e = {0};
    char big[2000];

    (void)state;
    assert_int_equal(intake_listen(in, LISTEN_UDP, fd, 7, 2, &e), RC_OK);
    memset(big, 'x', sizeof big);
    put(client, STR("<13>one"));
    put(client, STR("<13>two\n"));
    put(client, STR(""));
    put(client, str_n(big, sizeof big));
    turn();
    assert_true(str_starts(buf_view(&got), STR("<13>one|<13>two\n||xxx")));
    assert_true(str_ends(buf_view(&got), STR("xxx!|")));
    assert_true(last.source == 7 && last.org == 2 && last.transport == TRANSPORT_UDP && last.raw.n == 1024 && last.arrived > 0);
    assert_true(strncmp(peer, "127.0.0.1:", 10) == 0);
    balanced(TRANSPORT_UDP, 4, 0);
    assert_int_equal(intake_counts(in)[TRANSPORT_UDP].cut, 1);
    close(client);
}

static void what_the_kernel_dropped_is_counted_exactly(void **state) {
    char any[] = "127.0.0.1:0";
    int client, fd = listener(LISTEN_UDP, any, &client);
    struct err e = {0};
    const size_t sent = 3000;

    (void)state;
    assert_int_equal(intake_listen(in, LISTEN_UDP, fd, 0, 0, &e), RC_OK);
    for (size_t i = 0; i < sent; i++)
        put(client, STR("<13>a line of some length, so that the buffer of 64 KiB overflows"));
    turn();
    const struct intake_count *c = &intake_counts(in)[TRANSPORT_UDP];
    assert_true(c->kernel > 0 && c->received > 0);
    assert_int_equal(c->received + c->kernel, sent);
    close(client);
}

static void streams_are_framed_per_connection(void **state) {
    char any[] = "127.0.0.1:0";
    int client, fd = listener(LISTEN_TCP, any, &client);
    struct err e = {0};

    (void)state;
    assert_int_equal(intake_listen(in, LISTEN_TCP, fd, 1, 0, &e), RC_OK);
    put(client, STR("<13>one\n<13>tw"));
    turn();
    assert_string_equal(buf_cstr(&got), "<13>one|");
    put(client, STR("o\n"));
    turn();
    put(client, STR("<13>last"));
    close(client);
    turn();
    assert_string_equal(buf_cstr(&got), "<13>one|<13>two|<13>last|");
    assert_int_equal(intake_connections(in), 0);
    balanced(TRANSPORT_TCP, 3, 0);
}

static void a_flood_of_lines_arrives_whole(void **state) {
    char path[128];
    int client, fd;
    struct err e = {0};
    size_t sent = 0, want = 20000;

    (void)state;
    snprintf(path, sizeof path, "%s/s", dir);
    fd = listener(LISTEN_UNIX, path, &client);
    assert_int_equal(intake_listen(in, LISTEN_UNIX, fd, 1, 0, &e), RC_OK);
    fcntl(client, F_SETFL, O_NONBLOCK);
    for (size_t i = 0; i < want; i++) {
        char line[64];
        int n = snprintf(line, sizeof line, "<13>line %zu of many\n", i);
        for (int at = 0; at < n;) {
            ssize_t done = send(client, line + at, (size_t)(n - at), MSG_NOSIGNAL);
            if (done < 0)
                turn();
            else
                at += (int)done, sent += (size_t)done;
        }
    }
    close(client);
    turn();
    assert_int_equal(messages, want);
    assert_int_equal(got.n, sent); /* '|' for '\n' */
    assert_true(str_absent(last.peer) && last.transport == TRANSPORT_UNIX);
    unlink(path);
}

static void held_streams_wait_and_shed_datagrams_are_counted(void **state) {
    char path[128], any[] = "127.0.0.1:0";
    int gram, stream, fd;
    struct err e = {0};

    (void)state;
    snprintf(path, sizeof path, "%s/g", dir);
    fd = listener(LISTEN_UNIXGRAM, path, &gram);
    assert_int_equal(intake_listen(in, LISTEN_UNIXGRAM, fd, 0, 0, &e), RC_OK);
    fd = listener(LISTEN_TCP, any, &stream);
    assert_int_equal(intake_listen(in, LISTEN_TCP, fd, 0, 0, &e), RC_OK);
    intake_hold(in, INTAKE_HOLD);
    put(gram, STR("g1"));
    put(stream, STR("s1\n"));
    turn();
    assert_int_equal(messages, 0);
    intake_hold(in, INTAKE_SLOW);
    put(stream, STR("s2\n"));
    turn();
    assert_string_equal(buf_cstr(&got), "g1|");
    intake_hold(in, INTAKE_SHED);
    put(gram, STR("g3"));
    turn();
    assert_int_equal(messages, 1);
    balanced(TRANSPORT_UNIXGRAM, 2, 1);
    intake_hold(in, INTAKE_FLOW);
    put(gram, STR("g2"));
    turn();
    assert_int_equal(messages, 4);
    balanced(TRANSPORT_UNIXGRAM, 3, 1);
    balanced(TRANSPORT_TCP, 2, 0);
    close(gram);
    close(stream);
    unlink(path);
}

static void connections_beyond_the_limits_are_turned_away(void **state) {
    char any[] = "127.0.0.1:0";
    int client[7], fd = listener(LISTEN_TCP, any, &client[0]);
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;
    struct err e = {0};

    (void)state;
    getsockname(fd, (struct sockaddr *)&ss, &len);
    assert_int_equal(intake_listen(in, LISTEN_TCP, fd, 0, 0, &e), RC_OK);
    for (int i = 1; i < 7; i++) {
        client[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(client[i], (struct sockaddr *)&ss, len), 0);
    }
    turn();
    assert_int_equal(intake_connections(in), 4);
    assert_int_equal(intake_counts(in)[TRANSPORT_TCP].refused, 3);
    assert_int_equal(intake_counts(in)[TRANSPORT_TCP].connections, 4);
    for (int i = 0; i < 7; i++)
        close(client[i]);
    turn();
    assert_int_equal(intake_connections(in), 0);
}

static void a_burst_of_short_connections_is_heard_in_full(void **state) {
    char any[] = "127.0.0.1:0";
    int client, fd = listener(LISTEN_TCP, any, &client);
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;
    struct err e = {0};

    (void)state;
    getsockname(fd, (struct sockaddr *)&ss, &len);
    assert_int_equal(intake_listen(in, LISTEN_TCP, fd, 0, 0, &e), RC_OK);
    for (int i = 0; i < 50; i++) { /* 4 are allowed at a time, and these are over before they are accepted */
        int one = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(one, (struct sockaddr *)&ss, len), 0);
        put(one, STR("<13>x\n<13>y"));
        close(one);
    }
    turn();
    balanced(TRANSPORT_TCP, 100, 0);
    assert_int_equal(intake_counts(in)[TRANSPORT_TCP].refused, 0);
    close(client);
}

static void running_out_of_descriptors_stops_nobody(void **state) {
    char any[] = "127.0.0.1:0";
    int client, fd = listener(LISTEN_TCP, any, &client), turns = 0;
    struct sockaddr_storage ss;
    socklen_t len = sizeof ss;
    struct err e = {0};
    struct rlimit was, low;

    (void)state;
    getsockname(fd, (struct sockaddr *)&ss, &len);
    assert_int_equal(intake_listen(in, LISTEN_TCP, fd, 0, 0, &e), RC_OK);
    turn();
    assert_int_equal(intake_connections(in), 1);
    int two = socket(AF_INET, SOCK_STREAM, 0);
    getrlimit(RLIMIT_NOFILE, &was);
    low = was;
    low.rlim_cur = (rlim_t)two + 1; /* none is free */
    setrlimit(RLIMIT_NOFILE, &low);
    connect(two, (struct sockaddr *)&ss, len);
    for (; turns < 1000 && intake_counts(in)[TRANSPORT_TCP].refused == 0; turns++)
        event_base_loop(base, EVLOOP_NONBLOCK);
    put(client, STR("<13>still heard\n"));
    turn();
    setrlimit(RLIMIT_NOFILE, &was);
    assert_int_equal(intake_counts(in)[TRANSPORT_TCP].refused, 1);
    assert_string_equal(buf_cstr(&got), "<13>still heard|");
    close(two);
    close(client);
}

static void leaving_reads_what_is_there(void **state) {
    char any[] = "127.0.0.1:0", any2[] = "127.0.0.1:0";
    int tcp, udp, fd = listener(LISTEN_TCP, any, &tcp);
    struct err e = {0};

    (void)state;
    assert_int_equal(intake_listen(in, LISTEN_TCP, fd, 0, 0, &e), RC_OK);
    fd = listener(LISTEN_UDP, any2, &udp);
    assert_int_equal(intake_listen(in, LISTEN_UDP, fd, 0, 0, &e), RC_OK);
    turn();
    put(tcp, STR("<13>one\n<13>half"));
    put(udp, STR("<13>two"));
    intake_drain(in);
    assert_int_equal(messages, 3);
    assert_string_equal(buf_cstr(&got), "<13>two|<13>one|<13>half|");
    close(tcp);
    close(udp);
}

static void only_what_nobody_listens_on_is_replaced(void **state) {
    char path[128];
    struct listen_conf c = {.kind = LISTEN_UNIX, .address = path, .mode = (char[]){"0640"}};
    struct stat st;
    struct err e = {0};
    int fd, again;

    (void)state;
    snprintf(path, sizeof path, "%s/s", dir);
    assert_int_equal(listen_open(&c, &fd, &e), RC_OK);
    assert_true(stat(path, &st) == 0 && (st.st_mode & 0777) == 0640);
    assert_int_equal(listen_open(&c, &again, &e), RC_CONFLICT);
    close(fd);
    assert_int_equal(listen_open(&c, &fd, &e), RC_OK);
    close(fd);
    unlink(path);
    assert_true((fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) >= 0);
    close(fd);
    assert_int_equal(listen_open(&c, &fd, &e), RC_CONFLICT);
    assert_int_equal(fd, -1);
    assert_true(stat(path, &st) == 0 && S_ISREG(st.st_mode));
    unlink(path);
}

static void addresses_are_read_exactly(void **state) {
    static const struct {
        const char *text, *shown; /* NULL: refused */
    } rows[] = {
        {"127.0.0.1:514", "127.0.0.1:514"}, {"0.0.0.0:0", "0.0.0.0:0"}, {"[::1]:65535", "[::1]:65535"}, {"[::ffff:192.0.2.1]:5", "192.0.2.1:5"},
        {"127.0.0.1", NULL},  {"127.0.0.1:", NULL},  {"127.0.0.1:65536", NULL}, {"127.0.0.1:+5", NULL}, {"::1:514", NULL}, {"[::1]514", NULL},
        {"[::1]", NULL},      {"localhost:5", NULL}, {":514", NULL},            {"1.2.3:5", NULL},      {"[1.2.3.4]:5", NULL}, {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct sockaddr_storage ss;
        socklen_t len;
        char text[ADDRESS_TEXT];
        bool ok = address_parse(str_of(rows[i].text), &ss, &len);
        check_row(ok == (rows[i].shown != NULL), rows[i].text);
        check_row(!ok || (address_format(&ss, text) == strlen(rows[i].shown) && strcmp(text, rows[i].shown) == 0), rows[i].text);
    }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(datagrams_arrive_with_their_peer),
        TEST(what_the_kernel_dropped_is_counted_exactly),
        TEST(streams_are_framed_per_connection),
        TEST(a_flood_of_lines_arrives_whole),
        TEST(held_streams_wait_and_shed_datagrams_are_counted),
        TEST(connections_beyond_the_limits_are_turned_away),
        TEST(a_burst_of_short_connections_is_heard_in_full),
        TEST(running_out_of_descriptors_stops_nobody),
        TEST(leaving_reads_what_is_there),
        TEST(only_what_nobody_listens_on_is_replaced),
        TEST(addresses_are_read_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
