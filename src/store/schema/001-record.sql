-- SPDX-License-Identifier: ISC
--
-- 001-record.sql - the record (process.md 1 to 8). Times: INTEGER microseconds UTC. JSON columns end in _json.
--
-- Tables with audit_seq are evidence: the audit line of that number carries a digest of the row (store/audit.h). The others are the
-- daemon's own state. Ids grow with time; event has one randomly ordered index (event_fp).
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE counter(org_id INTEGER NOT NULL, kind TEXT NOT NULL, year INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(org_id,kind,year)) STRICT, WITHOUT ROWID;

-- who
CREATE TABLE org(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, tz TEXT NOT NULL DEFAULT 'Europe/Berlin',
  holidays TEXT, business_hours TEXT NOT NULL DEFAULT 'Mon-Fri 08:00-18:00', regimes_json TEXT NOT NULL DEFAULT '[]',
  sod_mode TEXT NOT NULL DEFAULT 'strict' CHECK(sod_mode IN('strict','compensating')), delegates_reporting INTEGER NOT NULL DEFAULT 0, action_approval_limit_cents INTEGER,
  lei TEXT, annual_turnover_cents INTEGER, currency TEXT NOT NULL DEFAULT 'EUR', valid_from INTEGER NOT NULL, valid_to INTEGER) STRICT;
CREATE TABLE party(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, org_id INTEGER NOT NULL REFERENCES org, kind TEXT NOT NULL CHECK(kind IN('person','team','organisation','authority','supplier','customer','data_subject_group','adversary','public')),
  name TEXT NOT NULL, function TEXT CHECK(function IN('iso','it','management','dpo','legal','hr','comms','audit','business','authority','other')), contact_json TEXT, tlp_max TEXT NOT NULL DEFAULT 'AMBER') STRICT;
CREATE TABLE principal(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, pseudonym TEXT NOT NULL UNIQUE, kind TEXT NOT NULL CHECK(kind IN('system','root','person')), active INTEGER NOT NULL DEFAULT 1) STRICT;
CREATE TABLE principal_identity(principal_id INTEGER PRIMARY KEY REFERENCES principal, audit_seq INTEGER NOT NULL, party_id INTEGER REFERENCES party, login TEXT UNIQUE, display TEXT, email TEXT, function TEXT) STRICT; -- erasable
CREATE TABLE role_binding(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, org_id INTEGER NOT NULL REFERENCES org, principal_id INTEGER NOT NULL REFERENCES principal,
  role TEXT NOT NULL CHECK(role IN('source','reporter','analyst','iso','deputy','management','dpo','auditor','admin','action_owner')),
  valid_from INTEGER NOT NULL, valid_to INTEGER, granted_by INTEGER NOT NULL REFERENCES principal, reason TEXT NOT NULL, exception_ref TEXT) STRICT;
CREATE TABLE absence(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, org_id INTEGER NOT NULL REFERENCES org, principal_id INTEGER NOT NULL REFERENCES principal, from_at INTEGER NOT NULL, to_at INTEGER NOT NULL, CHECK(to_at>from_at)) STRICT;
CREATE TABLE source(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, org_id INTEGER NOT NULL REFERENCES org, kind TEXT NOT NULL CHECK(kind IN('syslog','webhook','human','import','internal')),
  name TEXT NOT NULL, trust INTEGER NOT NULL DEFAULT 80 CHECK(trust BETWEEN 0 AND 100), heartbeat_us INTEGER, UNIQUE(org_id,name)) STRICT;
CREATE TABLE source_seen(source_id INTEGER PRIMARY KEY REFERENCES source, last_seen_at INTEGER NOT NULL, silent_since INTEGER) STRICT;
CREATE TABLE asset(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, org_id INTEGER NOT NULL REFERENCES org, key TEXT NOT NULL, name TEXT, process TEXT, owner_party_id INTEGER REFERENCES party,
  need_c INTEGER NOT NULL DEFAULT 2 CHECK(need_c BETWEEN 1 AND 4), need_i INTEGER NOT NULL DEFAULT 2 CHECK(need_i BETWEEN 1 AND 4), need_a INTEGER NOT NULL DEFAULT 2 CHECK(need_a BETWEEN 1 AND 4),
  data_category INTEGER NOT NULL DEFAULT 0 CHECK(data_category BETWEEN 0 AND 4), critical_service INTEGER NOT NULL DEFAULT 0, tags_json TEXT, active INTEGER NOT NULL DEFAULT 1, UNIQUE(org_id,key)) STRICT;
