/* SPDX-License-Identifier: ISC
 *
 * test_framing.c - where messages end in a stream, whatever the slices they come in
 */
#include "unit.h"

#include "base/buf.h"
#include "intake/framing.h"

#define LIMIT 64

/* Feeds `in` in slices of `step` bytes, as a connection does, and joins the messages with '|' ('!' behind those that were cut). */
static void run(struct str in, size_t step, struct buf *out, uint64_t *bad) {
    struct framing f;
    struct framed m;
    size_t begin = 0;

    framing_init(&f, LIMIT);
    buf_reset(out);
    for (size_t have = 0; have < in.n;) {
        have = have + step < in.n ? have + step : in.n;
        bool eof = have == in.n;
        for (;;) {
            struct str view = unit_exact(str_sub(in, begin, have));
            size_t used = framing_next(&f, view.p, view.n, eof, &m);
            assert_true(used <= view.n);
            if (m.bytes.p) {
                assert_true(m.bytes.n <= LIMIT && m.bytes.p >= view.p && m.bytes.p + m.bytes.n <= view.p + view.n);
                buf_str(out, m.bytes);
                buf_text(out, m.cut ? "!|" : "|");
            }
            free((void *)(uintptr_t)view.p);
            begin += used;
            if (used == 0)
                break;
        }
        assert_true(have - begin <= LIMIT + 24); /* what a connection must carry over is bounded */
    }
    assert_int_equal(begin, in.n);
    *bad = f.bad;
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
        cmocka_unit_test(valid_lines_survive_an_overlong_frame_in_front_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
