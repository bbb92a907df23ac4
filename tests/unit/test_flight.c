/* SPDX-License-Identifier: ISC
 *
 * test_flight.c - frames are kept until they are acknowledged, whatever becomes of the desk
 */
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/flight.h"

static struct event_base *base;
static struct flight flight;
static struct buf desk_log, done_log;
static struct link *desk;
static int paused = -1;

static void on_frame(void *ctx, struct link *l, unsigned type, struct str payload, const int *fds, size_t nfds) {
    (void)ctx, (void)l, (void)fds, (void)nfds;
    buf_printf(&desk_log, "%u:%.*s ", type, STR_FMT(payload));
}

static void on_down(void *ctx, struct link *l, const char *why) {
    (void)ctx, (void)l, (void)why;
}

static void changed(void *ctx) {
    (void)ctx;
}

static void pause_said(void *ctx, bool now_paused, struct str why) {
    (void)ctx, (void)why;
    paused = now_paused;
}

static void done(void *ctx, struct flown *f, const struct ack *a) {
    (void)ctx;
    buf_printf(&done_log, "%llu:%s ", (unsigned long long)f->seq, !a ? "none" : a->refused ? "refused" : a->status ? "good" : "unknown");
}

static void turn(void) {
    for (int i = 0; i < 20; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

static void desk_starts(void) {
    static const struct link_ops ops = {on_frame, on_down, NULL};
    int fd[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    desk = link_new(base, fd[1], 1 << 20, 1 << 16, &ops, NULL);
    flight_peer(&flight, 0, fd[0]);
    turn();
}

static void desk_dies(void) {
    link_free(desk);
    desk = NULL;
    turn();
}

static void send_frame(const char *text) {
    struct buf b;

    buf_init(&b, 1024);
    buf_text(&b, text);
    assert_int_equal(flight_take(&flight, FRAME_BATCH, &b, NULL, done, NULL), RC_OK);
    turn();
}

static void acknowledge(uint64_t seq, bool refused) {
    struct ack a = {.seq = seq, .refused = refused, .status = 202};
    struct buf b;

    buf_init(&b, 1024);
    assert_true(ack_encode(&b, &a));
    link_send(desk, FRAME_ACK, buf_view(&b), NULL, 0);
    buf_fini(&b);
    turn();
}

static void quiet(void *ctx, enum log_level level, const char *area, const char *text) {
    (void)ctx, (void)level, (void)area, (void)text;
}

static int setup(void **state) {
    (void)state;
    log_to(quiet, NULL);
    base = event_base_new();
    flight_init(&flight, base);
    flight.changed = changed;
    flight.pause = pause_said;
    buf_init(&desk_log, 4096);
    buf_init(&done_log, 4096);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    flight_fini(&flight);
    link_free(desk);
    desk = NULL;
    buf_fini(&desk_log);
    buf_fini(&done_log);
    event_base_free(base);
    log_to(NULL, NULL);
    return 0;
}

static void a_new_desk_gets_what_was_not_acknowledged_in_order(void **state) {
    (void)state;
    assert_int_equal(flight_next(&flight), 1);
    send_frame("a"); /* before there is a desk */
    desk_starts();
    send_frame("b");
    send_frame("c");
    acknowledge(1, false);
    assert_string_equal(buf_cstr(&desk_log), "20:a 20:b 20:c ");
    assert_string_equal(buf_cstr(&done_log), "1:good ");
    desk_dies();
    send_frame("d");
    buf_reset(&desk_log);
    desk_starts();
    assert_string_equal(buf_cstr(&desk_log), "20:b 20:c 20:d ");
    assert_int_equal(flight.frames, 3);
    acknowledge(2, false);
    acknowledge(3, true);
    acknowledge(4, false);
    assert_string_equal(buf_cstr(&done_log), "1:good 2:good 3:refused 4:good ");
    assert_int_equal(flight.frames + flight.bytes, 0);
}

static void an_acknowledgement_that_skips_frames_leaves_them_unknown(void **state) {
    (void)state;
    desk_starts();
    send_frame("a");
    send_frame("b");
    acknowledge(2, false);
    acknowledge(2, false);
    acknowledge(7, false);
    assert_string_equal(buf_cstr(&done_log), "1:unknown 2:good ");
    send_frame("c");
    assert_int_equal(flight.frames, 1);
}

static void nonsense_from_the_desk_changes_nothing(void **state) {
    (void)state;
    desk_starts();
    send_frame("a");
    link_send(desk, FRAME_ACK, STR("short"), NULL, 0);
    link_send(desk, FRAME_STOP, STR(""), NULL, 0);
    link_send(desk, FRAME_PAUSE, STR("\1"), NULL, 0);
    turn();
    assert_int_equal(flight.frames, 1);
    link_send(desk, FRAME_PAUSE, STR("\1\0\0\0\4disk"), NULL, 0);
    turn();
    assert_int_equal(paused, 1);
    desk_dies();
    desk_starts();
    assert_int_equal(paused, 0);
}

static void what_is_in_flight_at_the_end_is_told(void **state) {
    (void)state;
    send_frame("a");
    flight_fini(&flight);
    assert_string_equal(buf_cstr(&done_log), "1:none ");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_new_desk_gets_what_was_not_acknowledged_in_order),
        TEST(an_acknowledgement_that_skips_frames_leaves_them_unknown),
        TEST(nonsense_from_the_desk_changes_nothing),
        TEST(what_is_in_flight_at_the_end_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
