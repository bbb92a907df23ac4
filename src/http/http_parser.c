/* SPDX-License-Identifier: ISC
 *
 * http_parser.c - one request at a time from bytes
 *
 * Takes   bytes in any slices, limits.
 * Gives   a request whole and unambiguous, or the status to refuse it with. Whatever two readers could read in two ways is refused
 *         (RFC 9112 11.2): that is what request smuggling lives from.
 * Keeps   the header (at most limits.header) and the body (at most limits.body).
 */
#include "http/http_parser.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_DIGITS 8
#define START_LINE_MAX ((size_t)8 << 10)

enum step { IN_HEADER, IN_LENGTH, IN_SIZE, IN_CHUNK, IN_CHUNK_END, IN_TRAILER, DONE, BROKEN };

struct http_parser {
    struct http_limits lim;
    enum step step;
    int status;
    struct buf header, body, path, line; /* line: a chunk size or a trailer, as far as it has come */
    size_t trailers;                     /* bytes */
    uint64_t left;                       /* of the body or of the chunk */
    bool expects, chunked, has_length;
    uint64_t length;
    struct http_field fields[HTTP_HEADERS_MAX];
    struct http_parsed r;
};

struct http_parser *http_parser_new(const struct http_limits *lim) {
    struct http_parser *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    p->lim = *lim;
    buf_init(&p->header, lim->header);
    buf_init(&p->body, lim->body);
    buf_init(&p->path, lim->header);
    buf_init(&p->line, 1024);
    return p;
}

void http_parser_free(struct http_parser *p) {
    if (!p)
        return;
    buf_fini(&p->header);
    buf_fini(&p->body);
    buf_fini(&p->path);
    buf_fini(&p->line);
    free(p);
}

void http_parser_reset(struct http_parser *p) {
    struct buf *const bufs[] = {&p->header, &p->body, &p->path, &p->line};

    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++) {
        buf_reset(bufs[i]);
        if (bufs[i]->cap > 64 << 10) /* a long body is not remembered by every idle connection */
            buf_fini(bufs[i]);
    }
    p->step = IN_HEADER;
    p->status = 0;
    p->trailers = 0;
    p->left = p->length = 0;
    p->expects = p->chunked = p->has_length = false;
    p->r = (struct http_parsed){0};
}

enum http_phase http_parser_phase(const struct http_parser *p) {
    return p->step == IN_HEADER ? HTTP_HEADER : p->step == DONE ? HTTP_WHOLE : HTTP_BODY;
}

bool http_parser_begun(const struct http_parser *p) {
    return p->step != IN_HEADER || p->header.n > 0;
}

bool http_parser_continue(struct http_parser *p) {
    bool expects = p->expects && p->step != DONE && p->step != BROKEN;

    p->expects = false;
    return expects;
}

const struct http_parsed *http_parser_result(const struct http_parser *p) {
    return &p->r;
}

/* ---- characters (RFC 9110 5.6.2, RFC 3986) */

static bool is_alnum(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_token(unsigned char c) {
    return is_alnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_path(unsigned char c) {
    return is_alnum(c) || (c && strchr("-._~!$&'()*+,;=:@/%", c));
}

static bool is_query(unsigned char c) {
    return is_path(c) || c == '?' || c == '[' || c == ']'; /* brackets as every client writes them */
}

static bool is_host(unsigned char c) {
    return is_alnum(c) || (c && strchr("-._~!$&'()*+,;=:%[]", c));
}

static bool is_value(unsigned char c) {
    return c == '\t' || (c >= ' ' && c != 0x7f);
}

static bool all(struct str s, bool (*is)(unsigned char)) {
    for (size_t i = 0; i < s.n; i++)
        if (!is((unsigned char)s.p[i]))
            return false;
    return true;
}

static int hex(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool http_decode(struct str s, bool plus, struct buf *out) {
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            int hi = i + 2 < s.n ? hex(s.p[i + 1]) : -1, lo = i + 2 < s.n ? hex(s.p[i + 2]) : -1;
            if (hi < 0 || lo < 0 || hi + lo == 0)
                return false;
            c = (char)(hi << 4 | lo);
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        if (!buf_c(out, c))
            return false;
    }
    return true;
}

struct str http_field_find(const struct http_field *v, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (str_eqi(v[i].name, str_of(name)))
            return v[i].value;
    return STR_NONE;
}

/* ---- the request line. Each gives 0 or a status. */

static int take_method(struct http_parser *p, struct str m) {
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};

    if (m.n == 0 || !all(m, is_token))
        return 400;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (str_is(m, known[i])) {
            p->r.method = m;
            p->r.head = str_is(m, "HEAD");
            return 0;
        }
    }
    return 501;
}

