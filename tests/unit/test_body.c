/* SPDX-License-Identifier: ISC
 *
 * test_body.c - JSON, CEF, LEEF, audit records, XML, the journal's export and key=value become the fields their senders named
 */
#include "unit.h"

#include "parse/body.h"
#include "parse/parse.h"

static struct message m;
static struct spare spare;
static char memory[MSG_SPARE];

static void decode(struct str program, struct str text) {
    memset(&m, 0, sizeof m);
    spare = (struct spare){memory, 0, sizeof memory};
    m.spare = &spare;
    m.raw = m.msg = m.text = text;
    m.program = program;
    m.body = (uint8_t)body_sniff(program, text);
    body_fields(&m);
}

static const struct field *find(const char *name) {
    for (size_t i = 0; i < m.nfields; i++)
        if (str_is(m.fields[i].name, name))
            return &m.fields[i];
    return NULL;
}

struct want {
    const char *text, *name, *value; /* value NULL: not there */
    const char *program;
};

static void check(const struct want *t, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char why[256];
        snprintf(why, sizeof why, "%.120s: %s", t[i].text, t[i].name);
        decode(str_of(t[i].program), str_of(t[i].text));
        const struct field *f = find(t[i].name);
        if (f && t[i].value && !str_is(f->value, t[i].value))
            print_error("got \"%.*s\"\n", STR_FMT(f->value));
        check_row(!f == !t[i].value, why);
        check_row(!t[i].value || str_is(f->value, t[i].value), why);
    }
}

