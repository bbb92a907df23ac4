/* SPDX-License-Identifier: ISC
 *
 * test_ingest.c - the ingest role as a process, with this test as its parent, its desk and its senders
 */
#include "unit.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "daemon/config.h"
#include "daemon/image.h"
#include "daemon/role_ingest.h"
#include "intake/socket.h"
#include "link/codec.h"
#include "link/link.h"

#define WAIT_MS 10000
#define BAD "<38>Oct 11 22:14:15 gw sshd[411]: Failed password for root from 192.0.2.7 port 40022 ssh2"
#define GOOD "<78>Oct 11 22:14:15 gw CRON[411]: (root) CMD (true)"

enum { UDP, TCP, HTTP, LISTENERS };

static char dir[64];
static struct buf image;
static int parent = -1, desk = -1, listen_fd[LISTENERS];
static struct sockaddr_storage address[LISTENERS];
static pid_t child;
static struct ingest_stats stats;
static struct hearing heard;
static struct arena arena;

/* ---- what the parent says and hears */

static void say_with(unsigned type, struct buf *b, const int *fds, size_t nfds) {
    struct err e = {0};

    if (link_send_now(parent, type, buf_view(b), fds, nfds, &e) != RC_OK)
        fail_msg("%s: %s", frame_name(type), e.text);
    buf_fini(b);
}

static void say_number(unsigned type, uint32_t number, const int *fds, size_t nfds) {
    struct buf b;

    buf_init(&b, 64);
    pack_u32(&b, number);
    say_with(type, &b, fds, nfds);
}

static void hear(unsigned want) {
    struct buf b;
    struct err e = {0};
    unsigned type = 0;

    buf_init(&b, 1 << 20);
    while (type != want)
        if (link_recv_now(parent, WAIT_MS, &type, &b, NULL, NULL, &e) != RC_OK)
            fail_msg("waiting for %s: %s", frame_name(want), e.text);
    if (want == FRAME_PREPARED && (b.n < 5 || b.p[4] != 1))
        fail_msg("not prepared: %.*s", (int)b.n - 9, b.p + 9);
    buf_fini(&b);
}

static int memory(struct str bytes) {
    int fd = fd_memfd("test");

    assert_int_equal(fd_write_all(fd, bytes, NULL), RC_OK);
    assert_int_equal(fd_seal(fd, NULL), RC_OK);
    return fd;
}

static void generation(uint32_t number) {
    struct buf secrets;
    int fds[2];

    buf_init(&secrets, 4096);
    pairs_add(&secrets, "webhook.tok", STR("hello"));
    pairs_add(&secrets, "webhook.list", STR("hello"));
    fds[0] = memory(buf_view(&image));
    fds[1] = memory(buf_view(&secrets));
    say_number(FRAME_IMAGE, number, fds, 2);
    hear(FRAME_PREPARED);
    say_number(FRAME_SWAP, number, NULL, 0);
    close(fds[0]);
    close(fds[1]);
    buf_fini(&secrets);
}

static void sockets(void) {
    struct buf b;

    buf_init(&b, 64);
    for (uint32_t i = 0; i < LISTENERS; i++)
        pack_u32(&b, i);
    say_with(FRAME_SOCKETS, &b, listen_fd, LISTENERS);
}

