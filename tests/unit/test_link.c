/* SPDX-License-Identifier: ISC
 *
 * test_link.c - frames over a socketpair, with descriptors, back-pressure and peers that talk nonsense
 */
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "link/link.h"

struct side {
    struct link *l;
    struct buf log;     /* "TYPE:LEN:FDS " per frame */
    struct buf payload; /* of the last frame */
    char down[64];
    int drained, last_fd;
    bool free_on_frame;
};

static struct event_base *base;
static struct side side[2];

static void on_frame(void *ctx, struct link *l, unsigned type, struct str payload, const int *fds, size_t nfds) {
    struct side *s = ctx;

    buf_printf(&s->log, "%u:%zu:%zu ", type, payload.n, nfds);
    buf_reset(&s->payload);
    buf_str(&s->payload, payload);
    for (size_t i = 0; i < nfds; i++) {
        char c = 0;
        assert_int_equal(read(fds[i], &c, 1), 1);
        buf_c(&s->log, c);
        close(fds[i]);
    }
    if (s->free_on_frame) {
        link_free(l);
        s->l = NULL;
    }
}

static void on_down(void *ctx, struct link *l, const char *why) {
    struct side *s = ctx;

    (void)l;
    str_copy(s->down, sizeof s->down, str_of(why));
}

static void on_drain(void *ctx, struct link *l) {
    struct side *s = ctx;

    (void)l;
    s->drained++;
}

static const struct link_ops ops = {on_frame, on_down, on_drain};

static int open_pair(void **state) {
    int fd[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    base = event_base_new();
    for (int i = 0; i < 2; i++) {
        side[i] = (struct side){0};
        buf_init(&side[i].log, 1 << 16);
        buf_init(&side[i].payload, LINK_FRAME_MAX);
        side[i].l = link_new(base, fd[i], 1 << 20, 1 << 16, &ops, &side[i]);
        assert_non_null(side[i].l);
    }
    return 0;
}

static int close_pair(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        link_free(side[i].l);
        buf_fini(&side[i].log);
        buf_fini(&side[i].payload);
    }
    event_base_free(base);
    return 0;
}

