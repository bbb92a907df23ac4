/* SPDX-License-Identifier: ISC
 *
 * test_framing.c - where messages end in a stream, whatever the slices they come in
 */
#include "unit.h"

#include "base/buf.h"
#include "intake/framing.h"

#define LIMIT 64

/* A connection: what is here of `in` is looked at whenever more has come, and the messages are joined with '|' ('!' behind those cut). */
struct feed {
    struct str in;
    size_t have, begin;
    struct framing f;
    struct buf *out;
};

static void feed_open(struct feed *c, struct str in, struct buf *out) {
    *c = (struct feed){.in = in, .out = out};
    framing_init(&c->f, LIMIT);
    buf_reset(out);
}

static void feed_to(struct feed *c, size_t have) {
    struct framed m;
    bool eof = have >= c->in.n;

    c->have = eof ? c->in.n : have;
    for (;;) {
        struct str view = unit_exact(str_sub(c->in, c->begin, c->have));
        size_t used = framing_next(&c->f, view.p, view.n, eof, &m);
        assert_true(used <= view.n);
        if (m.bytes.p) {
            assert_true(m.bytes.n <= LIMIT && m.bytes.p >= view.p && m.bytes.p + m.bytes.n <= view.p + view.n);
            buf_str(c->out, m.bytes);
            buf_text(c->out, m.cut ? "!|" : "|");
        }
        free((void *)(uintptr_t)view.p);
        c->begin += used;
        if (used == 0)
            break;
    }
    assert_true(c->have - c->begin <= LIMIT + 24); /* what a connection must carry over is bounded */
}

static uint64_t feed_close(struct feed *c) {
    feed_to(c, c->in.n);
    assert_int_equal(c->begin, c->in.n);
    return c->f.bad;
}

static void run(struct str in, size_t step, struct buf *out, uint64_t *bad) {
    struct feed c;

    feed_open(&c, in, out);
    for (size_t have = step; have < in.n; have += step)
        feed_to(&c, have);
    *bad = feed_close(&c);
}

#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define ROW(why, in, want, bad) {why, STR(in), STR(want), bad}