static void desk_comes(void) {
    struct buf b;
    int fd[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    buf_init(&b, 64);
    pack_str(&b, STR("desk"));
    pack_u32(&b, 0);
    say_with(FRAME_PEER, &b, &fd[1], 1);
    close(fd[1]);
    if (desk >= 0)
        close(desk);
    desk = fd[0];
}

/* ---- what the desk hears and says */

/* The next frame, or the next that is neither statistics nor about who was heard. */
static unsigned desk_hears(bool want_stats, struct buf *b) {
    struct err e = {0};
    unsigned type;

    for (;;) {
        if (link_recv_now(desk, WAIT_MS, &type, b, NULL, NULL, &e) != RC_OK)
            fail_msg("the desk hears nothing: %s", e.text);
        if (type == FRAME_STATS)
            assert_true(ingest_stats_decode(buf_view(b), &stats));
        if (type == FRAME_HEARD)
            assert_true(hearing_decode(buf_view(b), &heard));
        if (want_stats || (type != FRAME_STATS && type != FRAME_HEARD))
            return type;
    }
}

static void desk_acks(uint64_t seq, bool refused, int status, const char *answer) {
    struct ack a = {.seq = seq, .refused = refused, .status = status, .answer = str_of(answer)};
    struct buf b;

    buf_init(&b, 4096);
    assert_true(ack_encode(&b, &a));
    assert_int_equal(link_send_now(desk, FRAME_ACK, buf_view(&b), NULL, 0, NULL), RC_OK);
    buf_fini(&b);
}

static struct batch hear_batch(struct buf *b) {
    struct batch out;

    arena_reset(&arena);
    assert_int_equal(desk_hears(false, b), FRAME_BATCH);
    assert_true(batch_decode(buf_view(b), &arena, &out));
    return out;
}

/* Reads statistics, acknowledging every batch, until the transport has received so many and its account is closed. */
static void balance(enum transport t, uint64_t received) {
    const struct account *a = &stats.by[t];
    struct buf b;

    buf_init(&b, 16 << 20);
    while (a->received != received || a->received != a->harmless + a->stored + a->folded + a->shed) {
        struct batch in;
        arena_reset(&arena);
        if (desk_hears(true, &b) == FRAME_BATCH && batch_decode(buf_view(&b), &arena, &in))
            desk_acks(in.seq, false, 0, NULL);
    }
    buf_fini(&b);
}

static uint64_t sighted(enum transport t) {
    return stats.by[t].stored + stats.by[t].folded;
}

/* ---- senders */

static int to(int which) {
    int fd = socket(AF_INET, which == UDP ? SOCK_DGRAM : SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&address[which], sizeof(struct sockaddr_in)), 0);
    return fd;
}

