/* SPDX-License-Identifier: ISC
 *
 * route.c - which command a method and a path ask for
 *
 * Gives   the row, the reference or name that the path carries, and the verb: its last segment.
 */
#include "control/cmd.h"

/* Compares segment by segment; what stands for {name} is given in value (at most one in a route). */
static bool route_match(const char *route, struct str path, struct str *name, struct str *value) {
    struct str r = str_of(route);

    *name = *value = STR_NONE;
    while (!str_absent(r) && !str_absent(path)) {
        struct str want = str_cut(&r, '/'), have = str_cut(&path, '/');
        if (want.n && want.p[0] == '{') {
            if (!have.n)
                return false;
            *name = str_sub(want, 1, want.n - 1);
            *value = have;
        } else if (!str_eq(want, have)) {
            return false;
        }
    }
    return str_absent(r) && str_absent(path);
}

static void take_route(struct call *k, const struct command *cmd, struct str path, struct str name, struct str value) {
    k->cmd = cmd;
    k->machine = str_is(name, "event") ? MACHINE_EVENT : MACHINE_INCIDENT;
    k->ref = value;
    while (!str_absent(path))
        k->verb = str_cut(&path, '/');
}

enum rc route_find(struct call *k, struct str method, struct str path, const char **allow, struct err *e) {
    const struct command *cmd;
    struct str name, value, asked = str_is(method, "HEAD") ? STR("GET") : method;

    for (size_t i = 0; (cmd = command_at(i)); i++) {
        if (!cmd->route || !route_match(cmd->route, path, &name, &value))
            continue;
        if (str_is(asked, method_name(cmd->method))) {
            take_route(k, cmd, path, name, value);
            *allow = "";
            return RC_OK;
        }
        *allow = cmd->method == METHOD_GET ? "Allow: GET, HEAD\r\n" : "Allow: POST\r\n";
    }
    if (**allow)
        return err_set(e, RC_USAGE, "%.*s is not how to ask for this", STR_FMT(method));
    err_set(e, RC_NOTFOUND, "there is nothing at %.*s", (int)(path.n < 200 ? path.n : 200), path.p ? path.p : "");
    err_hint(e, "GET /v1/openapi.json lists what there is");
    return RC_NOTFOUND;
}