static void turn(void) {
    for (int i = 0; i < 200; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

static int pipe_with(char c) {
    int fd[2];

    assert_int_equal(pipe(fd), 0);
    assert_int_equal(write(fd[1], &c, 1), 1);
    close(fd[1]);
    return fd[0];
}

static void descriptors_arrive_with_their_own_frame(void **state) {
    int a = pipe_with('a'), b = pipe_with('b'), both[2] = {a, b};

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(link_send(side[0].l, FRAME_ALIVE, STR("12345678"), NULL, 0), RC_OK);
        assert_int_equal(link_send(side[0].l, FRAME_IMAGE, STR("four"), &a, i == 0), RC_OK);
        assert_int_equal(link_send(side[0].l, FRAME_STOP, STR(""), NULL, 0), RC_OK);
        assert_int_equal(link_send(side[0].l, FRAME_PEER, STR("x"), both + 1, i == 1), RC_OK);
    }
    close(a);
    close(b);
    turn();
    assert_string_equal(buf_cstr(&side[1].log), "12:8:0 1:4:1 a8:0:0 6:1:0 12:8:0 1:4:0 8:0:0 6:1:1 b12:8:0 1:4:0 8:0:0 6:1:0 ");
}

static void a_large_frame_arrives_whole_and_its_descriptor_with_it(void **state) {
    char *big = malloc(LINK_FRAME_MAX);
    int a = pipe_with('a');

    (void)state;
    memset(big, 'x', LINK_FRAME_MAX);
    assert_int_equal(link_send(side[0].l, FRAME_BATCH, str_n(big, LINK_FRAME_MAX), &a, 1), RC_OK);
    assert_int_equal(link_send(side[0].l, FRAME_BATCH, str_n(big, 3), NULL, 0), RC_LIMIT);
    close(a);
    assert_true(link_full(side[0].l));
    turn();
    assert_string_equal(buf_cstr(&side[1].log), "20:16777216:1 a");
    assert_int_equal(side[0].drained, 1);
    assert_false(link_full(side[0].l));
    assert_int_equal(link_send(side[0].l, FRAME_BATCH, str_n(big, LINK_FRAME_MAX + (size_t)1), NULL, 0), RC_LIMIT);
    free(big);
}

/* The header of each in a message of its own: the reader then sees the end of one frame and the start of the next in one read. */
static void descriptors_of_frames_in_pieces_are_not_mixed_up(void **state) {
    int fd[2], a = pipe_with('a'), b = pipe_with('b'), c = pipe_with('c');
    struct side s = {0};

    (void)state;
    buf_init(&s.log, 4096);
    buf_init(&s.payload, 4096);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    assert_int_equal(link_send_now(fd[1], FRAME_IMAGE, STR("one"), &a, 1, NULL), RC_OK);
    assert_int_equal(link_send_now(fd[1], FRAME_PEER, STR("two"), &b, 1, NULL), RC_OK);
    assert_int_equal(link_send_now(fd[1], FRAME_STOP, STR(""), NULL, 0, NULL), RC_OK);
    assert_int_equal(link_send_now(fd[1], FRAME_PEER, STR("three"), &c, 1, NULL), RC_OK);
    close(a);
    close(b);
    close(c);
    s.l = link_new(base, fd[0], 1 << 20, 1 << 16, &ops, &s);
    turn();
    assert_string_equal(buf_cstr(&s.log), "1:3:1 a6:3:1 b8:0:0 6:5:1 c");
    link_free(s.l);
    close(fd[1]);
    buf_fini(&s.log);
    buf_fini(&s.payload);
}

static void nonsense_ends_the_link_and_nothing_else(void **state) {
    static const struct {
        const char *why;
        struct str bytes;
        const char *down;
    } rows[] = {
        {"no type", STR("\0\0\0\1xx"), "frame length out of range"},
        {"too long", STR("\1\0\0\3xx"), "frame length out of range"},
        {"all ones", STR("\377\377\377\377\377\377"), "frame length out of range"},
        {"unknown type", STR("\0\0\0\2\77\77"), "unknown frame type"},
        {"ends within a frame", STR("\0\0\0\7\0\24abc"), "closed within a frame"},
        {"ends within a header", STR("\0\0\0"), "closed within a frame"},
        {"ends between frames", STR("\0\0\0\2\0\10"), "closed"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        int fd[2];
        struct side s = {0};
        buf_init(&s.log, 4096);
        buf_init(&s.payload, 4096);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
        s.l = link_new(base, fd[0], 1 << 20, 1 << 16, &ops, &s);
        assert_int_equal(write(fd[1], rows[i].bytes.p, rows[i].bytes.n), (ssize_t)rows[i].bytes.n);
        close(fd[1]);
        turn();
        check_row(strcmp(s.down, rows[i].down) == 0, rows[i].why);
        check_row(link_send(s.l, FRAME_STOP, STR(""), NULL, 0) == RC_UNREACHABLE, rows[i].why);
        link_free(s.l);
        buf_fini(&s.log);
        buf_fini(&s.payload);
    }
}

static void a_link_may_be_freed_from_its_own_callback(void **state) {
    (void)state;
    side[1].free_on_frame = true;
    link_send(side[0].l, FRAME_STOP, STR(""), NULL, 0);
    link_send(side[0].l, FRAME_STOP, STR(""), NULL, 0);
    turn();
    assert_string_equal(buf_cstr(&side[1].log), "8:0:0 ");
    assert_string_not_equal(side[0].down, "");
}

static void the_blocking_calls_leave_what_follows_to_the_loop(void **state) {
    int fd[2], got[16], a = pipe_with('a');
    size_t ngot;
    unsigned type;
    struct buf payload;
    struct side s = {0};
    struct err e = {0};
    char c = 0;

    (void)state;
    buf_init(&payload, 1 << 20);
    buf_init(&s.log, 4096);
    buf_init(&s.payload, 4096);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    assert_int_equal(link_send_now(fd[1], FRAME_IMAGE, STR("one"), &a, 1, &e), RC_OK);
    assert_int_equal(link_send_now(fd[1], FRAME_SWAP, STR("three"), NULL, 0, &e), RC_OK);
    close(a);
    assert_int_equal(link_recv_now(fd[0], 1000, &type, &payload, got, &ngot, &e), RC_OK);
    assert_int_equal(type, FRAME_IMAGE);
    assert_str(buf_view(&payload), "one");
    assert_int_equal(ngot, 1);
    assert_true(read(got[0], &c, 1) == 1 && c == 'a');
    close(got[0]);
    s.l = link_new(base, fd[0], 1 << 20, 1 << 16, &ops, &s);
    turn();
    assert_string_equal(buf_cstr(&s.log), "3:5:0 ");
    link_free(s.l);
    assert_int_equal(link_recv_now(fd[1], 1000, &type, &payload, NULL, NULL, &e), RC_UNREACHABLE);
    close(fd[1]);
    buf_fini(&payload);
    buf_fini(&s.log);
    buf_fini(&s.payload);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(descriptors_arrive_with_their_own_frame, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(a_large_frame_arrives_whole_and_its_descriptor_with_it, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(descriptors_of_frames_in_pieces_are_not_mixed_up, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(nonsense_ends_the_link_and_nothing_else, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(a_link_may_be_freed_from_its_own_callback, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(the_blocking_calls_leave_what_follows_to_the_loop, open_pair, close_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