CREATE TABLE rule(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, org_id INTEGER, name TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL, confidence INTEGER NOT NULL CHECK(confidence BETWEEN 0 AND 100),
  rsit_class TEXT NOT NULL, rsit_type TEXT NOT NULL, auto_declare INTEGER NOT NULL DEFAULT 0, auto_dismiss INTEGER NOT NULL DEFAULT 0, suppress INTEGER NOT NULL DEFAULT 0,
  approved_by INTEGER REFERENCES principal, approved_at INTEGER, expires_at INTEGER, reason TEXT,
  CHECK((auto_declare+auto_dismiss+suppress)=0 OR (approved_by IS NOT NULL AND expires_at IS NOT NULL)), UNIQUE(org_id,name,version)) STRICT;
CREATE TABLE config_change(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, org_id INTEGER REFERENCES org, what TEXT NOT NULL, digest TEXT NOT NULL, loaded_at INTEGER NOT NULL, approved_by INTEGER REFERENCES principal, reason TEXT) STRICT;

-- events: the unit of assessment
CREATE TABLE event(id INTEGER PRIMARY KEY AUTOINCREMENT, audit_seq INTEGER NOT NULL, ref TEXT NOT NULL, org_id INTEGER NOT NULL REFERENCES org, source_id INTEGER NOT NULL REFERENCES source, rule TEXT NOT NULL, correlation TEXT,
  state TEXT NOT NULL CHECK(state IN('new','assessing','waiting','incident','dismissed','duplicate','suppressed')), state_since INTEGER NOT NULL,
  disposition TEXT CHECK(disposition IN('false_positive','benign_authorised','informational','below_criteria','near_miss','weakness','improvement','transferred','exercise','not_security')),
  title TEXT NOT NULL, fingerprint TEXT NOT NULL, count INTEGER NOT NULL DEFAULT 1 CHECK(count>=0), first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, src_ip TEXT, user TEXT, host TEXT,
  rsit_class TEXT NOT NULL DEFAULT 'other', rsit_type TEXT NOT NULL DEFAULT 'undetermined', level TEXT CHECK(level IN('informational','low','medium','high','critical')),
  impact_c INTEGER NOT NULL CHECK(impact_c BETWEEN 0 AND 4), impact_i INTEGER NOT NULL CHECK(impact_i BETWEEN 0 AND 4), impact_a INTEGER NOT NULL CHECK(impact_a BETWEEN 0 AND 4),
  need_c INTEGER NOT NULL CHECK(need_c BETWEEN 1 AND 4), need_i INTEGER NOT NULL CHECK(need_i BETWEEN 1 AND 4), need_a INTEGER NOT NULL CHECK(need_a BETWEEN 1 AND 4),
  data_category INTEGER NOT NULL CHECK(data_category BETWEEN 0 AND 4), scope INTEGER NOT NULL CHECK(scope BETWEEN 0 AND 3),
  outcome TEXT NOT NULL CHECK(outcome IN('blocked','attempted','unknown','suspected','success')), activity TEXT NOT NULL CHECK(activity IN('ended','unknown','ongoing','spreading')),
  confidence INTEGER NOT NULL CHECK(confidence BETWEEN 0 AND 100), impact_floor INTEGER NOT NULL CHECK(impact_floor BETWEEN 0 AND 4),
  impact_score INTEGER NOT NULL, impact_level INTEGER NOT NULL, urgency INTEGER NOT NULL,
  priority_computed INTEGER NOT NULL CHECK(priority_computed BETWEEN 1 AND 5), priority INTEGER NOT NULL CHECK(priority BETWEEN 1 AND 5),
  occurred_at INTEGER, detected_at INTEGER NOT NULL, received_at INTEGER NOT NULL, claimed_at INTEGER, decided_at INTEGER, assessor_id INTEGER REFERENCES principal,
  reporter_id INTEGER REFERENCES principal, feedback_at INTEGER, duplicate_of INTEGER REFERENCES event, incident_id INTEGER, reopen_count INTEGER NOT NULL DEFAULT 0,
  suggestion TEXT, -- what became of the last event with this fingerprint: "dismissed as false_positive", "possible_recurrence of INC-..."
  raw_count INTEGER NOT NULL DEFAULT 0, raw_digest BLOB, -- over the raw rows with audited=1, in order
  qa_sample INTEGER NOT NULL DEFAULT 0, clock_unsync INTEGER NOT NULL DEFAULT 0, tlp TEXT NOT NULL DEFAULT 'AMBER+STRICT', retention_until INTEGER, content_state TEXT NOT NULL DEFAULT 'present' CHECK(content_state IN('present','redacted','erased')),
  CHECK((state='dismissed')=(disposition IS NOT NULL) OR state='suppressed'), CHECK((state='duplicate')=(duplicate_of IS NOT NULL)), CHECK((state='incident')=(incident_id IS NOT NULL)), CHECK(duplicate_of IS NULL OR duplicate_of<>id)) STRICT;
