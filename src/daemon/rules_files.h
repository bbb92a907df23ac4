/* SPDX-License-Identifier: ISC
 *
 * rules_files.h - tocsind rules check|test: files of rules judged in a process of their own, by whoever wrote or found them
 */
#ifndef TOCSIN_DAEMON_RULES_FILES_H
#define TOCSIN_DAEMON_RULES_FILES_H

/* argv[0] is "rules". 0; 2 on wrong words; 3 when a file is not there; 7 when a sample fails (test); 78 when a rule is refused, or (check)
 * anything is wrong with one. */
int rules_files_main(int argc, char **argv);

#endif