static void a_text_is_what_it_begins_with(void **state) {
    static const struct {
        const char *program, *text;
        enum body body;
    } t[] = {
        {NULL, "{\"a\":1}", BODY_JSON},
        {NULL, "  {\"a\":1}", BODY_JSON},
        {NULL, "@cee: {\"a\":1}", BODY_JSON},
        {NULL, "root WARNING {\"a\":1}", BODY_JSON},
        {NULL, "login of {\"a\":1}", BODY_NONE},
        {NULL, "CEF:0|a|b|c|d|e|f|", BODY_CEF},
        {NULL, "CEF: 0|a|b|c|d|e|f|", BODY_CEF},
        {NULL, "CEFx:0|a|b", BODY_NONE},
        {NULL, "LEEF:2.0|a|b|c|d|^|", BODY_LEEF},
        {NULL, "<Event xmlns='x'><System/></Event>", BODY_XML},
        {NULL, "<Events are late>", BODY_NONE},
        {NULL, "type=LOGIN msg=audit(1700000000.1:2): pid=1", BODY_AUDIT},
        {NULL, "node=a.example.com type=LOGIN msg=audit(1700000000.1:2): pid=1", BODY_AUDIT},
        {"kernel", "[ 12.5] audit: type=1400 audit(1700000000.1:2): apparmor=\"DENIED\"", BODY_AUDIT},
        {"audit", "USER_LOGIN pid=1 uid=0", BODY_AUDIT},
        {"myapp", "USER_LOGIN pid=1 uid=0", BODY_NONE},
        {NULL, "__REALTIME_TIMESTAMP=1\nMESSAGE=x", BODY_JOURNAL},
        {NULL, "192.0.2.1 - - [11/Oct/2026:22:14:15 +0000] \"GET / HTTP/1.1\" 200 1", BODY_ACCESS},
        {NULL, "www.example.com:80 2001:db8::1 - bob [11/Oct/2026:22:14:15 +0000] \"GET / HTTP/1.1\" 200 1", BODY_ACCESS},
        {NULL, "192.0.2.1 - [x] y [11/Oct/2026:22:14:15 +0000] \"GET / HTTP/1.1\" 200 1", BODY_ACCESS},
        {NULL, "192.0.2.1 said [11/Oct/2026:22:14:15 +0000] it is late", BODY_NONE},
        {NULL, "date=2026-10-11 time=22:14:15 devname=\"x\"", BODY_PAIRS},
        {NULL, "type=\"A\", b=\"c\"", BODY_PAIRS},
        {NULL, "a=1", BODY_NONE},
        {"kernel", "DROP IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2", BODY_PAIRS},
        {"sshd", "Failed password for IN= OUT= SRC=192.0.2.1 from 192.0.2.2", BODY_NONE},
        {NULL, "Accepted password for root from 192.0.2.1 port 4 ssh2", BODY_NONE},
        {NULL, "", BODY_NONE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++)
        check_row(body_sniff(str_of(t[i].program), str_of(t[i].text)) == t[i].body, t[i].text);
}

static void json_is_read_flat(void **state) {
    static const struct want t[] = {
        {"{\"a\":\"x\"}", "a", "x", NULL},
        {"{\"a\":{\"b\":{\"c\":1.5e3}}}", "a.b.c", "1.5e3", NULL},
        {"{\"a\":[{\"b\":1},{\"b\":2}]}", "a.b", "1", NULL},
        {"{\"a\":[[],[[7]]],\"z\":8}", "a", "7", NULL},
        {"{\"a\":[[],[[7]]],\"z\":8}", "z", "8", NULL},
        {"{\"a\":{},\"b\":[],\"c\":true}", "c", "true", NULL},
        {"{\"a\":\"\\u0041\\u00e9\\ud83d\\ude00\\n\\/\\\"\"}", "a", "A\xc3\xa9\xf0\x9f\x98\x80\n/\"", NULL},
        {"{\"a\":\"\\ud83d\"}", "a", "\xef\xbf\xbd", NULL},
        {"{\"a\":\"\\uD83Dx\\q\\u12\"}", "a", "\xef\xbf\xbdxqu12", NULL},
        {"{\"a\\u002eb\":1}", "a.b", "1", NULL},
        {"{\"a\":{\"x y\":1}}", "a.x y", "1", NULL},
        {"{\"a\":\"{\\\"b\\\":1}\"}", "b", NULL, NULL},
        {"{\"a\":1,\"a\":2}", "a", "1", NULL},
        {"{\"a\":\"x\\\",\\\"b\\\":\\\"y\"}", "b", NULL, NULL},
        {"{\"a\":1 \"b\":2}", "b", NULL, NULL},
        {"{\"a\":1,\"b\":\"cut of", "a", "1", NULL},
        {"{\"a\":nul,\"b\":2}", "b", NULL, NULL},
        {"{\"src_ip\":\"::ffff:192.0.2.1\"}", "src_ip", "192.0.2.1", NULL},
        {"{\"src_ip\":\"192.0.2.300\"}", "src_ip", NULL, NULL},
        {"{\"user\":\"-\"}", "user", NULL, NULL},
    };

    (void)state;
    check(t, ARRAY_N(t));
    decode(STR_NONE, STR("{\"n\":null,\"e\":\"\",\"i\":-4,\"s\":\"4\"}"));
    assert_int_equal(find("n")->flags & FIELD_NULL, FIELD_NULL);
    assert_true(str_absent(find("n")->value));
    assert_true(find("e")->value.n == 0 && !str_absent(find("e")->value));
    assert_int_equal(find("i")->flags, FIELD_NUMBER);
    assert_int_equal(find("s")->flags, 0);
}

static void the_other_formats_are_read(void **state) {
    static const struct want t[] = {
        {"CEF:0|V\\|v|P|1|100|N\\\\|5|src=192.0.2.1 msg=a b\\=c\\nd spt=4", "DeviceVendor", "V|v", NULL},
        {"CEF:0|V|P|1|100|N\\\\|5|src=192.0.2.1 msg=a b\\=c\\nd spt=4", "Name", "N\\", NULL},
        {"CEF:0|V|P|1|100|N|5|src=192.0.2.1 msg=a b\\=c\\nd  spt=4", "msg", "a b=c\nd", NULL},
        {"CEF:0|V|P|1|100|N|5|src=192.0.2.1 msg=a b\\=c\\nd  spt=4", "spt", "4", NULL},
        {"CEF:0|V|P|1|100|N|5|request=http://x/?a=b&c=d e=f", "request", "http://x/?a=b&c=d", NULL},
        {"CEF:0|V|P|1|100|N|5|cs1=aGk= cs1Label=Key", "Key", "aGk=", NULL},
        {"CEF:0|V|P|1|100|N|5|a= b=2", "a", "", NULL},
        {"CEF:0|V|P|1|100", "SignatureID", "100", NULL},
        {"CEF:0|V|P|1|100|N|5|", "Severity", "5", NULL},
        {"LEEF:1.0|V|P|1|E|a=b c\td=C:\\new\te=f\\=g", "d", "C:\\new", NULL},
        {"LEEF:1.0|V|P|1|E|a=b c\td=C:\\new\te=f\\=g", "e", "f=g", NULL},
        {"LEEF:2.0|V|P|1|E|^|a=b c^d=e\\^f", "d", "e^f", NULL},
        {"LEEF:2.0|V|P|1|E|x7C|a=b|d=e", "d", "e", NULL},
        {"LEEF:2.0|V|P|1|E||a=b\td=e", "d", "e", NULL},
        {"LEEF:2.0|V|P|1|E|a=b\td=e", "a", "b", NULL},
        {"LEEF:1.0|V|P|1|E|a=b#011d=e f", "d", "e f", NULL},
        {"LEEF:1.0|V|P|1|E|a=b c d=e", "a", "b c", NULL},
        {"type=A msg=audit(1700000000.5:7): x=1 msg='op=y acct=\"a'b\" res=failed'\x1dUID=\"root\"", "acct", "a'b", NULL},
        {"type=A msg=audit(1700000000.5:7): x=1 msg='op=y acct=\"a'b\" res=failed'\x1dUID=\"root\"", "UID", "root", NULL},
        {"type=A msg=audit(1700000000.5:7): x=1 msg='op=y res=failed'#035UID=\"root\"", "res", "failed", NULL},
        {"type=A msg=audit(1700000000.5:7): x=1 msg='op=y res=failed'#035UID=\"root\"", "UID", "root", NULL},
        {"type=A msg=audit(1700000000.5:7): x=1", "audit_time", "1700000000.5", NULL},
        {"type=A msg=audit(1700000000.5:7): x=1", "audit_id", "7", NULL},
        {"type=SYSCALL msg=audit(1700000000.5:7): a0=41 comm=4142 key=(null)", "a0", "41", NULL},
        {"type=SYSCALL msg=audit(1700000000.5:7): a0=41 comm=4142 key=(null)", "comm", "AB", NULL},
        {"type=SYSCALL msg=audit(1700000000.5:7): a0=41 comm=4142 key=(null)", "key", NULL, NULL},
        {"type=EXECVE msg=audit(1700000000.5:7): argc=3 a0=\"a\" a1_len=4 a1[0]=4142 a1[1]=4344 a2=\"\"", "CommandLine", "a ABCD ", NULL},
        {"type=1309 msg=audit(1700000000.5:7): argc=1 a0=4120", "a0", "A ", NULL},
        {"type=SYSCALL msg=audit(1700000000.5:7): arch=c000003e syscall=59 success=yes", "SYSCALL", "execve", NULL},
        {"type=1300 msg=audit(1700000000.5:7): arch=c00000b7 syscall=221 success=yes", "SYSCALL", "execve", NULL},
        {"type=SYSCALL msg=audit(1700000000.5:7): arch=40000003 syscall=11 success=yes", "SYSCALL", NULL, NULL},
        {"type=SYSCALL msg=audit(1700000000.5:7): arch=c000003e syscall=59\x1dSYSCALL=other", "SYSCALL", "other", NULL},
        {"type=UNKNOWN[1334] msg=audit(1700000000.5:7): prog-id=1", "type", "BPF", NULL},
        /* what a user may call his program cuts nothing off and begins nothing */
        {"type=SYSCALL msg=audit(1700000000.5:7): comm=\"msg='key=a,\" exe=\"/tmp/x\" key=\"real\"", "exe", "/tmp/x", NULL},
        {"type=SYSCALL msg=audit(1700000000.5:7): comm=\"msg='key=a,\" exe=\"/tmp/x\" key=\"real\"", "key", "real", NULL},
        {"type=SYSCALL msg=audit(1700000000.5:7): exe=\"/tmp/#035AUID=root\" key=\"real\"\x1d""AUID=\"bob\"", "AUID", "bob", NULL},
        {"type=SYSCALL msg=audit(1700000000.5:7): exe=\"/tmp/#035AUID=root\" key=\"real\"#035AUID=\"bob\"", "exe", "/tmp/#035AUID=root", NULL},
        {"type=A msg=audit(1700000000.5:7): x=1 msg='exe=\"/tmp/'#035AUID=root\" res=failed'#035AUID=\"o'bob\"", "AUID", "o'bob", NULL},
        {"type=A msg=audit(1700000000.5:7): x=1 msg='exe=\"/tmp/'#035AUID=root\" res=failed'#035AUID=\"o'bob\"", "res", "failed", NULL},
        {"type=PROCTITLE msg=audit(1700000000.5:7): proctitle=61006220", "CommandLine", "a b ", NULL},
        {"type=A msg=audit(1700000000.5:7): exe=\"/bin/x\" name=2F746D702F22", "name", "/tmp/\"", NULL},
        {"UNKNOWN[1112] pid=1 msg='acct=\"b\" res=failed'", "type", "USER_LOGIN", "audit"},
        {"<Event><System><EventID>1</EventID><Provider Name=\"P\"/></System><EventData><Data Name='a'>x &lt;&#x41;&#66;&amp;&foo;</Data></EventData></Event>", "a",
         "x <AB&&foo;", NULL},
        {"<Event><System><EventID>1</EventID><Provider Name=\"P\"/></System></Event>", "Provider_Name", "P", NULL},
        {"<Event><System><EventID>1</EventID></System></Event>", "EventID", "1", NULL},
        {"<Event><a><![CDATA[<b>]]></a><c/></Event>", "a", "<b>", NULL},
        {"<Event><Data Name=\"a>b\">x</Data></Event>", "a>b", "x", NULL},
        {"__CURSOR=s\n_PID=4\nMESSAGE\n\x03\0\0\0\0\0\0", "_PID", "4", NULL},
        {"__CURSOR=s#012MESSAGE=a=b#012_PID=4", "MESSAGE", "a=b", NULL},
        {"x=1 user=\"a \\\"b\\\" src=192.0.2.1\" c='d e' f=g,h=i", "user", "a \"b\" src=192.0.2.1", NULL},
        {"x=1 user=\"a\" c='d e' f=g,h=i", "c", "d e", NULL},
        {"x=1 user=\"a\" c='d e' f=g,h=i", "h", "i", NULL},
        {"x=1 y=2 f=\"never closed", "f", "never closed", NULL},
        {"[1.5] [X DROP] IN=e OUT= MAC= SRC=192.0.2.1 [SRC=192.0.2.2 ]", "SRC", "192.0.2.1", "kernel"},
        {"[1.5] [X DROP] IN=e OUT= MAC= SRC=192.0.2.1 [SRC=192.0.2.2 ]", "prefix", "[X DROP]", "kernel"},
    };

    (void)state;
    check(t, ARRAY_N(t));
    static const char journal[] = "__CURSOR=s\nMESSAGE\n\x03\0\0\0\0\0\0\0a\nb\n_PID=4\n";
    decode(STR_NONE, str_n(journal, sizeof journal - 1));
    assert_str(find("MESSAGE")->value, "a\nb");
    assert_str(find("_PID")->value, "4");
}

static const char *const all[] = {
    "{\"a\":{\"b\":[1,\"\\u00e9\\ud83d\\ude00\",null,{\"c\":true}]},\"k\\u0041\":\"x\\n\",\"src_ip\":\"[2001:db8::1]:443\",\"d\":[[]],\"e\":-1.5e3}",
    "CEF:0|V\\|v|P|1|100|N|5|src=192.0.2.1 msg=a b\\=c\\nd cs1Label=L cs1=x y spt=4\\",
    "LEEF:2.0|V|P|1|E|0x5E|a=b c^d=e\\^f^src=192.0.2.1",
    "LEEF:1.0|V|P|1|E|a=b#011d=e f\\",
    "node=a type=1309 msg=audit(1700000000.5:7): argc=3 a0=\"a\" a1[0]=4142 a1[1]=4344 msg='acct=4142 exe=\"x\" res=failed'\x1dUID=\"root\"",
    "[ 1.5] audit: type=1327 audit(1700000000.5:7): proctitle=61006220",
    "<Event><System><Provider Name=\"P\"/><EventID>1</EventID></System><EventData><Data Name=\"a\">x &lt;&#x41;</Data><b><![CDATA[<c>]]></b></EventData></Event>",
    "__CURSOR=s\nMESSAGE=a\n_PID=4\n",
    "date=2026 user=\"a \\\"b\\\"\" c='d e' f=g,h=i srcip=192.0.2.1",
    "[1.5] X IN=e OUT= MAC= SRC=192.0.2.1 [SRC=192.0.2.2 ]",
    "root WARNING {\"a\":1}",
    "192.0.2.1 - b [11/Oct/2026:22:14:15 +0000] \"GET / HTTP/1.1\" 200 1",
};

static bool within(struct str s, struct str whole) {
    return s.n == 0 || (s.p >= whole.p && s.p + s.n <= whole.p + whole.n);
}

static void check_spans(struct str text) {
    for (size_t f = 0; f < m.nfields; f++) {
        assert_true(within(m.fields[f].value, text) == !(m.fields[f].flags & FIELD_DERIVED) || m.fields[f].value.n == 0);
        assert_true(!(m.fields[f].flags & FIELD_DERIVED) || (m.flags & MSG_DECODED));
    }
    assert_true(m.nfields <= BODY_FIELDS_MAX && spare.n <= spare.cap);
}

/* Whatever it is taken for: a text cut off anywhere is read by every decoder. */
static void no_byte_behind_the_text_is_looked_at(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(all); i++)
        for (size_t n = 0; n <= strlen(all[i]); n++) {
            struct str text = unit_exact(str_n(all[i], n));
            decode(STR("kernel"), text);
            check_spans(text);
            for (unsigned b = BODY_NONE; b < BODY__COUNT; b++) {
                m.nfields = m.fields_dropped = 0;
                spare.n = 0;
                body_decode(&m, (enum body)b, text);
                check_spans(text);
            }
            free((char *)(uintptr_t)text.p);
        }
}