static void put(int fd, const char *text) {
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static int post(const char *body) {
    char text[1024];
    int fd = to(HTTP);

    snprintf(text, sizeof text,
             "POST /v1/in/tok HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer hello\r\nIdempotency-Key: k1\r\nConnection: close\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    put(fd, text);
    return fd;
}

static const char *answer(int fd) {
    static char text[8192];
    size_t n = 0;

    for (ssize_t got; (got = recv(fd, text + n, sizeof text - 1 - n, 0)) > 0;)
        n += (size_t)got;
    text[n] = '\0';
    close(fd);
    return text;
}

/* ---- setting up */

static void put_file(const char *name, const char *text) {
    char path[128];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(file_write(path, str_of(text), 0600, NULL), RC_OK);
}

static void compile(void) {
    const char *src = getenv("srcdir");
    char path[128], text[2048];
    struct errs *es = calloc(1, sizeof *es);

    snprintf(text, sizeof text,
             "state: %s\nrun: %s\n"
             "listen:\n"
             "  - {kind: udp, address: \"127.0.0.1:0\"}\n"
             "  - {kind: tcp, address: \"127.0.0.1:0\"}\n"
             "  - {kind: http, address: \"127.0.0.1:0\"}\n"
             "webhooks: [{name: tok, auth: bearer, secret_file: tok.secret}, {name: list, dialect: list, auth: bearer, secret_file: tok.secret}]\n"
             "files:\n"
             "  roster: [roster.yaml]\n"
             "  policy: [%s/etc/policy]\n"
             "  rules: [rules.yml]\n"
             "  normalise: [%s/etc/normalise.d]\n"
             "  dialects: [%s/etc/dialects.d, list.yaml]\n",
             dir, dir, src, src, src);
    put_file("tocsin.yaml", text);
    put_file("rules.yml", "title: Guess\nid: 11111111-1111-1111-1111-111111111111\nlevel: low\nlogsource: {product: linux}\n"
                          "detection:\n  s:\n    message|contains: Failed password\n  condition: s\n");
    put_file("roster.yaml", "orgs: [{slug: main, name: M, tz: UTC}]\n"
                            "people: [{login: iso, name: I, email: i@example.test, function: iso, roles: [{org: main, role: iso, from: 2026-01-01, reason: r}]},"
                            " {login: boss, name: B, email: b@example.test, function: management, roles: [{org: main, role: management, from: 2026-01-01, reason: r}]}]\n"
                            "sources:\n  - {name: printer, org: main}\n  - {name: GW, org: main, heartbeat: 15m}\n"
                            "  - {name: mute, org: main, heartbeat: 15m}\n  - {name: 127.0.0.1, org: main, heartbeat: 15m}\n");
    put_file("list.yaml", "name: list\ntitle: /t\nsplit: /alerts\nfields: {user: /all, command: /all, reason: /all, service: /all, group: /all}\n");
    put_file("tok.secret", "hello\n");
    snprintf(path, sizeof path, "%s/tocsin.yaml", dir);
    buf_init(&image, 64 << 20);
    if (config_compile(path, NULL, 0, false, &image, es) != RC_OK) {
        err_format(&es->v[0], text, sizeof text);
        fail_msg("%s", text);
    }
    free(es);
}

static int group_setup(void **state) {
    uint8_t digest[SHA256_SIZE];

    (void)state;
    if (!getenv("srcdir")) {
        print_message("srcdir is not set: skipped\n");
        exit(77);
    }
    sha256_of(STR(""), digest); /* libcrypto reads its configuration at the first use: before the role is confined */
    snprintf(dir, sizeof dir, "/tmp/tocsin-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    arena_init(&arena, 16 << 20);
    compile();
    return 0;
}

static int group_teardown(void **state) {
    static const char *const names[] = {"tocsin.yaml", "roster.yaml", "rules.yml", "tok.secret"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < ARRAY_N(names); i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
    buf_fini(&image);
    arena_fini(&arena);
    return 0;
}

static void quiet(void *ctx, enum log_level level, const char *area, const char *text) {
    (void)ctx, (void)level, (void)area, (void)text;
}

static int setup(void **state) {
    static const int kinds[LISTENERS] = {LISTEN_UDP, LISTEN_TCP, LISTEN_HTTP};
    char any[] = "127.0.0.1:0";
    int fd[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    fflush(NULL);
    child = fork();
    if (child == 0) {
        close(fd[0]);
        log_to(quiet, NULL);
        _exit(role_ingest_main(fd[1]));
    }
    close(fd[1]);
    parent = fd[0];
    stats = (struct ingest_stats){0};
    heard = (struct hearing){0};
    for (int i = 0; i < LISTENERS; i++) {
        struct listen_conf c = {.kind = kinds[i], .address = any, .rcvbuf = 64 << 10};
        socklen_t len = sizeof address[i];
        assert_int_equal(listen_open(&c, &listen_fd[i], NULL), RC_OK);
        assert_int_equal(getsockname(listen_fd[i], (struct sockaddr *)&address[i], &len), 0);
    }
    hear(FRAME_READY);
    generation(1);
    sockets();
    return 0;
}

/* Closing the link is how a parent that died looks: the role leaves by itself. */
static int teardown(void **state) {
    int status = 0;

    (void)state;
    close(parent);
    if (desk >= 0)
        close(desk);
    desk = -1;
    for (int i = 0; i < LISTENERS; i++)
        close(listen_fd[i]);
    if (child > 0) {
        kill(child, SIGCONT);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    return 0;
}

/* ---- promises */

static void harmless_lines_are_only_counted(void **state) {
    int tcp = to(TCP), udp = to(UDP);

    (void)state;
    desk_comes();
    for (int i = 0; i < 100; i++)
        put(tcp, GOOD "\n");
    put(udp, GOOD);
    put(udp, "<30>Oct 11 22:14:15 gw tocsind[9]: tocsind[desk]: event: EV-1 title=\"Failed password for root\"");
    balance(TRANSPORT_TCP, 100);
    balance(TRANSPORT_UDP, 2);
    assert_int_equal(stats.by[TRANSPORT_TCP].harmless, 100);
    assert_int_equal(stats.by[TRANSPORT_UDP].harmless, 2); /* our own log does not alarm ourselves */
    assert_int_equal(stats.scanned, 102);
    close(tcp);
    close(udp);
}

static void like_lines_become_one_sighting_with_all_their_times(void **state) {
    struct buf b;
    int udp = to(UDP);
    uint64_t total = 0, frames = 0;

    (void)state;
    buf_init(&b, 16 << 20);
    for (int i = 0; i < 5; i++) /* they wait for the desk, and for each other */
        put(udp, BAD);
    desk_comes();
    while (total < 5) {
        struct batch in = hear_batch(&b);
        assert_int_equal(in.seq, ++frames);
        assert_int_equal(in.n, 1);
        assert_str(in.sightings->first.raw, BAD);
        assert_true(str_starts(in.sightings->first.peer, STR("127.0.0.1:")));
        assert_int_equal(in.sightings->generation, 1);
        assert_int_equal(in.sightings->ntimes, in.sightings->total);
        total += in.sightings->total;
        desk_acks(in.seq, false, 0, NULL);
    }
    balance(TRANSPORT_UDP, 5);
    assert_int_equal(sighted(TRANSPORT_UDP), 5);
    assert_int_equal(stats.in_flight_bytes, 0);
    close(udp);
    buf_fini(&b);
}

static void a_new_desk_gets_the_same_numbers_again(void **state) {
    struct buf b, c;
    int udp = to(UDP);

    (void)state;
    buf_init(&b, 16 << 20);
    buf_init(&c, 16 << 20);
    desk_comes();
    put(udp, BAD);
    struct batch one = hear_batch(&b);
    desk_comes(); /* the first one died without a word */
    struct batch two = hear_batch(&c);
    assert_true(one.epoch == two.epoch && one.seq == two.seq);
    assert_true(str_eq(buf_view(&b), buf_view(&c)));
    desk_acks(two.seq, false, 0, NULL);
    balance(TRANSPORT_UDP, 1);
    close(udp);
    buf_fini(&b);
    buf_fini(&c);
}

static void a_delivery_is_answered_after_its_commit_and_not_before(void **state) {
    struct delivery d;
    struct buf b;
    char c;

    (void)state;
    buf_init(&b, 16 << 20);
    desk_comes();
    harmless_lines_are_only_counted(state); /* the link to the desk is up */
    int fd = post("{\"summary\":\"Shell\",\"severity\":\"high\"}");
    arena_reset(&arena);
    assert_int_equal(desk_hears(false, &b), FRAME_DELIVERY);
    assert_true(delivery_decode(buf_view(&b), &arena, &d));
    assert_str(d.webhook, "tok");
    assert_str(d.id, "k1");
    assert_int_equal(d.nclaims, 1);
    assert_str(d.claims[0].title, "Shell");
    assert_int_equal(d.claims[0].level, LEVEL_HIGH);
    assert_str(d.line.raw, "{\"summary\":\"Shell\",\"severity\":\"high\"}");
    assert_str(d.sightings[0].rule, "webhook.tok");
    assert_int_equal(recv(fd, &c, 1, MSG_DONTWAIT), -1);
    desk_acks(d.seq, false, 202, "{\"events\":[\"EV-1\"]}");
    const char *got = answer(fd);
    assert_non_null(strstr(got, "HTTP/1.1 202 "));
    assert_non_null(strstr(got, "{\"events\":[\"EV-1\"]}"));
    balance(TRANSPORT_HTTP, 1);
    assert_int_equal(sighted(TRANSPORT_HTTP), 1);
    buf_fini(&b);
}

/* Sixty claims, each of which quotes what they have in common: more than a frame holds. */
static void a_body_that_makes_too_much_claims_less_and_is_whole(void **state) {
    struct delivery d;
    struct buf b, body;
    char head[300];

    (void)state;
    buf_init(&b, 16 << 20);
    buf_init(&body, 1 << 20);
    buf_text(&body, "{\"all\":\"");
    for (int i = 0; i < 60000; i++)
        buf_c(&body, 'x');
    buf_text(&body, "\",\"alerts\":[");
    for (int i = 0; i < 60; i++)
        buf_printf(&body, "%s{\"t\":\"thing %d\"}", i ? "," : "", i);
    buf_text(&body, "]}");
    desk_comes();
    harmless_lines_are_only_counted(state);
    int fd = to(HTTP);
    snprintf(head, sizeof head, "POST /v1/in/list HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer hello\r\nIdempotency-Key: k2\r\nConnection: close\r\n"
                                "Content-Length: %zu\r\n\r\n", body.n);
    put(fd, head);
    put(fd, buf_cstr(&body));
    arena_reset(&arena);
    assert_int_equal(desk_hears(false, &b), FRAME_DELIVERY);
    assert_true(delivery_decode(buf_view(&b), &arena, &d));
    assert_int_equal(d.nclaims, 30);
    assert_int_equal(d.n, 30);
    assert_int_equal(d.line.raw.n, body.n);
    desk_acks(d.seq, false, 202, "{\"events\":[]}");
    assert_non_null(strstr(answer(fd), "HTTP/1.1 202 "));
    buf_fini(&body);
    buf_fini(&b);
}

static void what_the_desk_refuses_is_shed_and_asked_for_again(void **state) {
    struct delivery d;
    struct buf b;
    int udp = to(UDP);

    (void)state;
    buf_init(&b, 16 << 20);
    harmless_lines_are_only_counted(state);
    put(udp, BAD);
    desk_acks(hear_batch(&b).seq, true, 0, NULL);
    int fd = post("{}");
    arena_reset(&arena);
    assert_int_equal(desk_hears(false, &b), FRAME_DELIVERY);
    assert_true(delivery_decode(buf_view(&b), &arena, &d));
    desk_acks(d.seq, true, 0, NULL);
    const char *got = answer(fd);
    assert_non_null(strstr(got, "HTTP/1.1 503 "));
    assert_non_null(strstr(got, "Retry-After: "));
    balance(TRANSPORT_HTTP, 1);
    balance(TRANSPORT_UDP, 3);
    assert_int_equal(stats.by[TRANSPORT_UDP].shed, 1);
    assert_int_equal(stats.by[TRANSPORT_HTTP].shed, 1);
    close(udp);
    buf_fini(&b);
}

static void without_a_desk_a_webhook_is_told_to_come_again(void **state) {
    (void)state;
    assert_non_null(strstr(answer(post("{}")), "HTTP/1.1 503 "));
}

static void while_the_desk_cannot_store_nothing_is_taken(void **state) {
    struct buf b;
    int udp = to(UDP), tcp = to(TCP);

    (void)state;
    harmless_lines_are_only_counted(state);
    assert_int_equal(link_send_now(desk, FRAME_PAUSE, STR("\1\0\0\0\4disk"), NULL, 0, NULL), RC_OK);
    const char *got;
    do /* until the word has got round */
        got = answer(post("not even JSON"));
    while (!strstr(got, "HTTP/1.1 503 ") && !strstr(got, "HTTP/1.1 400 "));
    put(udp, BAD);
    put(tcp, BAD "\n");
    balance(TRANSPORT_UDP, 3);
    assert_int_equal(stats.by[TRANSPORT_UDP].shed, 1);
    assert_int_equal(stats.by[TRANSPORT_TCP].received, 100);
    assert_int_equal(link_send_now(desk, FRAME_PAUSE, STR("\0\0\0\0\0"), NULL, 0, NULL), RC_OK);
    buf_init(&b, 16 << 20);
    desk_acks(hear_batch(&b).seq, false, 0, NULL);
    balance(TRANSPORT_TCP, 101);
    assert_int_equal(sighted(TRANSPORT_TCP), 1);
    buf_fini(&b);
    close(udp);
    close(tcp);
}

static void a_new_generation_loses_no_line(void **state) {
    int tcp = to(TCP);

    (void)state;
    desk_comes();
    for (uint32_t g = 2; g < 6; g++) {
        for (int i = 0; i < 50; i++)
            put(tcp, i % 10 ? GOOD "\n" : BAD "\n");
        generation(g);
        if (g == 4)
            sockets();
    }
    balance(TRANSPORT_TCP, 200);
    assert_int_equal(sighted(TRANSPORT_TCP), 20);
    close(tcp);
}

static void what_was_read_is_sent_before_leaving(void **state) {
    struct buf b;
    int tcp = to(TCP), status;

    (void)state;
    buf_init(&b, 16 << 20);
    harmless_lines_are_only_counted(state);
    kill(child, SIGSTOP);
    put(tcp, BAD "\n" BAD); /* the second line has no end yet */
    say_number(FRAME_STOP, 0, NULL, 0);
    kill(child, SIGCONT);
    uint64_t total = 0;
    while (total < 2) {
        struct batch in = hear_batch(&b);
        total += in.sightings->total;
        assert_int_equal(waitpid(child, &status, WNOHANG), 0); /* it waits for the acknowledgement */
        desk_acks(in.seq, false, 0, NULL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    child = 0;
    balance(TRANSPORT_TCP, 102); /* its last words */
    close(tcp);
    buf_fini(&b);
}

/* By host name without case and by address; only those with a heartbeat; told again to the next desk. */
static void the_desk_hears_which_sources_spoke_be_it_harmless(void **state) {
    struct buf b;
    int fd = to(UDP);

    (void)state;
    buf_init(&b, 16 << 20);
    desk_comes();
    put(fd, GOOD);
    for (int desks = 0; desks < 2; desks++) {
        uint32_t seen = 0;
        while (heard.n == 0)
            desk_hears(true, &b);
        assert_int_equal(heard.generation, 1);
        assert_int_equal(heard.n, 2);
        for (size_t i = 0; i < heard.n; i++) {
            seen |= 1u << heard.v[i].source;
            assert_true(heard.v[i].at > 0);
        }
        assert_int_equal(seen, 1u << 1 | 1u << 3);
        heard.n = 0;
        desk_comes();
    }
    close(fd);
    buf_fini(&b);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(harmless_lines_are_only_counted),
        TEST(like_lines_become_one_sighting_with_all_their_times),
        TEST(a_new_desk_gets_the_same_numbers_again),
        TEST(a_delivery_is_answered_after_its_commit_and_not_before),
        TEST(a_body_that_makes_too_much_claims_less_and_is_whole),
        TEST(what_the_desk_refuses_is_shed_and_asked_for_again),
        TEST(without_a_desk_a_webhook_is_told_to_come_again),
        TEST(while_the_desk_cannot_store_nothing_is_taken),
        TEST(a_new_generation_loses_no_line),
        TEST(the_desk_hears_which_sources_spoke_be_it_harmless),
        TEST(what_was_read_is_sent_before_leaving),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
