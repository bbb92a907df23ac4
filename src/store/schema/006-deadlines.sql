-- SPDX-License-Identifier: ISC
-- What could not be delivered is looked for every minute: not among every notice there ever was.
CREATE INDEX notification_dead ON notification(dead_at) WHERE state='dead';