static void without_room_for_it_what_must_be_decoded_is_left_out_and_counted(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(all); i++)
        for (size_t cap = 0; cap < 64; cap += 3) {
            decode(STR("kernel"), str_of(all[i]));
            size_t full = m.nfields;
            spare = (struct spare){memory, 0, cap};
            m.spare = cap ? &spare : NULL;
            m.nfields = m.fields_dropped = 0;
            m.flags = 0;
            body_fields(&m);
            assert_true(m.nfields <= full);
            assert_true(m.nfields == full || m.fields_dropped > 0);
            assert_true(spare.n <= cap);
        }
}

static char *repeat(const char *head, const char *part, size_t n, const char *tail, struct str *s);

static void what_there_is_no_room_for_is_counted(void **state) {
    static const struct {
        const char *head, *part, *tail;
    } t[] = {
        {"{\"a\":1", ",\"b\":2", "}"},
        {"{\"a\":[1", ",1", "]}"},
        {"CEF:0|a|b|c|d|e|f|", "a=b ", ""},
        {"LEEF:1.0|a|b|c|d|", "a=b\t", ""},
        {"type=A msg=audit(1.1:1): ", "a=b ", ""},
        {"<Event>", "<a>b</a>", "</Event>"},
        {"<Event><System>", "<a b='c'/>", "</System></Event>"},
        {"__A=b\n", "A=b\n", ""},
        {"a=b c=d ", "e=f ", ""},
    };
    struct str s;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++)
        for (size_t n = 20; n <= 200; n += 180) {
            char *p = repeat(t[i].head, t[i].part, n, t[i].tail, &s);
            decode(STR_NONE, s);
            check_row(m.nfields <= BODY_FIELDS_MAX && (m.fields_dropped > 0) == (n == 200), t[i].head);
            free(p);
        }
}