static const struct {
    const char *why;
    struct str in, want;
    uint64_t bad;
} rows[] = {
    ROW("newline", "<13>one\n<13>two\n", "<13>one|<13>two|", 0),
    ROW("the last line may lack its end", "<13>one\n<13>two", "<13>one|<13>two|", 0),
    ROW("CR LF ends a line as a whole", "<13>one\r\n<13>two\r\n", "<13>one|<13>two|", 0),
    ROW("a CR within is content", "<13>o\rne\n", "<13>o\rne|", 0),
    ROW("empty lines are no messages", "\n\n<13>one\n\r\n\n<13>two\n", "<13>one|<13>two|", 0),
    ROW("text without a priority", "hello\nworld\n", "hello|world|", 0),
    ROW("text that begins with digits is not counted", "2024 was good\n7 dwarfs\n", "2024 was good|7 dwarfs|", 0),
    ROW("octet counting", "7 <13>one7 <13>two", "<13>one|<13>two|", 0),
    ROW("octet counting keeps newlines", "9 <13>o\nne\n7 <13>two", "<13>o\nne\n|<13>two|", 0),
    ROW("newlines between counted frames are skipped", "7 <13>one\n7 <13>two\r\n", "<13>one|<13>two|", 0),
    ROW("later counted frames need no priority", "7 <13>one5 hello", "<13>one|hello|", 0),
    ROW("a bad count is a line, the next frame counts again", "7 <13>one<13>lost?\n7 <13>two", "<13>one|<13>lost?|<13>two|", 1),
    ROW("a leading zero is no count", "7 <13>one07 <13>two\n7 <13>six", "<13>one|07 <13>two|<13>six|", 1),
    ROW("a leading zero at the start makes lines", "07 <13>one\n<13>two\n", "07 <13>one|<13>two|", 0),
    ROW("zero is no count", "7 <13>one0 \n7 <13>two", "<13>one|0 |<13>two|", 1),
    ROW("nine digits are no count", "7 <13>one999999999 <13>x\n7 <13>two", "<13>one|999999999 <13>x|<13>two|", 1),
    ROW("a counted frame that ends early is cut", "20 <13>one", "<13>one!|", 0),
    ROW("a counted frame beyond the limit is cut, the next is whole", "70 <13>" X60 "abcdef7 <13>two", "<13>" X60 "!|<13>two|", 0),
    ROW("a line of the limit is whole", "<13>" X60 "\n<13>two\n", "<13>" X60 "|<13>two|", 0),
    ROW("a line of the limit and CR LF is whole", "<13>" X60 "\r\n<13>two\n", "<13>" X60 "|<13>two|", 0),
    ROW("a line beyond the limit is cut, the next is whole", "<13>" X60 "y\n<13>two\n", "<13>" X60 "!|<13>two|", 0),
    ROW("a line far beyond the limit", "<13>" X60 X60 X60 X60 "\n<13>two\n", "<13>" X60 "!|<13>two|", 0),
    ROW("an overlong line that never ends", "<13>" X60 X60 X60, "<13>" X60 "!|", 0),
    ROW("digits without end", "9999999999999999999999999999999999999999999999999999999999999999999999999999999\n<13>two\n",
        "9999999999999999999999999999999999999999999999999999999999999999!|<13>two|", 0),
    ROW("a count of its own line is no count", "7\n<13>one\n", "7|<13>one|", 0),
    ROW("a count without a blank is no count", "7<13>one\n<13>two\n", "7<13>one|<13>two|", 0),
    ROW("two blanks behind a count are none", "8  <13>one\n<13>two\n", "8  <13>one|<13>two|", 0),
    ROW("a negative count is none", "-7 <13>one\n<13>two\n", "-7 <13>one|<13>two|", 0),
    ROW("a count that stands alone", "7", "7|", 0),
    ROW("a count and nothing", "7 ", "7 |", 0),
    ROW("a counted frame beyond all limits swallows what it claims", "7 <13>one16777216 <13>two", "<13>one|<13>two!|", 0),
    ROW("a count one beyond the largest is none", "7 <13>one16777217 <13>x\n7 <13>two", "<13>one|16777217 <13>x|<13>two|", 1),
    ROW("a counted frame that is too short shows the rest", "6 <13>one7 <13>two\n7 <13>six", "<13>on|e7 <13>two|<13>six|", 1),
    ROW("counts are no counts where lines are", "<13>one\n7 <13>two\n", "<13>one|7 <13>two|", 0),
    ROW("NUL within a counted frame is content", "8 <13>o\0ne7 <13>two", "<13>o\0ne|<13>two|", 0),
    ROW("NUL between counted frames is skipped", "7 <13>one\0""7 <13>two\0", "<13>one|<13>two|", 0),
    ROW("NUL before a priority", "<13>one\0<13>two\0", "<13>one|<13>two|", 0),
    ROW("NUL framing keeps newlines", "<13>one\0<13>t\nwo\0<13>six\0", "<13>one|<13>t\nwo|<13>six|", 0),
    ROW("a NUL within the first line is content", "<13>o\0ne\n<13>two\n", "<13>o\0ne|<13>two|", 0),
    ROW("a NUL within later lines is content", "<13>one\n<13>t\0<wo\n", "<13>one|<13>t\0<wo|", 0),
    ROW("lines again after what looked like NUL", "<13>one\0<13>two\n<13>six\n<13>ten\n", "<13>one|<13>two|<13>six|<13>ten|", 0),
};

static void every_row_is_framed_in_one_piece(void **state) {
    struct buf out;
    uint64_t bad;

    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        run(rows[i].in, rows[i].in.n, &out, &bad);
        if (!str_eq(buf_view(&out), rows[i].want))
            fail_msg("%s: got %.*s", rows[i].why, STR_FMT(buf_view(&out)));
        check_row(bad == rows[i].bad, rows[i].why);
    }
    buf_fini(&out);
}

/* A NUL that is the last byte of a slice is taken for an end: those rows depend on the slices. */
static void every_row_without_nul_is_framed_the_same_in_any_slices(void **state) {
    struct buf out;
    uint64_t bad;

    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < ARRAY_N(rows); i++)
        for (size_t step = 1; step < rows[i].in.n && str_chr(rows[i].in, '\0') == SIZE_MAX; step++) {
            run(rows[i].in, step, &out, &bad);
            if (!str_eq(buf_view(&out), rows[i].want))
                fail_msg("%s, slices of %zu: got %.*s", rows[i].why, step, STR_FMT(buf_view(&out)));
            check_row(bad == rows[i].bad, rows[i].why);
        }
    buf_fini(&out);
}

/* A NUL at the end of what has come is taken for an end: there only what a priority follows may be cut off behind it. */
static bool may_cut(struct str in, size_t at) {
    return at == 0 || at >= in.n || in.p[at - 1] != '\0' || in.p[at] == '<';
}

