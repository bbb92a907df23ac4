-- SPDX-License-Identifier: ISC
-- What is with the carrier is counted before each look at the outbox: not by reading every notice there ever was.
CREATE INDEX notification_sending ON notification(id) WHERE state='sending';
