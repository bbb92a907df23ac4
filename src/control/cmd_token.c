/* SPDX-License-Identifier: ISC
 *
 * cmd_token.c - tokens: made once, shown once, worthless at once when revoked
 *
 * An administrator sees to everybody's, a person to their own.
 */
#include "control/cmd.h"

#include "base/digest.h"
#include "base/log.h"
#include "base/rng.h"

#include <string.h>

#define TOKEN_BYTES 32
#define ID_DIGITS 10 /* a token is called by the first digits of its digest */

static bool may(const struct call *k, struct str login) {
    return k->who.admin || str_eq(login, k->who.login);
}

static enum rc check_add(struct call *k, struct str login, struct err *e) {
    const struct person *p = k->c->roster ? roster_person(k->c->roster, login) : NULL;

    if (!p) {
        err_set(e, RC_NOTFOUND, "nobody in the roster is called \"%.*s\"", STR_FMT(login));
        err_hint(e, "add the person to roster.yaml, then: tocsin reload");
        return RC_NOTFOUND;
    }
    if (!may(k, login)) {
        err_set(e, RC_DENIED, "%.*s may not make tokens for others", STR_FMT(k->who.login));
        err_hint(e, "as root, or as the user the daemon runs as: tocsin --no-token token add %.*s", STR_FMT(login));
        return RC_DENIED;
    }
    return k->c->ntokens < TOKENS_MAX ? RC_OK : err_set(e, RC_LIMIT, "there are %d tokens; revoke some", TOKENS_MAX);
}

static enum rc token_new(struct control *c, struct str login, int64_t now, char *secret, struct err *e) {
    struct token *t = &c->tokens[c->ntokens];
    uint8_t sum[SHA256_SIZE];
    enum rc rc;

    memcpy(secret, "tok_", 4);
    rng_hex(secret + 4, TOKEN_BYTES);
    sha256_of(str_of(secret), sum);
    if (!str_copy(t->login, sizeof t->login, login))
        return err_set(e, RC_LIMIT, "the login is too long");
    hex_of(sum, sizeof sum, t->digest);
    t->created = now;
    c->ntokens++;
    if ((rc = identity_save(c, e)) != RC_OK)
        c->ntokens--;
    return rc;
}

static struct token_change change_of(const struct token *t) {
    return (struct token_change){.login = str_of(t->login), .id = str_n(t->digest, ID_DIGITS)};
}

/* What the record does not know of must not open anything. */
static enum rc token_record(struct call *k, struct err *e) {
    struct control *c = k->c;
    struct token_change change = change_of(&c->tokens[c->ntokens - 1]);
    enum rc rc = desk_tokens_changed(c->desk, &k->who, true, &change, 1, k->now, e);

    if (rc == RC_OK)
        return RC_OK;
    c->ntokens--;
    if (identity_save(c, NULL) != RC_OK)
        log_err("control", "a token that was not recorded still stands in %s", c->token_file);
    return rc;
}

static void token_json(struct jw *w, const struct token *t, const char *secret) {
    jw_map(w);
    jw_kv_text(w, "login", t->login);
    jw_kv_str(w, "id", str_n(t->digest, ID_DIGITS));
    jw_kv_time(w, "created", t->created);
    if (secret)
        jw_kv_text(w, "token", secret);
    jw_map_end(w);
}

void cmd_token_add(struct call *k) {
    char secret[4 + 2 * TOKEN_BYTES + 1];
    struct str login;
    struct buf json;
    struct jw w;
    struct err e = {0};
    enum rc rc;

    buf_init(&json, ANSWER_MAX);
    if ((rc = args_need(&k->args, "login", &login, &e)) == RC_OK && (rc = check_add(k, login, &e)) == RC_OK &&
        (rc = token_new(k->c, login, k->now, secret, &e)) == RC_OK && (rc = token_record(k, &e)) == RC_OK) {
        const struct token *t = &k->c->tokens[k->c->ntokens - 1];
        jw_init(&w, &json);
        token_json(&w, t, secret);
        log_note("control", "token %.*s made for=%s by=%.*s", ID_DIGITS, t->digest, t->login, STR_FMT(k->who.login));
    }
    wipe(secret, sizeof secret);
    reply_or_error(k, rc, &json, &e);
}

void cmd_token_list(struct call *k) {
    struct buf json;
    struct jw w;
    struct err e = {0};

    buf_init(&json, REPLY_MAX);
    jw_init(&w, &json);
    jw_list(&w);
    for (size_t i = 0; i < k->c->ntokens; i++)
        if (may(k, str_of(k->c->tokens[i].login)))
            token_json(&w, &k->c->tokens[i], NULL);
    jw_list_end(&w);
    reply_or_error(k, RC_OK, &json, &e);
}

static bool token_named(const struct token *t, struct str name) {
    return str_eq(str_of(t->login), name) || (name.n >= 6 && str_starts(str_of(t->digest), name));
}

/* Drops those named and allowed; the file first, so that what is revoked stays revoked after a restart, be it recorded or not. */
static enum rc revoke(struct call *k, struct str name, size_t *dropped, struct err *e) {
    struct control *c = k->c;
    struct token *old = c->tokens, *kept = arena_alloc(&k->arena, sizeof *kept * (c->ntokens + 1));
    struct token_change *gone = arena_alloc(&k->arena, sizeof *gone * (c->ntokens + 1));
    size_t n = 0, before = c->ntokens;
    enum rc rc;

    if (!kept || !gone)
        return err_set(e, RC_NOMEM, "out of memory");
    *dropped = 0;
    for (size_t i = 0; i < before; i++) {
        if (!token_named(&old[i], name) || !may(k, str_of(old[i].login))) {
            kept[n++] = old[i];
            continue;
        }
        struct token_change x = change_of(&old[i]);
        gone[(*dropped)++] = (struct token_change){arena_str(&k->arena, x.login), arena_str(&k->arena, x.id)};
    }
    if (!*dropped)
        return err_set(e, RC_NOTFOUND, "there is no token of yours to revoke called \"%.*s\"", STR_FMT(name));
    c->tokens = kept;
    c->ntokens = n;
    rc = identity_save(c, e);
    c->tokens = old;
    c->ntokens = rc == RC_OK ? n : before;
    if (rc != RC_OK)
        return rc;
    memcpy(old, kept, n * sizeof *kept);
    return desk_tokens_changed(c->desk, &k->who, false, gone, *dropped, k->now, e);
}

void cmd_token_revoke(struct call *k) {
    struct answer a;
    struct str name;
    struct err e = {0};
    size_t dropped = 0;
    enum rc rc;

    answer_init(k, &a);
    if ((rc = args_need(&k->args, "token", &name, &e)) == RC_OK && (rc = revoke(k, name, &dropped, &e)) == RC_OK) {
        log_note("control", "tokens revoked name=%.*s count=%zu by=%.*s", STR_FMT(name), dropped, STR_FMT(k->who.login));
        buf_printf(&a.said, "%zu token%s revoked.\n", dropped, dropped == 1 ? "" : "s");
    }
    reply_answer(k, rc, &a, &e);
}
