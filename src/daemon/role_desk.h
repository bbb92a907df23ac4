/* SPDX-License-Identifier: ISC
 *
 * role_desk.h - the desk role: the only process that opens the database; the control socket is served here
 */
#ifndef TOCSIN_DAEMON_ROLE_DESK_H
#define TOCSIN_DAEMON_ROLE_DESK_H
int role_desk_main(int parent_fd, const char *state); /* state: folder of the record; gives the exit status */
#endif
