/* SPDX-License-Identifier: ISC
 *
 * test_http_parser.c - what is a request, and the status for everything that is not quite one
 */
#include "unit.h"

#include "http/http_parser.h"

static const struct http_limits limits = {.header = 16 << 10, .body = 64};

#define H "Host: h\r\n"
#define GET(rest) "GET / HTTP/1.1\r\n" H rest "\r\n"
#define POST(rest) "POST /v1/in/x HTTP/1.1\r\n" H rest
#define ROW(why, in, status) {why, STR(in), status}

/* status 0: a request, whole, with nothing left over. */
static const struct {
    const char *why;
    struct str in;
    int status;
} rows[] = {
    ROW("plain GET", GET(""), 0),
    ROW("absolute form", "GET http://h:80/x?y HTTP/1.1\r\n" H "\r\n", 0),
    ROW("absolute form without a path", "GET http://h HTTP/1.1\r\n" H "\r\n", 0),
    ROW("POST without a body", POST("\r\n"), 0),
    ROW("POST with a body", POST("Content-Length: 5\r\n\r\nhello"), 0),
    ROW("a body of nothing", POST("Content-Length: 0\r\n\r\n"), 0),
    ROW("chunked", POST("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), 0),
    ROW("a trailer is dropped", POST("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n"), 0),
    ROW("Expect: 100-continue", POST("Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx"), 0),
    ROW("a header of many bytes", GET("X: caf\303\251 \t x\r\n"), 0),
    ROW("HEAD", "HEAD / HTTP/1.1\r\n" H "\r\n", 0),
    ROW("DELETE", "DELETE /x HTTP/1.1\r\n" H "\r\n", 0),
    ROW("an empty value", GET("X:\r\n"), 0),
    ROW("two different Content-Lengths", POST("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), 400),
    ROW("the same Content-Length twice", POST("Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"), 400),
    ROW("a list of Content-Lengths", POST("Content-Length: 5, 5\r\n\r\nhello"), 400),
    ROW("a plus sign", POST("Content-Length: +5\r\n\r\nhello"), 400),
    ROW("a minus sign", POST("Content-Length: -5\r\n\r\nhello"), 400),
    ROW("hexadecimal", POST("Content-Length: 0x5\r\n\r\nhello"), 400),
    ROW("no digits", POST("Content-Length:\r\n\r\nhello"), 400),
    ROW("blank within", POST("Content-Length: 5 5\r\n\r\nhello"), 400),
    ROW("both lengths", POST("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400),
    ROW("both lengths, other order", POST("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), 400),
    ROW("chunked twice", POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400),
    ROW("chunked of something", POST("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 501),
    ROW("nearly chunked", POST("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), 501),
    ROW("chunked and a tail", POST("Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"), 501),
    ROW("identity", POST("Transfer-Encoding: identity\r\n\r\n"), 501),
    ROW("chunk size with 0x", POST("Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n"), 400),
    ROW("chunk size with a sign", POST("Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n"), 400),
    ROW("chunk size with a blank", POST("Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n"), 400),
    ROW("no chunk size", POST("Transfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n"), 400),
    ROW("chunk extension", POST("Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n"), 400),
    ROW("chunk size that overflows", POST("Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n"), 400),
    ROW("chunk size ended by LF", POST("Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n"), 400),
    ROW("chunk longer than its size", POST("Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n"), 400),
    ROW("chunk without its CR", POST("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n"), 400),
    ROW("bad trailer", POST("Transfer-Encoding: chunked\r\n\r\n0\r\nnonsense\r\n\r\n"), 400),
    ROW("body too long", POST("Content-Length: 65\r\n\r\n"), 413),
    ROW("body far too long", POST("Content-Length: 99999999999999999999999999\r\n\r\n"), 413),
    ROW("chunk too long", POST("Transfer-Encoding: chunked\r\n\r\n41\r\n"), 413),
    ROW("chunks too long together", POST("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3c\r\n"), 413),
    ROW("GET with a body", GET("Content-Length: 5\r\n"), 400),
    ROW("no Host", "GET / HTTP/1.1\r\n\r\n", 400),
    ROW("two Hosts", GET("Host: h\r\n"), 400),
    ROW("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    ROW("Host with a path", "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", 400),
    ROW("Host with a user", "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", 400),
    ROW("empty header name", GET(": x\r\n"), 400),
    ROW("blank before the colon", GET("X : x\r\n"), 400),
    ROW("blank in the name", GET("X Y: x\r\n"), 400),
    ROW("no colon", GET("nonsense\r\n"), 400),
    ROW("folded header", GET("X: a\r\n b\r\n"), 400),
    ROW("folded first header", "GET / HTTP/1.1\r\n X: a\r\n" H "\r\n", 400),
    ROW("bare LF in the header", "GET / HTTP/1.1\r\nHost: h\n\r\n", 400),
    ROW("bare LF at the end of the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n", 400),
    ROW("bare LF at the end", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400),
    ROW("bare CR", GET("X: a\rb\r\n"), 400),
    ROW("CR CR LF", GET("X: a\r\r\n"), 400),
    ROW("NUL in a header", GET("X: a\0b\r\n"), 400),
    ROW("control byte in a header", GET("X: a\1b\r\n"), 400),
    ROW("DEL in a header", GET("X: a\177b\r\n"), 400),
    ROW("an empty line first", "\r\n" GET(""), 400),
    ROW("a newline first", "\n" GET(""), 400),
    ROW("garbage", "\x16\x03\x01\x02\r\n\r\n", 400),
    ROW("control byte in the target", "GET /\1 HTTP/1.1\r\n" H "\r\n", 400),
    ROW("NUL in the target", "GET /\0 HTTP/1.1\r\n" H "\r\n", 400),
    ROW("8-bit byte in the target", "GET /\303\244 HTTP/1.1\r\n" H "\r\n", 400),
    ROW("encoded NUL", "GET /%00 HTTP/1.1\r\n" H "\r\n", 400),
    ROW("encoded newline", "GET /%0a HTTP/1.1\r\n" H "\r\n", 400),
    ROW("encoded slash", "GET /a%2fb HTTP/1.1\r\n" H "\r\n", 400),
    ROW("encoded backslash", "GET /a%5cb HTTP/1.1\r\n" H "\r\n", 400),
    ROW("half an escape", "GET /%4 HTTP/1.1\r\n" H "\r\n", 400),
    ROW("no escape", "GET /%zz HTTP/1.1\r\n" H "\r\n", 400),
    ROW("dot dot", "GET /a/../b HTTP/1.1\r\n" H "\r\n", 400),
    ROW("encoded dot dot", "GET /a/%2e%2e/b HTTP/1.1\r\n" H "\r\n", 400),
    ROW("dot", "GET /./b HTTP/1.1\r\n" H "\r\n", 400),
    ROW("fragment", "GET /a#b HTTP/1.1\r\n" H "\r\n", 400),
    ROW("no slash", "GET a HTTP/1.1\r\n" H "\r\n", 400),
    ROW("authority form", "GET h:80 HTTP/1.1\r\n" H "\r\n", 400),
    ROW("asterisk", "GET * HTTP/1.1\r\n" H "\r\n", 400),
    ROW("absolute form without a host", "GET http:/// HTTP/1.1\r\n" H "\r\n", 400),
    ROW("two blanks", "GET  / HTTP/1.1\r\n" H "\r\n", 400),
    ROW("a blank behind the version", "GET / HTTP/1.1 \r\n" H "\r\n", 400),
    ROW("tabs", "GET\t/\tHTTP/1.1\r\n" H "\r\n", 400),
    ROW("no version", "GET /\r\n" H "\r\n", 400),
    ROW("version in small letters", "GET / http/1.1\r\n" H "\r\n", 400),
    ROW("version of one digit", "GET / HTTP/1\r\n" H "\r\n", 400),
    ROW("version of many digits", "GET / HTTP/1.10\r\n" H "\r\n", 400),
    ROW("HTTP/1.0", "GET / HTTP/1.0\r\n" H "\r\n", 505),
    ROW("HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ROW("HTTP/9.9", "GET / HTTP/9.9\r\n" H "\r\n", 505),
    ROW("unknown method", "BREW / HTTP/1.1\r\n" H "\r\n", 501),
    ROW("method in small letters", "get / HTTP/1.1\r\n" H "\r\n", 501),
    ROW("CONNECT", "CONNECT h:80 HTTP/1.1\r\n" H "\r\n", 501),
    ROW("no method", " / HTTP/1.1\r\n" H "\r\n", 400),
    ROW("method with a colon", "GE:T / HTTP/1.1\r\n" H "\r\n", 400),
    ROW("Expect something else", POST("Expect: coffee\r\nContent-Length: 1\r\n\r\nx"), 417),
};

/* Feeds in slices; gives 0 for a whole request, a status, or -1 when more is wanted. */
static int feed(struct http_parser *p, struct str in, size_t step, size_t *used) {
    int status = 0;

    for (*used = 0; *used < in.n;) {
        struct str slice = unit_exact(str_sub(in, *used, *used + step)), rest = slice;
        enum rc rc = http_parser_feed(p, &rest, &status);
        *used += slice.n - rest.n;
        free((void *)(uintptr_t)slice.p);
        if (rc == RC_OK)
            return 0;
        if (rc == RC_INVALID)
            return status;
        assert_int_equal(rest.n, 0);
    }
    return -1;
}

static void only_what_can_be_read_in_one_way_is_a_request(void **state) {
    struct http_parser *p = http_parser_new(&limits);
    size_t used;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++)
        for (size_t step = 1; step <= rows[i].in.n; step = step == 1 ? 7 : step * 3 > rows[i].in.n && step < rows[i].in.n ? rows[i].in.n : step * 3) {
            int got = feed(p, rows[i].in, step, &used);
            if (got != rows[i].status)
                fail_msg("%s, slices of %zu: got %d", rows[i].why, step, got);
            check_row(got || used == rows[i].in.n, rows[i].why);
            http_parser_reset(p);
        }
    http_parser_free(p);
}

static void every_truncation_of_a_request_wants_more(void **state) {
    struct http_parser *p = http_parser_new(&limits);
    size_t used;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++)
        for (size_t n = 1; rows[i].status == 0 && n < rows[i].in.n; n++) {
            check_row(feed(p, str_sub(rows[i].in, 0, n), n, &used) == -1, rows[i].why);
            http_parser_reset(p);
        }
    http_parser_free(p);
}

static void a_request_says_what_it_asks(void **state) {
    struct http_parser *p = http_parser_new(&limits);
    struct str in = STR("PUT /a%20b/c?x=1&y=a+b%21 HTTP/1.1\r\nhost: h\r\nX-One:  v \r\nConnection: keep-alive, Close\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nGET");
    size_t used;

    (void)state;
    assert_int_equal(feed(p, in, in.n, &used), 0);
    const struct http_parsed *r = http_parser_result(p);
    assert_int_equal(used, in.n - 3); /* what is behind belongs to the next */
    assert_str(r->method, "PUT");
    assert_str(r->path, "/a b/c");
    assert_str(r->query, "x=1&y=a+b%21");
    assert_str(r->body, "abc0123456789");
    assert_str(http_field_find(r->fields, r->nfields, "x-ONE"), "v");
    assert_true(str_absent(http_field_find(r->fields, r->nfields, "x-two")));
    assert_true(r->close);
    http_parser_free(p);
}

static void headers_have_limits(void **state) {
    struct http_parser *p = http_parser_new(&limits);
    struct buf b;
    size_t used;

    (void)state;
    buf_init(&b, 1 << 20);
    for (int n = 63; n <= 64; n++) { /* with Host: 64 are fine, 65 are not */
        buf_reset(&b);
        buf_text(&b, "GET / HTTP/1.1\r\n" H);
        for (int i = 0; i < n; i++)
            buf_text(&b, "X: y\r\n");
        buf_text(&b, "\r\n");
        assert_int_equal(feed(p, buf_view(&b), b.n, &used), n == 63 ? 0 : 431);
        http_parser_reset(p);
    }
    buf_reset(&b);
    buf_text(&b, "GET / HTTP/1.1\r\n" H "X: ");
    while (b.n < 17 << 10)
        buf_c(&b, 'x');
    assert_int_equal(feed(p, buf_view(&b), 100, &used), 431);
    http_parser_reset(p);
    buf_reset(&b);
    buf_text(&b, "GET /");
    while (b.n < 17 << 10)
        buf_c(&b, 'x');
    assert_int_equal(feed(p, buf_view(&b), 100, &used), 414);
    http_parser_reset(p);
    buf_reset(&b);
    buf_text(&b, POST("Transfer-Encoding: chunked\r\n\r\n0\r\n"));
    for (int i = 0; i < 4000; i++)
        buf_text(&b, "X: y\r\n");
    assert_int_equal(feed(p, buf_view(&b), 100, &used), 431);
    buf_fini(&b);
    http_parser_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_can_be_read_in_one_way_is_a_request),
        cmocka_unit_test(every_truncation_of_a_request_wants_more),
        cmocka_unit_test(a_request_says_what_it_asks),
        cmocka_unit_test(headers_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