static int take_version(struct str v) {
    if (v.n != 8 || !str_starts(v, STR("HTTP/")) || v.p[5] < '0' || v.p[5] > '9' || v.p[6] != '.' || v.p[7] < '0' || v.p[7] > '9')
        return 400;
    return str_is(v, "HTTP/1.1") ? 0 : 505;
}

static bool dotted(struct str path) {
    for (struct str rest = path; !str_absent(rest);) {
        struct str seg = str_cut(&rest, '/');
        if (str_is(seg, ".") || str_is(seg, ".."))
            return true;
    }
    return false;
}

/* An encoded slash, a backslash or a control byte would be a path that others read otherwise. */
static bool odd(struct str path) {
    for (size_t i = 0; i < path.n; i++)
        if ((unsigned char)path.p[i] < ' ' || path.p[i] == 0x7f || path.p[i] == '\\')
            return true;
    return false;
}

static size_t slashes(struct str s) {
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '/';
    return n;
}

static int take_target(struct http_parser *p, struct str t) {
    struct str path = t;

    if (t.n >= 7 && str_eqi(str_sub(t, 0, 7), STR("http://"))) { /* absolute-form: what counts is behind the authority */
        struct str rest = str_sub(t, 7, t.n);
        size_t slash = str_chr(rest, '/');
        struct str authority = str_sub(rest, 0, slash);
        if (authority.n == 0 || !all(authority, is_host))
            return 400;
        path = slash == SIZE_MAX ? STR("/") : str_sub(rest, slash, rest.n);
    }
    size_t q = str_chr(path, '?');
    if (q != SIZE_MAX) {
        p->r.query = str_sub(path, q + 1, path.n);
        path = str_sub(path, 0, q);
    }
    if (path.n == 0 || path.p[0] != '/' || !all(path, is_path) || !all(p->r.query, is_query) || !http_decode(path, false, &p->path))
        return 400;
    p->r.path = buf_view(&p->path);
    return dotted(p->r.path) || odd(p->r.path) || slashes(path) != slashes(p->r.path) ? 400 : 0;
}

static int take_request_line(struct http_parser *p, struct str line) {
    size_t a = str_chr(line, ' ');
    struct str rest = a == SIZE_MAX ? STR_NONE : str_sub(line, a + 1, line.n);
    size_t b = a == SIZE_MAX ? SIZE_MAX : str_chr(rest, ' ');

    if (b == SIZE_MAX)
        return 400;
    int status = take_version(str_sub(rest, b + 1, rest.n));
    if (status == 0)
        status = take_method(p, str_sub(line, 0, a));
    return status ? status : take_target(p, str_sub(rest, 0, b));
}

/* ---- header fields: those that decide how the rest is read. Each is allowed once, but Connection. */

static int take_length(struct http_parser *p, struct str v) {
    if (p->has_length || v.n == 0)
        return 400;
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] < '0' || v.p[i] > '9')
            return 400;
    p->has_length = true;
    return str_u64(v, p->lim.body, &p->length) ? 0 : 413;
}

static int take_encoding(struct http_parser *p, struct str v) {
    if (p->chunked)
        return 400;
    p->chunked = true;
    return str_is(v, "chunked") ? 0 : 501;
}

static int take_expect(struct http_parser *p, struct str v) {
    p->expects = true;
    return str_eqi(v, STR("100-continue")) ? 0 : 417;
}

