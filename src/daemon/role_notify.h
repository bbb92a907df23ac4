/* SPDX-License-Identifier: ISC
 * role_notify.h - the notify role: carries what the desk hands it, reports what became of it. No database, no listener.
 */
#ifndef TOCSIN_DAEMON_ROLE_NOTIFY_H
#define TOCSIN_DAEMON_ROLE_NOTIFY_H
int role_notify_main(int parent_fd); /* exit status */
#endif