static void every_row_is_framed_the_same_wherever_it_is_cut(void **state) {
    struct buf out;
    struct feed c;

    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < ARRAY_N(rows); i++)
        for (size_t a = 0; a < rows[i].in.n; a++)
            for (size_t b = a; b < rows[i].in.n && b < a + 40; b++) {
                if (!may_cut(rows[i].in, a) || !may_cut(rows[i].in, b))
                    continue;
                feed_open(&c, rows[i].in, &out);
                feed_to(&c, a);
                feed_to(&c, b);
                check_row(feed_close(&c) == rows[i].bad, rows[i].why);
                if (!str_eq(buf_view(&out), rows[i].want))
                    fail_msg("%s, cut at %zu and %zu: got %.*s", rows[i].why, a, b, STR_FMT(buf_view(&out)));
            }
    buf_fini(&out);
}

/* Generated: what was framed comes out, in any slices; xorshift, so that it is the same everywhere. */
static uint32_t draw(uint32_t *s, uint32_t below) {
    *s ^= *s << 13, *s ^= *s >> 17, *s ^= *s << 5;
    return *s % below;
}

static void what_a_sender_frames_comes_out_in_random_slices(void **state) {
    static const char bytes[] = "abc <>[]1 0:\xc3\xa4\t";
    uint32_t seed = 2463534242u;
    struct buf in, want, out;
    struct feed c;

    (void)state;
    buf_init(&in, 1 << 16);
    buf_init(&want, 1 << 16);
    buf_init(&out, 1 << 16);
    for (int round = 0; round < 3000; round++) {
        int kind = (int)draw(&seed, 4); /* counted, LF, CR LF, NUL */
        buf_reset(&in);
        buf_reset(&want);
        for (uint32_t k = draw(&seed, 8) + 1; k > 0; k--) {
            size_t n = draw(&seed, LIMIT - 6), from = want.n;
            buf_text(&want, "<13>.");
            for (size_t i = 0; i < n; i++)
                buf_c(&want, kind == 0 && draw(&seed, 9) == 0 ? '\n' : bytes[draw(&seed, sizeof bytes - 1)]);
            buf_c(&want, '.');
            if (kind == 0)
                buf_printf(&in, "%zu ", want.n - from);
            buf_str(&in, str_sub(buf_view(&want), from, want.n));
            buf_text(&in, kind == 1 ? "\n" : kind == 2 ? "\r\n" : "");
            if (kind == 3)
                buf_c(&in, '\0');
            buf_c(&want, '|');
        }
        feed_open(&c, buf_view(&in), &out);
        for (size_t at = 0; at < in.n; at += draw(&seed, 20) + 1)
            feed_to(&c, at);
        assert_int_equal(feed_close(&c), 0);
        if (!str_eq(buf_view(&out), buf_view(&want)))
            fail_msg("round %d: wanted %.*s, got %.*s", round, STR_FMT(buf_view(&want)), STR_FMT(buf_view(&out)));
    }
    buf_fini(&in);
    buf_fini(&want);
    buf_fini(&out);
}

static void valid_lines_survive_an_overlong_frame_in_front_of_them(void **state) {
    static const char *const tails[] = {"<13>after\n", "9 <13>after", "<13>after\0"};
    struct buf in, out;
    uint64_t bad;

    (void)state;
    buf_init(&in, 4096);
    buf_init(&out, 4096);
    for (size_t n = LIMIT - 2; n < LIMIT + 40; n++) {
        buf_reset(&in);
        for (size_t i = 0; i < n; i++)
            buf_c(&in, 'z');
        buf_c(&in, '\n');
        buf_text(&in, tails[0]);
        for (size_t step = 1; step < in.n; step++) {
            run(buf_view(&in), step, &out, &bad);
            assert_true(str_ends(buf_view(&out), STR("|<13>after|")));
        }
        buf_reset(&in);
        buf_printf(&in, "%zu <", n + 1);
        for (size_t i = 0; i < n; i++)
            buf_c(&in, 'z');
        buf_text(&in, tails[1]);
        for (size_t step = 1; step < in.n; step++) {
            run(buf_view(&in), step, &out, &bad);
            assert_true(str_ends(buf_view(&out), STR("|<13>after|")));
        }
    }
    buf_fini(&in);
    buf_fini(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_framed_in_one_piece),
        cmocka_unit_test(every_row_without_nul_is_framed_the_same_in_any_slices),
        cmocka_unit_test(every_row_is_framed_the_same_wherever_it_is_cut),
        cmocka_unit_test(what_a_sender_frames_comes_out_in_random_slices),
        cmocka_unit_test(valid_lines_survive_an_overlong_frame_in_front_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