static int take_connection(struct http_parser *p, struct str v) {
    while (!str_absent(v))
        if (str_eqi(str_trim(str_cut(&v, ',')), STR("close")))
            p->r.close = true;
    return 0;
}

static int take_host(struct http_parser *p, struct str v) {
    (void)p;
    return v.n && all(v, is_host) ? 0 : 400;
}

static const struct framing_field {
    const char *name;
    bool once;
    int (*take)(struct http_parser *p, struct str v);
} framing_fields[] = {{"Host", true, take_host},
                      {"Content-Length", true, take_length},
                      {"Transfer-Encoding", true, take_encoding},
                      {"Expect", true, take_expect},
                      {"Connection", false, take_connection}};

static int take_field(struct http_parser *p, struct str line) {
    size_t colon = str_chr(line, ':');
    struct http_field *f = &p->fields[p->r.nfields];

    if (colon == SIZE_MAX || colon == 0 || !all(str_sub(line, 0, colon), is_token) || !all(line, is_value))
        return 400;
    if (p->r.nfields == HTTP_HEADERS_MAX)
        return 431;
    *f = (struct http_field){str_sub(line, 0, colon), str_trim(str_sub(line, colon + 1, line.n))};
    for (size_t i = 0; i < sizeof framing_fields / sizeof *framing_fields; i++) {
        const struct framing_field *ff = &framing_fields[i];
        if (!str_eqi(f->name, str_of(ff->name)))
            continue;
        int status = ff->once && !str_absent(http_field_find(p->fields, p->r.nfields, ff->name)) ? 400 : ff->take(p, f->value);
        if (status)
            return status;
    }
    p->r.nfields++;
    return 0;
}

/* What the fields say together. */
static int settle(struct http_parser *p) {
    if (str_absent(http_field_find(p->fields, p->r.nfields, "Host")) || (p->chunked && p->has_length))
        return 400;
    if ((p->chunked || p->length) && (str_is(p->r.method, "GET") || p->r.head))
        return 400;
    p->left = p->length;
    p->step = p->chunked ? IN_SIZE : p->length ? IN_LENGTH : DONE;
    return 0;
}

/* The header is here whole, every line ended by CR LF and no other CR or LF in it. */
static int take_header(struct http_parser *p) {
    struct str rest = buf_view(&p->header);
    int status = 0;

    p->r.fields = p->fields;
    for (bool first = true; status == 0; first = false) {
        struct str line = str_cut(&rest, '\n');
        line.n--; /* the CR */
        if (line.n == 0)
            return first ? 400 : settle(p);
        status = first ? take_request_line(p, line) : take_field(p, line);
    }
    return status;
}

/* ---- feeding */

static enum rc broken(struct http_parser *p, int status) {
    p->step = BROKEN;
    p->status = status;
    return RC_INVALID;
}

/* Adds a byte to a run of CR LF lines. False when CR and LF do not come together, or a NUL comes. */
static bool line_byte(struct buf *b, char c) {
    bool after_cr = b->n && b->p[b->n - 1] == '\r';

    return c != '\0' && (c == '\n') == after_cr && buf_c(b, c);
}

static bool ends_with(const struct buf *b, const char *what, size_t n) {
    return b->n >= n && memcmp(b->p + b->n - n, what, n) == 0;
}

/* Bytes before the first newline, when there is none yet: the start line alone may not fill the header. */
static enum rc feed_header(struct http_parser *p, struct str *in) {
    while (in->n) {
        char c = *in->p;
        struct buf *h = &p->header;
        *in = str_sub(*in, 1, in->n);
        if (!line_byte(h, c)) {
            if (!h->over)
                return broken(p, 400);
            return broken(p, memchr(h->p, '\n', h->n) ? 431 : 414);
        }
        if (h->n == START_LINE_MAX && !memchr(h->p, '\n', h->n))
            return broken(p, 414);
        if (c == '\n' && (h->n == 2 || ends_with(h, "\r\n\r\n", 4))) {
            int status = take_header(p);
            return status ? broken(p, status) : RC_BUSY;
        }
    }
    return RC_BUSY;
}

