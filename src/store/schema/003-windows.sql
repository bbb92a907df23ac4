-- SPDX-License-Identifier: ISC
--
-- 003-windows.sql - what the correlator remembers: a picture of its groups in pieces, and a journal of what happened since it was begun, one row a
-- commit. meta corr.picture says which picture is whole and where its journal begins. corr_window is what earlier versions left; it is read
-- until there is a picture. folds: how often events were seen, not yet in their fold rows (meta corr.folds: up to where they are).
CREATE TABLE corr_picture(id INTEGER PRIMARY KEY, picture INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE corr_journal(seq INTEGER PRIMARY KEY, windows BLOB, folds BLOB) STRICT;