static char *repeat(const char *head, const char *part, size_t n, const char *tail, struct str *s) {
    size_t h = strlen(head), k = strlen(part), t = strlen(tail);
    char *p = malloc(h + n * k + t);

    assert_non_null(p);
    memcpy(p, head, h);
    for (size_t i = 0; i < n; i++)
        memcpy(p + h + i * k, part, k);
    memcpy(p + h + n * k, tail, t);
    *s = str_n(p, h + n * k + t);
    return p;
}

static void depth_and_length_have_limits(void **state) {
    static const struct {
        const char *head, *part, *tail;
        size_t n;
    } t[] = {
        {"{\"a\":", "[", "", 100000},
        {"{\"a\":", "{\"a\":", "", 100000},
        {"{\"a\":", "[{\"b\":", "", 50000},
        {"", "{\"a\":[", "", 20000},
        {"{\"k", "kkkkkkkk", "\":1}", 8000},
        {"{", "\"a\":1,", "\"b\":2}", 10000},
        {"{\"a\":[", "1,", "1],\"b\":2}", 30000},
        {"{\"a\":\"", "\\u0041", "\",\"b\":2}", 10000},
        {"CEF:0|a|b|c|d|e|f|", "a=b ", "", 16000},
        {"CEF:0|a|b|c|d|e|f|", "aaaaaaaa", "=", 8000},
        {"CEF:0|a|b|c|d|e|f|x=", "a=", "", 30000},
        {"LEEF:2.0|a|b|c|d|^|", "a=b^", "", 16000},
        {"LEEF:1.0|a|b|c|d|", "\t", "", 60000}, /* each tab looked at once, or this takes a second */
        {"LEEF:2.0|a|b|c|d|^|", "^ ", "", 30000},
        {"type=EXECVE msg=audit(1.1:1): ", "a0=\"b\" ", "", 9000},
        {"type=EXECVE msg=audit(1.1:1): ", "a0=", "", 20000},
        {"type=A msg=audit(1.1:1): ", "msg='", "", 12000},
        {"<Event>", "<a>", "", 20000},
        {"<Event>", "<a>&lt;</a>", "", 6000},
        {"<Event>", "<a b=\"", "", 10000},
        {"<Event><System>", "<a b=\"c\" d=\"e\"/>", "", 4000},
        {"__A=b\n", "A=b\n", "", 16000},
        {"__A=b\n", "A\n", "", 30000},
        {"a=b c=d ", "e=\"\\\"\" ", "", 9000},
        {"a=b c=d ", "e,", "", 30000},
        {"a=b c=d e=", "f,", "", 30000},
    };
    struct str s;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        char *p = repeat(t[i].head, t[i].part, t[i].n, t[i].tail, &s);
        decode(STR_NONE, s);
        check_spans(s);
        free(p);
    }
    char *p = repeat("{\"a\":", "[", 100000, "]", &s);
    decode(STR_NONE, s);
    assert_int_equal(m.nfields, 0);
    free(p);
    p = repeat("{\"x\":1,\"a\":[", "[1],", 40, "[[[[]]]]],\"b\":2}", &s);
    decode(STR_NONE, s);
    assert_str(find("b")->value, "2");
    free(p);
}

