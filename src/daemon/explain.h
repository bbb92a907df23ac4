/* SPDX-License-Identifier: ISC
 *
 * explain.h - tocsind explain: what would be made of these lines; no daemon, no database
 *
 * tocsind explain [-c FILE] [--rules PATH]... [--input=lines|nul|events] [--as=syslog|line:PROGRAM] [--any-logsource] [--json] [FILE|-]
 *
 * Time: the input is replayed in event time, so the state of correlations runs through it whatever the clock says. A stamp without
 * a year gets the latest year in which it is not in the future (a day is allowed for clocks and zones): what is replayed has happened.
 * A message without a stamp is put at the time of the one before it, the first at the time of the run; its "time" is null all the same.
 */
#ifndef TOCSIN_DAEMON_EXPLAIN_H
#define TOCSIN_DAEMON_EXPLAIN_H

#include "daemon/config.h"

/* argv[0] is "explain". 0; 1 when the input cannot be read; 2 on wrong words; 78 when configuration or rules do not load. */
int explain_main(int argc, char **argv);

/* The same through the running daemon: lines as they come by syslog, answered as a JSON array, in which "text" is what a person reads.
 * The state of correlations is its own and begins empty. No prefilter needed in g. */
enum rc explain_lines(const struct generation *g, struct str lines, struct buf *json, struct err *e);

/* What each line does to one rule of g: a JSON array of {"n","text","match","why"}. */
enum rc explain_rule(const struct generation *g, uint32_t rule, struct str lines, struct buf *json, struct err *e);

#endif
