/* SPDX-License-Identifier: ISC
 *
 * role_ingest.h - the ingest role: what comes in becomes sightings, and the desk gets them
 */
#ifndef TOCSIN_DAEMON_ROLE_INGEST_H
#define TOCSIN_DAEMON_ROLE_INGEST_H

int role_ingest_main(int parent_fd);

#endif