static enum rc feed_bytes(struct http_parser *p, struct str *in, enum step next) {
    size_t n = in->n < p->left ? in->n : (size_t)p->left;

    if (!buf_add(&p->body, in->p, n))
        return broken(p, 413);
    *in = str_sub(*in, n, in->n);
    p->left -= n;
    if (p->left == 0)
        p->step = next;
    return RC_BUSY;
}

/* Collects a line of at most what `line` holds; RC_OK when it is whole (without its end). */
static enum rc feed_line(struct http_parser *p, struct str *in) {
    while (in->n) {
        char c = *in->p;
        *in = str_sub(*in, 1, in->n);
        if (!line_byte(&p->line, c))
            return broken(p, 400);
        if (c == '\n') {
            p->line.n -= 2;
            return RC_OK;
        }
    }
    return RC_BUSY;
}

static enum rc feed_size(struct http_parser *p, struct str *in) {
    enum rc rc = feed_line(p, in);
    uint64_t v = 0;

    if (rc != RC_OK)
        return p->line.n > CHUNK_DIGITS + 1 ? broken(p, 400) : rc;
    if (p->line.n == 0 || p->line.n > CHUNK_DIGITS)
        return broken(p, 400);
    for (size_t i = 0; i < p->line.n; i++) {
        int d = hex(p->line.p[i]);
        if (d < 0) /* extensions too: nobody needs them, and they have been read in two ways */
            return broken(p, 400);
        v = v << 4 | (uint64_t)d;
    }
    buf_reset(&p->line);
    if (v > p->lim.body - p->body.n)
        return broken(p, 413);
    p->left = v;
    p->step = v ? IN_CHUNK : IN_TRAILER;
    return RC_BUSY;
}

static enum rc feed_chunk_end(struct http_parser *p, struct str *in) {
    enum rc rc = feed_line(p, in);

    if (rc == RC_OK && p->line.n)
        return broken(p, 400);
    if (rc == RC_BUSY && p->line.n && p->line.p[0] != '\r')
        return broken(p, 400);
    if (rc == RC_OK) {
        buf_reset(&p->line);
        p->step = IN_SIZE;
        return RC_BUSY;
    }
    return rc;
}

/* Trailers are checked for form and dropped. */
static enum rc feed_trailer(struct http_parser *p, struct str *in) {
    size_t before = in->n;
    enum rc rc = feed_line(p, in);
    struct str line = buf_view(&p->line);
    size_t colon = str_chr(line, ':');

    p->trailers += before - in->n;
    if (p->trailers > p->lim.header)
        return broken(p, 431);
    if (rc != RC_OK)
        return rc;
    if (line.n && (colon == SIZE_MAX || colon == 0 || !all(str_sub(line, 0, colon), is_token) || !all(line, is_value)))
        return broken(p, 400);
    p->step = line.n ? IN_TRAILER : DONE;
    buf_reset(&p->line);
    return RC_BUSY;
}

enum rc http_parser_feed(struct http_parser *p, struct str *bytes, int *status) {
    enum rc rc = RC_BUSY;

    while (rc == RC_BUSY && p->step != DONE && p->step != BROKEN && bytes->n) {
        switch (p->step) {
        case IN_HEADER:
            rc = feed_header(p, bytes);
            break;
        case IN_LENGTH:
            rc = feed_bytes(p, bytes, DONE);
            break;
        case IN_CHUNK:
            rc = feed_bytes(p, bytes, IN_CHUNK_END);
            break;
        case IN_SIZE:
            rc = feed_size(p, bytes);
            break;
        case IN_CHUNK_END:
            rc = feed_chunk_end(p, bytes);
            break;
        case IN_TRAILER:
            rc = feed_trailer(p, bytes);
            break;
        case DONE:
        case BROKEN:
            break;
        }
    }
    *status = p->status;
    if (p->step == BROKEN)
        return RC_INVALID;
    if (p->step != DONE)
        return RC_BUSY;
    p->r.body = p->body.n ? buf_view(&p->body) : STR("");
    return RC_OK;
}
