-- SPDX-License-Identifier: ISC
-- What is undecided, the most urgent first; what came from an address. Both end in the rowid: the newest first needs no sorting.
DROP INDEX event_open;
CREATE INDEX event_open ON event(priority) WHERE state IN('new','assessing','waiting');
CREATE INDEX event_address ON event(src_ip) WHERE src_ip IS NOT NULL;
