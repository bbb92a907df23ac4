-- SPDX-License-Identifier: ISC
-- Counting what is undecided reads an index and no row; a reference is found without knowing whose it is.
CREATE INDEX event_undecided ON event(org_id,priority,state,received_at) WHERE state IN('new','assessing','waiting');
DROP INDEX event_ref;
CREATE UNIQUE INDEX event_ref ON event(ref,org_id);
DROP INDEX incident_ref;
CREATE UNIQUE INDEX incident_ref ON incident(ref,org_id);