CREATE UNIQUE INDEX event_ref ON event(org_id,ref);
CREATE INDEX event_fp ON event(org_id,fingerprint);
CREATE INDEX event_open ON event(org_id,priority) WHERE state IN('new','assessing','waiting');
CREATE INDEX event_incident ON event(incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX event_reporter ON event(reporter_id) WHERE reporter_id IS NOT NULL;
-- sightings counted since the event's last audit line: at most a minute old
CREATE TABLE fold(event_id INTEGER PRIMARY KEY REFERENCES event, count INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, since INTEGER NOT NULL, digest BLOB NOT NULL) STRICT;
CREATE TABLE raw(id INTEGER PRIMARY KEY AUTOINCREMENT, event_id INTEGER REFERENCES event, org_id INTEGER NOT NULL REFERENCES org, source_id INTEGER NOT NULL REFERENCES source, rule TEXT NOT NULL, fields BLOB, src_ip TEXT, user TEXT, -- what correlations group by, until one claims it; nearly all of them by one of these two
  received_at INTEGER NOT NULL, time INTEGER NOT NULL, peer TEXT, transport INTEGER NOT NULL, flags INTEGER NOT NULL, sha256 BLOB NOT NULL CHECK(length(sha256)=32), body BLOB, audited INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX raw_event ON raw(event_id) WHERE event_id IS NOT NULL;
CREATE INDEX raw_pending ON raw(org_id,time) WHERE event_id IS NULL;
CREATE INDEX raw_pending_ip ON raw(org_id,src_ip,time) WHERE event_id IS NULL AND src_ip IS NOT NULL;
CREATE INDEX raw_pending_user ON raw(org_id,user,time) WHERE event_id IS NULL AND user IS NOT NULL;
CREATE TABLE observable(id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL REFERENCES org, kind TEXT NOT NULL CHECK(kind IN('ipv4','ipv6','domain','url','email','account','host','file_sha256','file_name','process','port','cve','user_agent','other')),
  value TEXT NOT NULL, pii INTEGER NOT NULL DEFAULT 0, pseudonym INTEGER NOT NULL DEFAULT 0, indicator INTEGER NOT NULL DEFAULT 0, role TEXT CHECK(role IN('source','target','other')), first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, UNIQUE(org_id,kind,value)) STRICT;
CREATE TABLE event_observable(event_id INTEGER NOT NULL REFERENCES event, observable_id INTEGER NOT NULL REFERENCES observable, PRIMARY KEY(event_id,observable_id)) STRICT, WITHOUT ROWID;

-- incidents: the unit of response
CREATE TABLE incident(id INTEGER PRIMARY KEY AUTOINCREMENT, audit_seq INTEGER NOT NULL, ref TEXT NOT NULL, org_id INTEGER NOT NULL REFERENCES org, title TEXT NOT NULL, summary TEXT NOT NULL, description TEXT,
  state TEXT NOT NULL CHECK(state IN('declared','acknowledged','investigating','contained','eradicated','recovered','review','closed','rejected','merged')), prev_state TEXT, state_since INTEGER NOT NULL,
  provisional INTEGER NOT NULL DEFAULT 0, exercise INTEGER NOT NULL DEFAULT 0, restricted INTEGER NOT NULL DEFAULT 0, tlp TEXT NOT NULL DEFAULT 'AMBER+STRICT',
  rsit_class TEXT NOT NULL, rsit_type TEXT NOT NULL, attack_tactics_json TEXT, detection_source TEXT NOT NULL DEFAULT 'tool' CHECK(detection_source IN('tool','employee','customer','supplier','authority','adversary','audit','other')), discovery_method TEXT,
  cause_malicious TEXT NOT NULL DEFAULT 'unknown' CHECK(cause_malicious IN('unknown','no','suspected','yes')),
  impact_c INTEGER NOT NULL CHECK(impact_c BETWEEN 0 AND 4), impact_i INTEGER NOT NULL CHECK(impact_i BETWEEN 0 AND 4), impact_a INTEGER NOT NULL CHECK(impact_a BETWEEN 0 AND 4),
  need_c INTEGER NOT NULL CHECK(need_c BETWEEN 1 AND 4), need_i INTEGER NOT NULL CHECK(need_i BETWEEN 1 AND 4), need_a INTEGER NOT NULL CHECK(need_a BETWEEN 1 AND 4),
  data_category INTEGER NOT NULL DEFAULT 0 CHECK(data_category BETWEEN 0 AND 4), scope INTEGER NOT NULL DEFAULT 0 CHECK(scope BETWEEN 0 AND 3),
  outcome TEXT NOT NULL DEFAULT 'unknown' CHECK(outcome IN('blocked','attempted','unknown','suspected','success')), activity TEXT NOT NULL DEFAULT 'unknown' CHECK(activity IN('ended','unknown','ongoing','spreading')),
  confidence INTEGER NOT NULL DEFAULT 50 CHECK(confidence BETWEEN 0 AND 100), impact_floor INTEGER NOT NULL DEFAULT 0 CHECK(impact_floor BETWEEN 0 AND 4), impact_score INTEGER NOT NULL, impact_level INTEGER NOT NULL, urgency INTEGER NOT NULL,
  priority_computed INTEGER NOT NULL CHECK(priority_computed BETWEEN 1 AND 5), priority INTEGER NOT NULL CHECK(priority BETWEEN 1 AND 5), worst_priority INTEGER NOT NULL CHECK(worst_priority BETWEEN 1 AND 5), priority_reason TEXT,
  personal_data TEXT NOT NULL CHECK(personal_data IN('no','unknown','yes')), gdpr_role TEXT NOT NULL DEFAULT 'na' CHECK(gdpr_role IN('na','controller','processor','joint')),
  gdpr_risk TEXT NOT NULL DEFAULT 'undetermined' CHECK(gdpr_risk IN('undetermined','unlikely','risk','high')), data_subject_categories_json TEXT, data_subject_count INTEGER, record_count INTEGER, dp_consequences TEXT, dp_34_3_reason TEXT,
  significant_nis2 TEXT NOT NULL DEFAULT 'undetermined' CHECK(significant_nis2 IN('undetermined','no','yes')), major_dora TEXT NOT NULL DEFAULT 'undetermined' CHECK(major_dora IN('undetermined','no','yes')),
  cross_border TEXT NOT NULL DEFAULT 'unknown' CHECK(cross_border IN('unknown','no','yes')), member_states_json TEXT, users_affected INTEGER, services_json TEXT,
  occurred_at INTEGER, occurred_quality TEXT NOT NULL DEFAULT 'unknown' CHECK(occurred_quality IN('exact','estimated','unknown')), detected_at INTEGER NOT NULL, potential_aware_at INTEGER NOT NULL, declared_at INTEGER NOT NULL,
  acknowledged_at INTEGER, confirmed_at INTEGER, response_started_at INTEGER, contained_at INTEGER, eradicated_at INTEGER, recovered_at INTEGER, classified_major_at INTEGER, review_opened_at INTEGER, close_requested_at INTEGER, closed_at INTEGER, rejected_at INTEGER, merged_at INTEGER, reopened_at INTEGER,
  downtime_start INTEGER, downtime_end INTEGER, owner_id INTEGER REFERENCES principal, merged_into INTEGER REFERENCES incident, related_json TEXT,
  bcp_activated TEXT NOT NULL DEFAULT 'no' CHECK(bcp_activated IN('no','yes')), crisis TEXT NOT NULL DEFAULT 'no' CHECK(crisis IN('no','yes')),
  root_cause_code TEXT, root_cause_state TEXT NOT NULL DEFAULT 'unknown' CHECK(root_cause_state IN('unknown','suspected','established')), root_cause_text TEXT, nonconformity_ref TEXT, closing_statement TEXT,
  close_requested_by INTEGER REFERENCES principal, close_approved_by INTEGER REFERENCES principal, sod_exception TEXT, reopen_count INTEGER NOT NULL DEFAULT 0, regress_count INTEGER NOT NULL DEFAULT 0,
  retention_class TEXT NOT NULL DEFAULT 'incident', retention_until INTEGER, legal_hold INTEGER NOT NULL DEFAULT 0,
  disposition TEXT CHECK(disposition IN('false_positive','benign_authorised','informational','below_criteria','near_miss','weakness','improvement','transferred','exercise','not_security')),
  CHECK((state='merged')=(merged_into IS NOT NULL)), CHECK(state<>'closed' OR closed_at IS NOT NULL), CHECK((state='rejected')=(disposition IS NOT NULL)),
  CHECK(close_approved_by IS NULL OR close_approved_by<>close_requested_by OR sod_exception IS NOT NULL), CHECK(merged_into IS NULL OR merged_into<>id),
  CHECK(priority<=priority_computed OR priority_reason IS NOT NULL)) STRICT;
CREATE UNIQUE INDEX incident_ref ON incident(org_id,ref);
-- 0 automatic, 1 first, 2 second assessment; stage 0 is a rule's (rule set) or that of a person's report (by set)
CREATE TABLE assessment(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, event_id INTEGER REFERENCES event, incident_id INTEGER REFERENCES incident, stage INTEGER NOT NULL CHECK(stage IN(0,1,2)),
  at INTEGER NOT NULL, by INTEGER NOT NULL REFERENCES principal, rule TEXT, decision TEXT NOT NULL CHECK(decision IN('incident','not_incident','undetermined')), criteria_json TEXT NOT NULL, confidence INTEGER NOT NULL, rationale TEXT NOT NULL, second_person INTEGER REFERENCES principal,
  CHECK(stage=0 OR rule IS NULL), CHECK((event_id IS NULL)<>(incident_id IS NULL)), CHECK(second_person IS NULL OR second_person<>by)) STRICT;
CREATE INDEX assessment_event ON assessment(event_id) WHERE event_id IS NOT NULL;
CREATE INDEX assessment_incident ON assessment(incident_id) WHERE incident_id IS NOT NULL;
-- every stamp of every machine (transitions.tsv): at = when it was so, recorded_at = when it was said
CREATE TABLE stamp(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, object TEXT NOT NULL CHECK(object IN('event','incident','vulnerability','action','obligation','notification','evidence')), object_id INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK(kind GLOB '*_at' OR kind IN('waiting_since','last_seen')), at INTEGER NOT NULL, recorded_at INTEGER NOT NULL, by INTEGER NOT NULL REFERENCES principal, note TEXT, na INTEGER NOT NULL DEFAULT 0, superseded_at INTEGER) STRICT;
CREATE INDEX stamp_object ON stamp(object,object_id);
CREATE TABLE note(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, object TEXT NOT NULL CHECK(object IN('event','incident')), object_id INTEGER NOT NULL, at INTEGER NOT NULL, by INTEGER NOT NULL REFERENCES principal, kind TEXT NOT NULL DEFAULT 'note', text TEXT NOT NULL) STRICT;
CREATE INDEX note_object ON note(object,object_id);
CREATE TABLE incident_fact(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, incident_id INTEGER NOT NULL REFERENCES incident, key TEXT NOT NULL, value TEXT NOT NULL, recorded_at INTEGER NOT NULL, by INTEGER NOT NULL REFERENCES principal, version INTEGER NOT NULL, UNIQUE(incident_id,key,version)) STRICT;
CREATE TABLE incident_asset(incident_id INTEGER NOT NULL REFERENCES incident, asset_id INTEGER NOT NULL REFERENCES asset, effect TEXT, PRIMARY KEY(incident_id,asset_id)) STRICT, WITHOUT ROWID;
CREATE TABLE task(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, incident_id INTEGER NOT NULL REFERENCES incident, phase TEXT NOT NULL CHECK(phase IN('assess','contain','eradicate','recover','communicate','learn')), text TEXT NOT NULL, assignee INTEGER REFERENCES principal, due_at INTEGER, state TEXT NOT NULL DEFAULT 'open' CHECK(state IN('open','done','cancelled')), done_at INTEGER, result TEXT) STRICT;
CREATE INDEX task_incident ON task(incident_id);
CREATE TABLE awareness(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, incident_id INTEGER NOT NULL REFERENCES incident, kind TEXT NOT NULL CHECK(kind IN('incident','nis2_significant','pdb','kritis','cra_exploited','cra_severe')), at INTEGER NOT NULL, basis TEXT NOT NULL, recorded_at INTEGER NOT NULL, by INTEGER NOT NULL REFERENCES principal, second_person INTEGER REFERENCES principal, version INTEGER NOT NULL, UNIQUE(incident_id,kind,version), CHECK(at<=recorded_at)) STRICT;
CREATE TABLE obligation(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, incident_id INTEGER NOT NULL REFERENCES incident, clock_id TEXT NOT NULL, clock_version TEXT NOT NULL, state TEXT NOT NULL CHECK(state IN('potential','applicable','not_applicable','submitted','accepted','withdrawn')),
  start_at INTEGER, due_strict INTEGER, due_outer INTEGER, shadow_due INTEGER, decided_by INTEGER REFERENCES principal, second_person INTEGER REFERENCES principal, rationale TEXT, dpo_advice TEXT, late_reason TEXT,
  CHECK(state<>'not_applicable' OR (rationale IS NOT NULL AND second_person IS NOT NULL AND second_person<>decided_by)), UNIQUE(incident_id,clock_id)) STRICT;
CREATE TABLE submission(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, obligation_id INTEGER NOT NULL REFERENCES obligation, version INTEGER NOT NULL, submitted_at INTEGER NOT NULL, by INTEGER NOT NULL REFERENCES principal, channel TEXT NOT NULL, reference TEXT NOT NULL, authority_reference TEXT, evidence_id INTEGER, missing_json TEXT, UNIQUE(obligation_id,version)) STRICT;
CREATE TABLE evidence(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, ref TEXT NOT NULL, org_id INTEGER NOT NULL REFERENCES org, incident_id INTEGER REFERENCES incident, event_id INTEGER REFERENCES event, state TEXT NOT NULL CHECK(state IN('held','sealed','transferred','mismatch','destroyed')),
  type TEXT NOT NULL CHECK(type IN('log','pcap','disk_image','memory_image','file','malware','screenshot','message','document','physical','other')), title TEXT NOT NULL, collected_at INTEGER NOT NULL, collected_by TEXT NOT NULL, method TEXT NOT NULL, tool TEXT, origin TEXT NOT NULL, system_ok_note TEXT,
  sha256 BLOB, size INTEGER, blob_path TEXT, physical_location TEXT, pii INTEGER NOT NULL DEFAULT 0, tlp TEXT NOT NULL DEFAULT 'AMBER+STRICT', legal_hold INTEGER NOT NULL DEFAULT 0, retention_until INTEGER, verified_at INTEGER, CHECK((sha256 IS NULL)<>(physical_location IS NULL))) STRICT;
CREATE UNIQUE INDEX evidence_ref ON evidence(org_id,ref);
CREATE TABLE custody(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, evidence_id INTEGER NOT NULL REFERENCES evidence, at INTEGER NOT NULL, action TEXT NOT NULL CHECK(action IN('collect','register','view','export','verify','seal','transfer','return','redact_copy','destroy')), from_party TEXT, to_party TEXT, by INTEGER NOT NULL REFERENCES principal, purpose TEXT NOT NULL, hash_ok INTEGER) STRICT;
CREATE TABLE vulnerability(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, ref TEXT NOT NULL, org_id INTEGER NOT NULL REFERENCES org, state TEXT NOT NULL CHECK(state IN('reported','validated','treating','fixed','verified','accepted','rejected')), kind TEXT NOT NULL DEFAULT 'vulnerability' CHECK(kind IN('vulnerability','weakness','deficiency')), immediate INTEGER NOT NULL DEFAULT 0, title TEXT NOT NULL, asset_id INTEGER REFERENCES asset, cve TEXT, control_id TEXT, rating INTEGER, accept_expires_at INTEGER, risk_ref TEXT, CHECK(state<>'accepted' OR accept_expires_at IS NOT NULL)) STRICT;
CREATE UNIQUE INDEX vulnerability_ref ON vulnerability(org_id,ref);

-- learning
CREATE TABLE pir(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, incident_id INTEGER NOT NULL REFERENCES incident, kind TEXT NOT NULL CHECK(kind IN('full','short')), due_at INTEGER NOT NULL, held_at INTEGER, chair TEXT, participants TEXT, timeline_checked INTEGER NOT NULL DEFAULT 0, worked TEXT, failed TEXT, detection_gap TEXT, similar_exist TEXT, plan_change TEXT, awareness_change TEXT, risk_ref TEXT, signed_at INTEGER, signed_by INTEGER REFERENCES principal) STRICT;
CREATE INDEX pir_incident ON pir(incident_id);
CREATE TABLE control_effect(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, incident_id INTEGER NOT NULL REFERENCES incident, control_id TEXT NOT NULL, effect TEXT NOT NULL CHECK(effect IN('prevented','detected','limited','failed','absent','bypassed')), note TEXT, UNIQUE(incident_id,control_id,effect)) STRICT;
CREATE TABLE lesson(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, org_id INTEGER NOT NULL REFERENCES org, incident_id INTEGER REFERENCES incident, event_id INTEGER REFERENCES event, category TEXT NOT NULL CHECK(category IN('plan','control','detection','awareness','risk','supplier','tool','role')), text TEXT NOT NULL, shareable INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, by INTEGER NOT NULL REFERENCES principal) STRICT;
CREATE INDEX lesson_incident ON lesson(incident_id);
CREATE TABLE action(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, ref TEXT NOT NULL, org_id INTEGER NOT NULL REFERENCES org, incident_id INTEGER REFERENCES incident, type TEXT NOT NULL CHECK(type IN('correction','corrective','improvement')), origin TEXT NOT NULL, lesson_id INTEGER REFERENCES lesson, cause_code TEXT, control_id TEXT, risk_ref TEXT, description TEXT NOT NULL,
  state TEXT NOT NULL CHECK(state IN('proposed','approved','in_progress','implemented','effective','ineffective','cancelled')), owner INTEGER REFERENCES principal, owner_party_id INTEGER REFERENCES party, due_at INTEGER, effect_criterion TEXT, check_due_at INTEGER, checked_by INTEGER REFERENCES principal, check_result TEXT, cost_cents INTEGER,
  CHECK(state IN('proposed','cancelled') OR (due_at IS NOT NULL AND effect_criterion IS NOT NULL AND (owner IS NOT NULL OR owner_party_id IS NOT NULL))), CHECK(checked_by IS NULL OR checked_by<>owner OR owner IS NULL)) STRICT;
CREATE UNIQUE INDEX action_ref ON action(org_id,ref);
CREATE INDEX action_incident ON action(incident_id);
CREATE TABLE recurrence(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, org_id INTEGER NOT NULL REFERENCES org, code TEXT NOT NULL, window_start INTEGER NOT NULL, window_end INTEGER NOT NULL, incidents_json TEXT NOT NULL, basis TEXT NOT NULL, loss_cents INTEGER, collective_significant TEXT NOT NULL DEFAULT 'undetermined', detected_at INTEGER NOT NULL) STRICT;
CREATE TABLE review_task(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, org_id INTEGER NOT NULL REFERENCES org, kind TEXT NOT NULL CHECK(kind IN('iso_role','incident_plan','rules','contacts','log_sources','exercise','risk','access_rights','recurrence')), trigger TEXT NOT NULL, due_at INTEGER NOT NULL, done_at INTEGER, responsible INTEGER REFERENCES principal, result TEXT) STRICT;
CREATE TABLE cost(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, incident_id INTEGER NOT NULL REFERENCES incident, category TEXT NOT NULL CHECK(category IN('stolen_assets','replacement','staff','contract_fees','redress','lost_revenue','communication','advisory','regulatory','recovery_income')), cents INTEGER NOT NULL, currency TEXT NOT NULL, estimate INTEGER NOT NULL DEFAULT 1, note TEXT, at INTEGER NOT NULL) STRICT;
CREATE TABLE comm(id INTEGER PRIMARY KEY, audit_seq INTEGER NOT NULL, incident_id INTEGER NOT NULL REFERENCES incident, at INTEGER NOT NULL, direction TEXT NOT NULL CHECK(direction IN('in','out')), party_id INTEGER REFERENCES party, channel TEXT NOT NULL, tlp TEXT NOT NULL, approved_by INTEGER REFERENCES principal, digest TEXT NOT NULL) STRICT;

-- what is owed
CREATE TABLE ladder(id INTEGER PRIMARY KEY, object TEXT NOT NULL CHECK(object IN('event','incident')), object_id INTEGER NOT NULL, org_id INTEGER NOT NULL REFERENCES org, priority INTEGER NOT NULL CHECK(priority BETWEEN 1 AND 5),
  started_at INTEGER NOT NULL, step INTEGER NOT NULL DEFAULT 0, loops INTEGER NOT NULL DEFAULT 0, next_at INTEGER, hurry INTEGER NOT NULL DEFAULT 0, stopped_at INTEGER, stop_reason TEXT) STRICT;
CREATE INDEX ladder_due ON ladder(next_at) WHERE stopped_at IS NULL AND next_at IS NOT NULL;
CREATE INDEX ladder_object ON ladder(object,object_id) WHERE stopped_at IS NULL;
CREATE TABLE notification(id INTEGER PRIMARY KEY AUTOINCREMENT, audit_seq INTEGER NOT NULL, uuid TEXT NOT NULL UNIQUE, org_id INTEGER NOT NULL REFERENCES org, object TEXT NOT NULL, event_id INTEGER REFERENCES event, incident_id INTEGER REFERENCES incident, rung INTEGER NOT NULL,
  person_id INTEGER NOT NULL REFERENCES principal, login TEXT NOT NULL, channel TEXT NOT NULL CHECK(channel IN('email','webhook')), address TEXT NOT NULL, why INTEGER NOT NULL DEFAULT 0, content_level TEXT NOT NULL DEFAULT 'summary' CHECK(content_level IN('full','summary','ref_only')),
  state TEXT NOT NULL CHECK(state IN('queued','sending','sent','failed','dead','acked','cancelled')), attempts INTEGER NOT NULL DEFAULT 0, queued_at INTEGER NOT NULL, due_at INTEGER NOT NULL, next_try_at INTEGER, first_failed_at INTEGER, sent_at INTEGER, dead_at INTEGER, acked_at INTEGER, acked_by INTEGER REFERENCES principal,
  handed_over INTEGER NOT NULL DEFAULT 0, urgency INTEGER NOT NULL, subject TEXT NOT NULL, headers TEXT NOT NULL, body_text TEXT, body_html TEXT, body_json TEXT, last_code TEXT) STRICT;
CREATE INDEX notification_due ON notification(urgency,next_try_at) WHERE state='queued';
CREATE INDEX notification_event ON notification(event_id) WHERE event_id IS NOT NULL;
CREATE INDEX notification_incident ON notification(incident_id) WHERE incident_id IS NOT NULL;

-- answered before: the same again
CREATE TABLE delivery(id INTEGER PRIMARY KEY, webhook TEXT NOT NULL, delivery_id TEXT NOT NULL, received_at INTEGER NOT NULL, status INTEGER NOT NULL, answer TEXT NOT NULL, UNIQUE(webhook,delivery_id)) STRICT;
CREATE TABLE request(id INTEGER PRIMARY KEY, principal_id INTEGER NOT NULL, request_id TEXT NOT NULL, at INTEGER NOT NULL, ref TEXT, state TEXT, made TEXT, said TEXT, next TEXT, UNIQUE(principal_id,request_id)) STRICT;
-- what the correlator remembers
CREATE TABLE corr_window(rule TEXT NOT NULL, key BLOB NOT NULL, state BLOB NOT NULL, PRIMARY KEY(rule,key)) STRICT, WITHOUT ROWID;

-- tamper-evident log: header carries no personal data, payload is erasable, chain verifies either way (process.md 8). org_id 0: the installation
CREATE TABLE audit(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, org_id INTEGER NOT NULL, actor INTEGER NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL, commitment BLOB NOT NULL CHECK(length(commitment)=32), prev BLOB NOT NULL CHECK(length(prev)=32), hash BLOB NOT NULL CHECK(length(hash)=32)) STRICT;
CREATE TABLE audit_payload(seq INTEGER PRIMARY KEY REFERENCES audit, salt BLOB NOT NULL CHECK(length(salt)=32), body TEXT NOT NULL) STRICT;
CREATE TABLE audit_erasure(payload_seq INTEGER PRIMARY KEY REFERENCES audit, erase_seq INTEGER NOT NULL REFERENCES audit) STRICT;
CREATE INDEX audit_object ON audit(object,seq) WHERE object<>'';
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT,'audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT,'audit is append-only'); END;
CREATE TRIGGER payload_no_update BEFORE UPDATE ON audit_payload BEGIN SELECT RAISE(ABORT,'payload is write-once'); END;
CREATE TRIGGER payload_delete_needs_erasure BEFORE DELETE ON audit_payload WHEN NOT EXISTS(SELECT 1 FROM audit_erasure e WHERE e.payload_seq=OLD.seq) BEGIN SELECT RAISE(ABORT,'erasure must be recorded first'); END;
CREATE TRIGGER erasure_keep BEFORE DELETE ON audit_erasure BEGIN SELECT RAISE(ABORT,'append-only'); END;