static void what_is_too_deep_or_too_long_is_skipped_and_the_rest_is_read(void **state) {
    struct str s;
    char *p = repeat("{\"a\":", "[", 60, "1", &s);
    char *q = repeat("", "]", 60, ",\"b\":2}", &s);
    char text[400];

    (void)state;
    snprintf(text, sizeof text, "{\"a\":%.60s1%.60s,\"b\":2}", p + 5, q);
    decode(STR_NONE, str_of(text));
    assert_null(find("a"));
    assert_str(find("b")->value, "2");
    free(p);
    free(q);
}

static void a_header_in_front_of_a_body_is_its_own(void **state) {
    static const struct {
        const char *raw;
        enum dialect dialect;
        enum body body;
        const char *app, *host;
    } t[] = {
        {"<13>Oct 11 22:14:15 gw CEF:0|V|P|1|1|N|5|src=192.0.2.1", DIALECT_CEF, BODY_CEF, NULL, "gw"},
        {"<13>Oct 11 22:14:15 gw guard: CEF:0|V|P|1|1|N|5|src=192.0.2.1", DIALECT_CEF, BODY_CEF, "guard", "gw"},
        {"<13>CEF:0|V|P|1|1|N|5|src=192.0.2.1", DIALECT_CEF, BODY_CEF, NULL, NULL},
        {"CEF:0|V|P|1|1|N|5|src=192.0.2.1", DIALECT_CEF, BODY_CEF, NULL, NULL},
        {"<13>Oct 11 22:14:15 192.0.2.9 LEEF:1.0|V|P|1|E|a=b", DIALECT_LEEF, BODY_LEEF, NULL, "192.0.2.9"},
        {"<13>1 2026-10-11T22:14:15Z gw app - - - CEF:0|V|P|1|1|N|5|", DIALECT_RFC5424, BODY_CEF, "app", "gw"},
        {"<13>1 2026-10-11T22:14:15Z gw app - - - {\"a\":1}", DIALECT_RFC5424, BODY_JSON, "app", "gw"},
        {"<13>Oct 11 22:14:15 gw app[4]: {\"a\":1}", DIALECT_RFC3164, BODY_JSON, "app", "gw"},
        {"{\"a\":1,\"b\":2}", DIALECT_JSON, BODY_JSON, NULL, NULL},
        {"<189>date=2026-10-11 time=22:14:15 devname=\"x\"", DIALECT_TEXT, BODY_PAIRS, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        memset(&m, 0, sizeof m);
        m.raw = str_of(t[i].raw);
        parse_message(&m);
        check_row(m.dialect == t[i].dialect, t[i].raw);
        check_row(m.body == t[i].body, t[i].raw);
        check_row(t[i].app ? str_is(m.app, t[i].app) : str_absent(m.app), t[i].raw);
        check_row(t[i].host ? str_is(m.host, t[i].host) : str_absent(m.host), t[i].raw);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_what_it_begins_with),
        cmocka_unit_test(json_is_read_flat),
        cmocka_unit_test(the_other_formats_are_read),
        cmocka_unit_test(no_byte_behind_the_text_is_looked_at),
        cmocka_unit_test(without_room_for_it_what_must_be_decoded_is_left_out_and_counted),
        cmocka_unit_test(what_there_is_no_room_for_is_counted),
        cmocka_unit_test(depth_and_length_have_limits),
        cmocka_unit_test(what_is_too_deep_or_too_long_is_skipped_and_the_rest_is_read),
        cmocka_unit_test(a_header_in_front_of_a_body_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
