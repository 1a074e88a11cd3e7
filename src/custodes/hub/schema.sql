-- Written by tools/schema.py from the migrations: change them, not this.
-- migration access 0001_initial
-- migration access 0002_shares
-- migration access 0003_served
-- migration access 0004_alarms
-- migration access 0005_second_person
-- migration access 0006_grants
-- migration access 0007_masked_shares
-- migration access 0008_same_clip_alarms
-- migration access 0009_shown_by_entries
-- migration access 0010_alarms_by_entries
-- migration account 0001_initial
-- migration account 0002_email_max_length
-- migration account 0003_alter_emailaddress_create_unique_verified_email
-- migration account 0004_alter_emailaddress_drop_unique_email
-- migration account 0005_emailaddress_idx_upper_email
-- migration account 0006_emailaddress_lower
-- migration account 0007_emailaddress_idx_email
-- migration account 0008_emailaddress_unique_primary_email_fixup
-- migration account 0009_emailaddress_unique_primary_email
-- migration audit 0001_initial
-- migration audit 0002_last_wall_ns
-- migration audit 0003_entry_mac
-- migration auth 0001_initial
-- migration auth 0002_alter_permission_name_max_length
-- migration auth 0003_alter_user_email_max_length
-- migration auth 0004_alter_user_username_opts
-- migration auth 0005_alter_user_last_login_null
-- migration auth 0006_require_contenttypes_0002
-- migration auth 0007_alter_validators_add_error_messages
-- migration auth 0008_alter_user_username_max_length
-- migration auth 0009_alter_user_last_name_max_length
-- migration auth 0010_alter_group_name_max_length
-- migration auth 0011_update_proxy_permissions
-- migration auth 0012_alter_user_first_name_max_length
-- migration axes 0001_initial
-- migration axes 0002_auto_20151217_2044
-- migration axes 0003_auto_20160322_0929
-- migration axes 0004_auto_20181024_1538
-- migration axes 0005_remove_accessattempt_trusted
-- migration axes 0006_remove_accesslog_trusted
-- migration axes 0007_alter_accessattempt_unique_together
-- migration axes 0008_accessfailurelog
-- migration axes 0009_add_session_hash
-- migration axes 0010_accessattemptexpiration
-- migration clips 0001_initial
-- migration clips 0002_stored_bytes
-- migration clips 0003_declared_by_the_clock
-- migration clips 0004_headline
-- migration clips 0005_keeping
-- migration clips 0006_marked
-- migration clips 0007_routes_and_cases
-- migration clips 0008_exports
-- migration clips 0009_clock_doubt
-- migration clips 0010_say_prepared
-- migration clips 0011_masking
-- migration clips 0012_export_of_its_view
-- migration consent 0001_initial
-- migration consent 0002_try_after
-- migration contenttypes 0001_initial
-- migration contenttypes 0002_remove_content_type_name
-- migration dispatch 0001_initial
-- migration driving 0001_initial
-- migration driving 0002_route
-- migration driving 0003_counted_and_kept
-- migration driving 0004_talks
-- migration driving 0005_driver_identity
-- migration driving 0006_whose_seq
-- migration fleet 0001_initial
-- migration fleet 0002_camera_told
-- migration fleet 0003_invitations_and_sessions
-- migration fleet 0004_visible_mark
-- migration fleet 0005_sealed_factors
-- migration fleet 0006_more_roles
-- migration fleet 0007_routes_and_trails
-- migration fleet 0008_push
-- migration fleet 0009_unit_troubles
-- migration fleet 0010_push_added
-- migration fleet 0011_password_code
-- migration fleet 0012_sees
-- migration leak 0001_initial
-- migration leak 0002_canaries
-- migration leak 0003_sealed_findings
-- migration leak 0004_shown_by_entries
-- migration mfa 0001_initial
-- migration mfa 0002_authenticator_timestamps
-- migration mfa 0003_authenticator_type_uniq
-- migration portal 0001_initial
-- migration sessions 0001_initial
CREATE TABLE "access_grant" ("id" char(32) NOT NULL PRIMARY KEY, "reason" varchar(300) NOT NULL, "given_at" datetime NOT NULL, "ends_at" datetime NOT NULL, "revoked_at" datetime NULL, "clip_id" char(32) NOT NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED, "given_by_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "membership_id" bigint NOT NULL REFERENCES "fleet_membership" ("id") DEFERRABLE INITIALLY DEFERRED, "revoked_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "access_release" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "state" varchar(16) NOT NULL, "asked_at" datetime NOT NULL, "answered_at" datetime NULL, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "share_id" char(32) NOT NULL REFERENCES "access_share" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "access_share" ("id" char(32) NOT NULL PRIMARY KEY, "recipient_name" varchar(120) NOT NULL, "recipient_email" varchar(254) NOT NULL, "language" varchar(8) NOT NULL, "purpose" varchar(24) NOT NULL, "reason" varchar(300) NOT NULL, "made_at" datetime NOT NULL, "ends_at" datetime NOT NULL, "max_views" smallint unsigned NOT NULL CHECK ("max_views" >= 0), "views_used" smallint unsigned NOT NULL CHECK ("views_used" >= 0), "with_place" bool NOT NULL, "cut_json" text NOT NULL, "token_sha256" varchar(64) NOT NULL UNIQUE, "token_used_at" datetime NULL, "session_sha256" varchar(64) NULL UNIQUE, "revoked_at" datetime NULL, "clip_id" char(32) NOT NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED, "made_by_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "revoked_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "bare_reason" varchar(300) NOT NULL, "masked" bool NOT NULL);
CREATE TABLE "access_unsealing" ("id" char(32) NOT NULL PRIMARY KEY, "role" varchar(16) NOT NULL, "purpose" varchar(24) NOT NULL, "reason" varchar(300) NOT NULL, "asked_at" datetime NOT NULL, "ends_at" datetime NOT NULL, "state" varchar(16) NOT NULL, "decided_at" datetime NULL, "words" varchar(500) NOT NULL, "used_at" datetime NULL, "asked_by_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "clip_id" char(32) NOT NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED, "decided_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "access_view" ("id" char(32) NOT NULL PRIMARY KEY, "purpose" varchar(24) NOT NULL, "reason" varchar(300) NOT NULL, "role" varchar(16) NOT NULL, "policy" varchar(120) NOT NULL, "address" char(39) NULL, "opened_at" datetime NOT NULL, "last_byte_at" datetime NULL, "watched_ms" bigint unsigned NOT NULL CHECK ("watched_ms" >= 0), "closed_at" datetime NULL, "ledger_seq" bigint NOT NULL, "clip_id" char(32) NOT NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED, "person_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "share_id" char(32) NULL, "served_ms" text NOT NULL CHECK ((JSON_VALID("served_ms") OR "served_ms" IS NULL)));
CREATE TABLE "account_emailaddress" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "verified" bool NOT NULL, "primary" bool NOT NULL, "user_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "email" varchar(254) NOT NULL);
CREATE TABLE "account_emailconfirmation" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "created" datetime NOT NULL, "sent" datetime NULL, "key" varchar(64) NOT NULL UNIQUE, "email_address_id" integer NOT NULL REFERENCES "account_emailaddress" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "audit_ledgerbody" ("leaf_id" bigint NOT NULL PRIMARY KEY REFERENCES "audit_ledgerleaf" ("seq") DEFERRABLE INITIALLY DEFERRED, "salt" BLOB NOT NULL, "body_json" text NOT NULL, "clip_id" char(32) NULL, "person_id" char(32) NULL);
CREATE TABLE "audit_ledgerleaf" ("seq" bigint NOT NULL PRIMARY KEY, "leaf_hash" BLOB NOT NULL, "body_hash" BLOB NOT NULL, "kind" varchar(48) NOT NULL, "recorded_wall_ns" bigint NOT NULL, "mac" BLOB NULL);
CREATE TABLE "audit_ledgernode" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "height" smallint unsigned NOT NULL CHECK ("height" >= 0), "index" bigint NOT NULL, "node_hash" BLOB NOT NULL);
CREATE TABLE "audit_ledgerstate" ("only" smallint unsigned NOT NULL PRIMARY KEY CHECK ("only" >= 0), "size" bigint NOT NULL, "frontier" BLOB NOT NULL, "last_wall_ns" bigint NOT NULL, CONSTRAINT "ledger_state_is_one" CHECK ("only" = 1));
CREATE TABLE "audit_treehead" ("size" bigint NOT NULL PRIMARY KEY, "root" BLOB NOT NULL, "signed_wall_ns" bigint NOT NULL, "signature" BLOB NOT NULL, "key_id" varchar(64) NOT NULL);
CREATE TABLE "auth_group" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(150) NOT NULL UNIQUE);
CREATE TABLE "auth_group_permissions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED, "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "auth_permission" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "codename" varchar(100) NOT NULL, "name" varchar(255) NOT NULL);
CREATE TABLE "axes_accessattempt" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_agent" varchar(255) NOT NULL, "ip_address" char(39) NULL, "username" varchar(255) NULL, "http_accept" varchar(1025) NOT NULL, "path_info" varchar(255) NOT NULL, "attempt_time" datetime NOT NULL, "get_data" text NOT NULL, "post_data" text NOT NULL, "failures_since_start" integer unsigned NOT NULL CHECK ("failures_since_start" >= 0));
CREATE TABLE "axes_accessattemptexpiration" ("access_attempt_id" integer NOT NULL PRIMARY KEY REFERENCES "axes_accessattempt" ("id") DEFERRABLE INITIALLY DEFERRED, "expires_at" datetime NOT NULL);
CREATE TABLE "axes_accessfailurelog" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_agent" varchar(255) NOT NULL, "ip_address" char(39) NULL, "username" varchar(255) NULL, "http_accept" varchar(1025) NOT NULL, "path_info" varchar(255) NOT NULL, "attempt_time" datetime NOT NULL, "locked_out" bool NOT NULL);
CREATE TABLE "axes_accesslog" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_agent" varchar(255) NOT NULL, "ip_address" char(39) NULL, "username" varchar(255) NULL, "http_accept" varchar(1025) NOT NULL, "path_info" varchar(255) NOT NULL, "attempt_time" datetime NOT NULL, "logout_time" datetime NULL, "session_hash" varchar(64) NOT NULL);
CREATE TABLE "clips_case" ("id" char(32) NOT NULL PRIMARY KEY, "name" varchar(120) NOT NULL, "opened_at" datetime NOT NULL, "closed_at" datetime NULL, "organisation_id" char(32) NOT NULL REFERENCES "fleet_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "closed_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "opened_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "reason" varchar(300) NOT NULL);
CREATE TABLE "clips_caseclip" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "added_at" datetime NOT NULL, "case_id" char(32) NOT NULL REFERENCES "clips_case" ("id") DEFERRABLE INITIALLY DEFERRED, "clip_id" char(32) NOT NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED, "added_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "clips_clip" ("id" char(32) NOT NULL PRIMARY KEY, "kind" varchar(64) NOT NULL, "severity" varchar(16) NOT NULL, "onset_wall_ns" bigint NOT NULL, "end_wall_ns" bigint NULL, "kept_start_wall_ns" bigint NOT NULL, "kept_end_wall_ns" bigint NOT NULL, "declared_at" datetime NOT NULL, "received_at" datetime NULL, "ready_at" datetime NULL, "state" varchar(16) NOT NULL, "quarantine_reason" varchar(300) NOT NULL, "declaration_sha256" varchar(64) NOT NULL, "receipt_json" text NOT NULL, "triage" varchar(16) NOT NULL, "triaged_at" datetime NULL, "deleted_at" datetime NULL, "erase_after" datetime NULL, "erased_at" datetime NULL, "revision" bigint NOT NULL, "assignee_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "deleted_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "site_id" char(32) NOT NULL REFERENCES "fleet_site" ("id") DEFERRABLE INITIALLY DEFERRED, "subject_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "unit_id" char(32) NOT NULL REFERENCES "fleet_unit" ("id") DEFERRABLE INITIALLY DEFERRED, "sealed_headline" BLOB NOT NULL, "route_id" char(32) NULL REFERENCES "fleet_route" ("id") DEFERRABLE INITIALLY DEFERRED, "clock_doubt" varchar(16) NOT NULL);
CREATE TABLE "clips_clippart" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(48) NOT NULL, "kind" varchar(16) NOT NULL, "lens" varchar(32) NOT NULL, "sealed_sha256" varchar(64) NOT NULL, "sealed_bytes" bigint unsigned NOT NULL CHECK ("sealed_bytes" >= 0), "plain_bytes" bigint unsigned NULL CHECK ("plain_bytes" >= 0), "media_type" varchar(64) NOT NULL, "stored_at" datetime NULL, "clip_id" char(32) NOT NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "clips_export" ("purpose" varchar(32) NOT NULL, "film" varchar(48) NOT NULL, "boxes" bool NOT NULL, "timecode" bool NOT NULL, "speed" bool NOT NULL, "unit" varchar(8) NOT NULL, "state" varchar(16) NOT NULL, "shown_0_1" real NOT NULL, "told" varchar(300) NOT NULL, "asked_at" datetime NOT NULL, "ends_at" datetime NOT NULL, "taken_at" datetime NULL, "clip_id" char(32) NOT NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "id" char(32) NOT NULL PRIMARY KEY);
CREATE TABLE "clips_hold" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "reason" varchar(200) NOT NULL, "placed_at" datetime NOT NULL, "released_at" datetime NULL, "clip_id" char(32) NOT NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED, "placed_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "released_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "clips_masking" ("clip_id" char(32) NOT NULL PRIMARY KEY REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED, "state" varchar(16) NOT NULL, "shown_0_1" real NOT NULL, "told" varchar(300) NOT NULL, "tries" smallint unsigned NOT NULL CHECK ("tries" >= 0), "asked_at" datetime NOT NULL);
CREATE TABLE "clips_reading" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "first_at" datetime NOT NULL, "clip_id" char(32) NOT NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "clips_retentionrule" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "kind" varchar(64) NOT NULL, "severity" varchar(16) NOT NULL, "days" integer unsigned NOT NULL CHECK ("days" >= 0), "organisation_id" char(32) NOT NULL REFERENCES "fleet_organisation" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "clips_storedbytes" ("organisation_id" char(32) NOT NULL PRIMARY KEY REFERENCES "fleet_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "sealed_bytes" bigint unsigned NOT NULL CHECK ("sealed_bytes" >= 0));
CREATE TABLE "clips_tombstone" ("id" char(32) NOT NULL PRIMARY KEY, "reason" varchar(32) NOT NULL, "detail" varchar(300) NOT NULL, "lens" varchar(32) NOT NULL, "clip_id_lost" char(32) NULL, "start_wall_ns" bigint NOT NULL, "end_wall_ns" bigint NOT NULL, "reported_at" datetime NOT NULL, "unit_id" char(32) NOT NULL REFERENCES "fleet_unit" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "clips_viewword" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "view_id" char(32) NOT NULL, "part" varchar(48) NOT NULL, "letters" text NOT NULL, "window" integer unsigned NOT NULL CHECK ("window" >= 0), "clip_id" char(32) NOT NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "consent_answer" ("id" char(32) NOT NULL PRIMARY KEY, "topic" varchar(24) NOT NULL, "version" integer unsigned NOT NULL CHECK ("version" >= 0), "language" varchar(8) NOT NULL, "text_sha256" varchar(64) NOT NULL, "says" varchar(16) NOT NULL, "signed_name" varchar(120) NOT NULL, "way" varchar(8) NOT NULL, "wall_ns" bigint NOT NULL, "clock_behind" bool NOT NULL, "signature" BLOB NOT NULL, "key_id" varchar(64) NOT NULL, "ledger_seq" bigint NOT NULL, "stands" bool NOT NULL, "organisation_id" char(32) NOT NULL REFERENCES "fleet_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "consent_showing" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "topic" varchar(24) NOT NULL, "version" integer unsigned NOT NULL CHECK ("version" >= 0), "language" varchar(8) NOT NULL, "text_sha256" varchar(64) NOT NULL, "way" varchar(8) NOT NULL, "wall_ns" bigint NOT NULL, "ledger_seq" bigint NOT NULL, "organisation_id" char(32) NOT NULL REFERENCES "fleet_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "recorded_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "consent_subjectrequest" ("id" char(32) NOT NULL PRIMARY KEY, "clip_id" char(32) NOT NULL, "kind" varchar(16) NOT NULL, "words" varchar(1000) NOT NULL, "state" varchar(16) NOT NULL, "asked_at" datetime NOT NULL, "answered_at" datetime NULL, "answer_words" varchar(1000) NOT NULL, "answered_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "organisation_id" char(32) NOT NULL REFERENCES "fleet_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "consent_viewtotell" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "view_id" char(32) NOT NULL, "clip_id" char(32) NOT NULL, "watcher" varchar(254) NOT NULL, "role" varchar(16) NOT NULL, "purpose" varchar(24) NOT NULL, "site" varchar(120) NOT NULL, "opened_wall_ns" bigint NOT NULL, "tries" smallint unsigned NOT NULL CHECK ("tries" >= 0), "sent_at" datetime NULL, "given_up_at" datetime NULL, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "try_after_ns" bigint NOT NULL);
CREATE TABLE "dispatch_placewatch" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "shift_number" bigint NOT NULL, "role" varchar(16) NOT NULL, "policy" varchar(64) NOT NULL, "address" char(39) NULL, "opened_at" datetime NOT NULL, "last_shown_at" datetime NOT NULL, "ledger_seq" bigint NOT NULL, "driver_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "site_id" char(32) NOT NULL REFERENCES "fleet_site" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "django_content_type" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app_label" varchar(100) NOT NULL, "model" varchar(100) NOT NULL);
CREATE TABLE "django_migrations" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" datetime NOT NULL);
CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL, "expire_date" datetime NOT NULL);
CREATE TABLE "driving_dispute" ("id" char(32) NOT NULL PRIMARY KEY, "words" varchar(1000) NOT NULL, "raised_at" datetime NOT NULL, "due_at" datetime NOT NULL, "state" varchar(16) NOT NULL, "answer_words" varchar(1000) NOT NULL, "ended_at" datetime NULL, "answered_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "hold_id" bigint NULL REFERENCES "clips_hold" ("id") DEFERRABLE INITIALLY DEFERRED, "raised_by_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "event_id" char(32) NOT NULL UNIQUE REFERENCES "driving_tripevent" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "driving_disputepolicy" ("organisation_id" char(32) NOT NULL PRIMARY KEY REFERENCES "fleet_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "answer_days" smallint unsigned NOT NULL CHECK ("answer_days" >= 0));
CREATE TABLE "driving_driverpass" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "number" integer unsigned NOT NULL UNIQUE CHECK ("number" >= 0), "pin_hash" varchar(64) NOT NULL, "card_hash" varchar(64) NULL UNIQUE, "wrong" smallint unsigned NOT NULL CHECK ("wrong" >= 0), "locked_until" datetime NULL, "changed_at" datetime NOT NULL, "code" varchar(64) NOT NULL, "person_id" char(32) NOT NULL UNIQUE REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "driving_signon" ("id" char(32) NOT NULL PRIMARY KEY, "way" varchar(8) NOT NULL, "is_on" bool NOT NULL, "outcome" varchar(12) NOT NULL, "at" datetime NOT NULL, "received_at" datetime NOT NULL, "person_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "shift_id" bigint NULL REFERENCES "fleet_shift" ("id") DEFERRABLE INITIALLY DEFERRED, "site_id" char(32) NOT NULL REFERENCES "fleet_site" ("id") DEFERRABLE INITIALLY DEFERRED, "unit_id" char(32) NULL REFERENCES "fleet_unit" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "driving_talk" ("id" char(32) NOT NULL PRIMARY KEY, "kind" varchar(8) NOT NULL, "state" varchar(12) NOT NULL, "moment_wall_ns" bigint NOT NULL, "words" varchar(1000) NOT NULL, "given_at" datetime NOT NULL, "due_at" datetime NULL, "answer_words" varchar(1000) NOT NULL, "answered_at" datetime NULL, "done_at" datetime NULL, "clip_id" char(32) NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED, "driver_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "event_id" char(32) NULL REFERENCES "driving_tripevent" ("id") DEFERRABLE INITIALLY DEFERRED, "given_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "route_id" char(32) NULL REFERENCES "fleet_route" ("id") DEFERRABLE INITIALLY DEFERRED, "site_id" char(32) NOT NULL REFERENCES "fleet_site" ("id") DEFERRABLE INITIALLY DEFERRED, "trip_id" char(32) NULL REFERENCES "driving_trip" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "driving_trip" ("id" char(32) NOT NULL PRIMARY KEY, "start_wall_ns" bigint NOT NULL, "end_wall_ns" bigint NOT NULL, "distance_m" integer unsigned NOT NULL CHECK ("distance_m" >= 0), "moving_ms" bigint unsigned NOT NULL CHECK ("moving_ms" >= 0), "limited_ms" bigint unsigned NOT NULL CHECK ("limited_ms" >= 0), "brakings" integer unsigned NOT NULL CHECK ("brakings" >= 0), "accelerations" integer unsigned NOT NULL CHECK ("accelerations" >= 0), "turns" integer unsigned NOT NULL CHECK ("turns" >= 0), "watched" text NOT NULL CHECK ((JSON_VALID("watched") OR "watched" IS NULL)), "content_sha256" varchar(64) NOT NULL, "wrapped_key" BLOB NOT NULL, "sealed" BLOB NOT NULL, "received_at" datetime NOT NULL, "driver_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "site_id" char(32) NOT NULL REFERENCES "fleet_site" ("id") DEFERRABLE INITIALLY DEFERRED, "unit_id" char(32) NOT NULL REFERENCES "fleet_unit" ("id") DEFERRABLE INITIALLY DEFERRED, "route_id" char(32) NULL REFERENCES "fleet_route" ("id") DEFERRABLE INITIALLY DEFERRED, "counted_bytes" integer unsigned NOT NULL CHECK ("counted_bytes" >= 0), "denied_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "known_by" varchar(8) NOT NULL, "whose_seq" bigint NULL);
CREATE TABLE "driving_tripclaim" ("id" char(32) NOT NULL PRIMARY KEY, "state" varchar(12) NOT NULL, "made_at" datetime NOT NULL, "answered_at" datetime NULL, "answered_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "trip_id" char(32) NOT NULL REFERENCES "driving_trip" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "driving_tripevent" ("id" char(32) NOT NULL PRIMARY KEY, "kind" varchar(64) NOT NULL, "onset_wall_ns" bigint NOT NULL, "end_wall_ns" bigint NOT NULL, "at_m" integer unsigned NOT NULL CHECK ("at_m" >= 0), "severe" bool NOT NULL, "standing" varchar(16) NOT NULL, "clip_id" char(32) NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED, "trip_id" char(32) NOT NULL REFERENCES "driving_trip" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_accountnotice" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "kind" varchar(24) NOT NULL, "at" datetime NOT NULL, "shown_at" datetime NULL, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_camera" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "lens" varchar(32) NOT NULL, "facing" varchar(16) NOT NULL, "state" varchar(16) NOT NULL, "detail" varchar(200) NOT NULL, "last_frame_at" datetime NULL, "width_px" integer unsigned NOT NULL CHECK ("width_px" >= 0), "height_px" integer unsigned NOT NULL CHECK ("height_px" >= 0), "fps" real NOT NULL, "unit_id" char(32) NOT NULL REFERENCES "fleet_unit" ("id") DEFERRABLE INITIALLY DEFERRED, "told_at" datetime NULL, "told_state" varchar(16) NOT NULL);
CREATE TABLE "fleet_enrolmentcode" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "locator" varchar(8) NOT NULL UNIQUE, "code_sha256" varchar(64) NOT NULL UNIQUE, "created_at" datetime NOT NULL, "expires_at" datetime NOT NULL, "tries_left" smallint unsigned NOT NULL CHECK ("tries_left" >= 0), "used_at" datetime NULL, "created_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "site_id" char(32) NOT NULL REFERENCES "fleet_site" ("id") DEFERRABLE INITIALLY DEFERRED, "unit_id" char(32) NULL REFERENCES "fleet_unit" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_enrolmentfailure" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "address" char(39) NULL, "at" datetime NOT NULL);
CREATE TABLE "fleet_invitation" ("id" char(32) NOT NULL PRIMARY KEY, "role" varchar(16) NOT NULL, "email" varchar(254) NOT NULL, "display_name" varchar(120) NOT NULL, "language" varchar(8) NOT NULL, "token_sha256" varchar(64) NOT NULL UNIQUE, "made_at" datetime NOT NULL, "expires_at" datetime NOT NULL, "accepted_at" datetime NULL, "withdrawn_at" datetime NULL, "made_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "organisation_id" char(32) NOT NULL REFERENCES "fleet_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "site_id" char(32) NULL REFERENCES "fleet_site" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_membership" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "role" varchar(16) NOT NULL, "since" datetime NOT NULL, "until" datetime NULL, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "organisation_id" char(32) NOT NULL REFERENCES "fleet_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "site_id" char(32) NULL REFERENCES "fleet_site" ("id") DEFERRABLE INITIALLY DEFERRED, "sees" varchar(8) NOT NULL);
CREATE TABLE "fleet_opensession" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "began_at" datetime NOT NULL, "seen_at" datetime NOT NULL, "address" char(39) NULL, "browser" varchar(200) NOT NULL, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_organisation" ("id" char(32) NOT NULL PRIMARY KEY, "name" varchar(120) NOT NULL, "kind" varchar(16) NOT NULL, "time_zone" varchar(64) NOT NULL, "speed_unit" varchar(8) NOT NULL, "undo_window_s" integer unsigned NOT NULL CHECK ("undo_window_s" >= 0), "quota_bytes" bigint unsigned NOT NULL CHECK ("quota_bytes" >= 0), "created_at" datetime NOT NULL, "mark_dispatcher" varchar(8) NOT NULL, "mark_driver" varchar(8) NOT NULL, "mark_manager" varchar(8) NOT NULL, "mark_member" varchar(8) NOT NULL, "mark_owner" varchar(8) NOT NULL, "routes_bind" bool NOT NULL);
CREATE TABLE "fleet_person" ("password" varchar(128) NOT NULL, "last_login" datetime NULL, "is_superuser" bool NOT NULL, "first_name" varchar(150) NOT NULL, "last_name" varchar(150) NOT NULL, "is_staff" bool NOT NULL, "is_active" bool NOT NULL, "date_joined" datetime NOT NULL, "id" char(32) NOT NULL PRIMARY KEY, "email" varchar(254) NOT NULL UNIQUE, "display_name" varchar(120) NOT NULL, "language" varchar(8) NOT NULL, "time_zone" varchar(64) NOT NULL, "speed_unit" varchar(8) NOT NULL, "password_code" varchar(64) NOT NULL);
CREATE TABLE "fleet_person_groups" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_person_user_permissions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_pushbrowser" ("id" char(32) NOT NULL PRIMARY KEY, "endpoint" varchar(1024) NOT NULL UNIQUE, "p256dh" varchar(100) NOT NULL, "auth" varchar(32) NOT NULL, "browser" varchar(200) NOT NULL, "added_at" datetime NOT NULL, "reached_at" datetime NULL, "tried_at_ns" bigint NOT NULL, "failing_since_ns" bigint NULL, "failures" smallint unsigned NOT NULL CHECK ("failures" >= 0), "try_after_ns" bigint NOT NULL, "last_failure" varchar(24) NOT NULL, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_pushwaiting" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "path" varchar(200) NOT NULL, "made_at_ns" bigint NOT NULL, "browser_id" char(32) NOT NULL REFERENCES "fleet_pushbrowser" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "push_waits_once" UNIQUE ("browser_id", "path"));
CREATE TABLE "fleet_route" ("id" char(32) NOT NULL PRIMARY KEY, "name" varchar(80) NOT NULL, "area" varchar(200) NOT NULL, "stops" text NOT NULL, "closed_at" datetime NULL, "organisation_id" char(32) NOT NULL REFERENCES "fleet_organisation" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_route_dispatchers" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "route_id" char(32) NOT NULL REFERENCES "fleet_route" ("id") DEFERRABLE INITIALLY DEFERRED, "membership_id" bigint NOT NULL REFERENCES "fleet_membership" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_setuptoken" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "token_sha256" varchar(64) NOT NULL UNIQUE, "expires_at" datetime NOT NULL, "used_at" datetime NULL);
CREATE TABLE "fleet_shift" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "starts_at" datetime NOT NULL, "ends_at" datetime NULL, "driver_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "site_id" char(32) NOT NULL REFERENCES "fleet_site" ("id") DEFERRABLE INITIALLY DEFERRED, "route_id" char(32) NULL REFERENCES "fleet_route" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_signinlink" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "kind" varchar(16) NOT NULL, "token_sha256" varchar(64) NOT NULL UNIQUE, "created_at" datetime NOT NULL, "expires_at" datetime NOT NULL, "used_at" datetime NULL, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_site" ("id" char(32) NOT NULL PRIMARY KEY, "name" varchar(120) NOT NULL, "kind" varchar(16) NOT NULL, "time_zone" varchar(64) NOT NULL, "created_at" datetime NOT NULL, "organisation_id" char(32) NOT NULL REFERENCES "fleet_organisation" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_trailpoint" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "at" datetime NOT NULL, "lat_deg" real NOT NULL, "lon_deg" real NOT NULL, "speed_mps" real NULL, "shift_id" bigint NOT NULL REFERENCES "fleet_shift" ("id") DEFERRABLE INITIALLY DEFERRED, "unit_id" char(32) NOT NULL REFERENCES "fleet_unit" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_unit" ("id" char(32) NOT NULL PRIMARY KEY, "name" varchar(64) NOT NULL, "public_key" BLOB NOT NULL UNIQUE, "enrolled_at" datetime NOT NULL, "revoked_at" datetime NULL, "last_sequence" bigint NOT NULL, "last_seen_at" datetime NULL, "software" varchar(64) NOT NULL, "clock_skew_ms" integer NULL, "queue_clips" integer unsigned NOT NULL CHECK ("queue_clips" >= 0), "queue_bytes" bigint unsigned NOT NULL CHECK ("queue_bytes" >= 0), "disk_free_bytes" bigint unsigned NULL CHECK ("disk_free_bytes" >= 0), "last_lat_deg" real NULL, "last_lon_deg" real NULL, "last_speed_mps" real NULL, "witnessed_size" bigint NOT NULL, "site_id" char(32) NOT NULL REFERENCES "fleet_site" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "fleet_unittrouble" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "kind" varchar(16) NOT NULL, "lens" varchar(32) NOT NULL, "began_at" datetime NOT NULL, "told_at" datetime NULL, "ended_at" datetime NULL, "unit_id" char(32) NOT NULL REFERENCES "fleet_unit" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "leak_canary" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "planted_at" datetime NOT NULL, "words" varchar(200) NOT NULL, "seen_at" datetime NULL, "clip_id" char(32) NOT NULL UNIQUE REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED, "planted_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "seen_in_id" char(32) NULL REFERENCES "leak_leak" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "leak_cliplook" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "film" varchar(48) NOT NULL, "sealed" BLOB NOT NULL, "clip_id" char(32) NOT NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "leak_leak" ("id" char(32) NOT NULL PRIMARY KEY, "brought_at" datetime NOT NULL, "file_name" varchar(200) NOT NULL, "size_bytes" bigint unsigned NOT NULL CHECK ("size_bytes" >= 0), "sha256" varchar(64) NOT NULL, "state" varchar(16) NOT NULL, "step" varchar(16) NOT NULL, "told" varchar(300) NOT NULL, "run" integer unsigned NOT NULL CHECK ("run" >= 0), "corners_json" text NOT NULL, "seconds" real NULL, "width_px" integer unsigned NULL CHECK ("width_px" >= 0), "height_px" integer unsigned NULL CHECK ("height_px" >= 0), "frame_at_s" real NOT NULL, "searched_clips" integer unsigned NOT NULL CHECK ("searched_clips" >= 0), "ended_at" datetime NULL, "report_json" text NOT NULL, "report_seq" bigint NULL, "told_people_at" datetime NULL, "keep_until" datetime NOT NULL, "erased_at" datetime NULL, "erased_seq" bigint NULL, "brought_by_id" char(32) NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "case_id" char(32) NULL REFERENCES "clips_case" ("id") DEFERRABLE INITIALLY DEFERRED, "hint_id" char(32) NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED, "organisation_id" char(32) NOT NULL REFERENCES "fleet_organisation" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "leak_leakfinding" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "run" integer unsigned NOT NULL CHECK ("run" >= 0), "film" varchar(48) NOT NULL, "found" bool NOT NULL, "verdict" varchar(16) NOT NULL, "finding_json" text NOT NULL, "still_s" real NULL, "clip_id" char(32) NOT NULL REFERENCES "clips_clip" ("id") DEFERRABLE INITIALLY DEFERRED, "leak_id" char(32) NOT NULL REFERENCES "leak_leak" ("id") DEFERRABLE INITIALLY DEFERRED, "seal" varchar(64) NOT NULL);
CREATE TABLE "leak_leakpart" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(48) NOT NULL, "sealed_sha256" varchar(64) NOT NULL, "sealed_bytes" bigint unsigned NOT NULL CHECK ("sealed_bytes" >= 0), "plain_bytes" bigint unsigned NOT NULL CHECK ("plain_bytes" >= 0), "leak_id" char(32) NOT NULL REFERENCES "leak_leak" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "mfa_authenticator" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "type" varchar(20) NOT NULL, "data" text NOT NULL CHECK ((JSON_VALID("data") OR "data" IS NULL)), "user_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED, "created_at" datetime NOT NULL, "last_used_at" datetime NULL);
CREATE TABLE "portal_savedfilter" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(60) NOT NULL, "query" varchar(500) NOT NULL, "created_at" datetime NOT NULL, "person_id" char(32) NOT NULL REFERENCES "fleet_person" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX "access_grant_clip_id_41503f1c" ON "access_grant" ("clip_id");
CREATE INDEX "access_grant_given_by_id_c9d41329" ON "access_grant" ("given_by_id");
CREATE INDEX "access_grant_membership_id_a04a8f9d" ON "access_grant" ("membership_id");
CREATE INDEX "access_grant_revoked_by_id_3b805457" ON "access_grant" ("revoked_by_id");
CREATE INDEX "access_release_person_id_b685cda6" ON "access_release" ("person_id");
CREATE INDEX "access_release_share_id_5f0e9950" ON "access_release" ("share_id");
CREATE INDEX "access_share_clip_id_9b94bb16" ON "access_share" ("clip_id");
CREATE INDEX "access_share_made_by_id_e565a7d3" ON "access_share" ("made_by_id");
CREATE INDEX "access_share_revoked_by_id_eede9580" ON "access_share" ("revoked_by_id");
CREATE INDEX "access_unsealing_asked_by_id_532aff2e" ON "access_unsealing" ("asked_by_id");
CREATE INDEX "access_unsealing_clip_id_7102e564" ON "access_unsealing" ("clip_id");
CREATE INDEX "access_unsealing_decided_by_id_814f1a4f" ON "access_unsealing" ("decided_by_id");
CREATE INDEX "access_view_clip_id_0f495852" ON "access_view" ("clip_id");
CREATE INDEX "access_view_clip_id_f17518_idx" ON "access_view" ("clip_id", "opened_at" DESC);
CREATE INDEX "access_view_person__f339cd_idx" ON "access_view" ("person_id", "opened_at" DESC);
CREATE INDEX "access_view_person_id_85736282" ON "access_view" ("person_id");
CREATE INDEX "access_view_share_id_29331622" ON "access_view" ("share_id");
CREATE INDEX "account_emailaddress_email_03be32b2" ON "account_emailaddress" ("email");
CREATE INDEX "account_emailaddress_user_id_2c513194" ON "account_emailaddress" ("user_id");
CREATE UNIQUE INDEX "account_emailaddress_user_id_email_987c8728_uniq" ON "account_emailaddress" ("user_id", "email");
CREATE INDEX "account_emailconfirmation_email_address_id_5b7f8c58" ON "account_emailconfirmation" ("email_address_id");
CREATE INDEX "answer_now" ON "consent_answer" ("organisation_id", "topic", "says") WHERE "stands";
CREATE INDEX "audit_ledgerbody_clip_id_8ae43a73" ON "audit_ledgerbody" ("clip_id");
CREATE INDEX "audit_ledgerbody_person_id_002736e5" ON "audit_ledgerbody" ("person_id");
CREATE INDEX "auth_group_permissions_group_id_b120cbf9" ON "auth_group_permissions" ("group_id");
CREATE UNIQUE INDEX "auth_group_permissions_group_id_permission_id_0cd325b0_uniq" ON "auth_group_permissions" ("group_id", "permission_id");
CREATE INDEX "auth_group_permissions_permission_id_84c5c92e" ON "auth_group_permissions" ("permission_id");
CREATE INDEX "auth_permission_content_type_id_2f476e4b" ON "auth_permission" ("content_type_id");
CREATE UNIQUE INDEX "auth_permission_content_type_id_codename_01ab375a_uniq" ON "auth_permission" ("content_type_id", "codename");
CREATE INDEX "axes_accessattempt_ip_address_10922d9c" ON "axes_accessattempt" ("ip_address");
CREATE INDEX "axes_accessattempt_user_agent_ad89678b" ON "axes_accessattempt" ("user_agent");
CREATE INDEX "axes_accessattempt_username_3f2d4ca0" ON "axes_accessattempt" ("username");
CREATE UNIQUE INDEX "axes_accessattempt_username_ip_address_user_agent_8ea22282_uniq" ON "axes_accessattempt" ("username", "ip_address", "user_agent");
CREATE INDEX "axes_accessfailurelog_ip_address_2e9f5a7f" ON "axes_accessfailurelog" ("ip_address");
CREATE INDEX "axes_accessfailurelog_user_agent_ea145dda" ON "axes_accessfailurelog" ("user_agent");
CREATE INDEX "axes_accessfailurelog_username_a8b7e8a4" ON "axes_accessfailurelog" ("username");
CREATE INDEX "axes_accesslog_ip_address_86b417e5" ON "axes_accesslog" ("ip_address");
CREATE INDEX "axes_accesslog_user_agent_0e659004" ON "axes_accesslog" ("user_agent");
CREATE INDEX "axes_accesslog_username_df93064b" ON "axes_accesslog" ("username");
CREATE UNIQUE INDEX "camera_lens_once" ON "fleet_camera" ("unit_id", "lens");
CREATE INDEX "clip_held" ON "clips_hold" ("clip_id") WHERE "released_at" IS NULL;
CREATE UNIQUE INDEX "clip_look_once" ON "leak_cliplook" ("clip_id", "film");
CREATE INDEX "clip_of_unit_lately" ON "clips_clip" ("unit_id", "declared_at");
CREATE UNIQUE INDEX "clip_once_in_case" ON "clips_caseclip" ("case_id", "clip_id");
CREATE INDEX "clip_to_erase" ON "clips_clip" ("erase_after") WHERE "erased_at" IS NULL;
CREATE INDEX "clips_case_closed_by_id_582e97fd" ON "clips_case" ("closed_by_id");
CREATE INDEX "clips_case_opened_by_id_cdb305b1" ON "clips_case" ("opened_by_id");
CREATE INDEX "clips_case_organisation_id_03b945ca" ON "clips_case" ("organisation_id");
CREATE INDEX "clips_caseclip_added_by_id_85b50273" ON "clips_caseclip" ("added_by_id");
CREATE INDEX "clips_caseclip_case_id_1231f8b9" ON "clips_caseclip" ("case_id");
CREATE INDEX "clips_caseclip_clip_id_78f7f26c" ON "clips_caseclip" ("clip_id");
CREATE INDEX "clips_clip_assignee_id_a57272b8" ON "clips_clip" ("assignee_id");
CREATE INDEX "clips_clip_deleted_by_id_60d62274" ON "clips_clip" ("deleted_by_id");
CREATE INDEX "clips_clip_onset_w_1647ec_idx" ON "clips_clip" ("onset_wall_ns" DESC);
CREATE INDEX "clips_clip_revisio_3aa45f_idx" ON "clips_clip" ("revision");
CREATE INDEX "clips_clip_route_id_bc304914" ON "clips_clip" ("route_id");
CREATE INDEX "clips_clip_site_id_481c23_idx" ON "clips_clip" ("site_id", "onset_wall_ns" DESC);
CREATE INDEX "clips_clip_site_id_4d9a0287" ON "clips_clip" ("site_id");
CREATE INDEX "clips_clip_subject_id_7904393c" ON "clips_clip" ("subject_id");
CREATE INDEX "clips_clip_unit_id_bb8fd055" ON "clips_clip" ("unit_id");
CREATE INDEX "clips_clippart_clip_id_bb2bbc0a" ON "clips_clippart" ("clip_id");
CREATE INDEX "clips_export_clip_id_46376e82" ON "clips_export" ("clip_id");
CREATE INDEX "clips_export_person_id_839593c0" ON "clips_export" ("person_id");
CREATE INDEX "clips_hold_clip_id_9e75a5f9" ON "clips_hold" ("clip_id");
CREATE INDEX "clips_hold_placed_by_id_bab6376a" ON "clips_hold" ("placed_by_id");
CREATE INDEX "clips_hold_released_by_id_5f27e254" ON "clips_hold" ("released_by_id");
CREATE INDEX "clips_reading_clip_id_163a0b0c" ON "clips_reading" ("clip_id");
CREATE INDEX "clips_reading_person_id_66de950f" ON "clips_reading" ("person_id");
CREATE INDEX "clips_retentionrule_organisation_id_55bb9320" ON "clips_retentionrule" ("organisation_id");
CREATE INDEX "clips_tombstone_unit_id_6eda10da" ON "clips_tombstone" ("unit_id");
CREATE INDEX "clips_viewword_clip_id_00256e5f" ON "clips_viewword" ("clip_id");
CREATE INDEX "consent_answer_organisation_id_49ba4973" ON "consent_answer" ("organisation_id");
CREATE INDEX "consent_answer_person_id_5c4e649e" ON "consent_answer" ("person_id");
CREATE INDEX "consent_showing_organisation_id_fe8c5072" ON "consent_showing" ("organisation_id");
CREATE INDEX "consent_showing_person_id_12154a1d" ON "consent_showing" ("person_id");
CREATE INDEX "consent_showing_recorded_by_id_b94fc1b2" ON "consent_showing" ("recorded_by_id");
CREATE INDEX "consent_shown_to" ON "consent_showing" ("organisation_id", "topic", "text_sha256");
CREATE INDEX "consent_subjectrequest_answered_by_id_81cf5642" ON "consent_subjectrequest" ("answered_by_id");
CREATE INDEX "consent_subjectrequest_organisation_id_00dffb28" ON "consent_subjectrequest" ("organisation_id");
CREATE INDEX "consent_subjectrequest_person_id_faf46af1" ON "consent_subjectrequest" ("person_id");
CREATE INDEX "consent_viewtotell_person_id_3e1997e5" ON "consent_viewtotell" ("person_id");
CREATE INDEX "dispatch_pl_driver__63b7e6_idx" ON "dispatch_placewatch" ("driver_id", "opened_at" DESC);
CREATE INDEX "dispatch_pl_person__900b1a_idx" ON "dispatch_placewatch" ("person_id", "site_id", "last_shown_at" DESC);
CREATE INDEX "dispatch_placewatch_driver_id_f11d68c6" ON "dispatch_placewatch" ("driver_id");
CREATE INDEX "dispatch_placewatch_person_id_b2db5167" ON "dispatch_placewatch" ("person_id");
CREATE INDEX "dispatch_placewatch_site_id_4a1fc1ee" ON "dispatch_placewatch" ("site_id");
CREATE INDEX "dispute_open" ON "driving_dispute" ("due_at") WHERE "state" = 'open';
CREATE UNIQUE INDEX "django_content_type_app_label_model_76bd3d3b_uniq" ON "django_content_type" ("app_label", "model");
CREATE INDEX "django_session_expire_date_a5c62663" ON "django_session" ("expire_date");
CREATE INDEX "driving_dispute_answered_by_id_c2598061" ON "driving_dispute" ("answered_by_id");
CREATE INDEX "driving_dispute_hold_id_53ca3bf4" ON "driving_dispute" ("hold_id");
CREATE INDEX "driving_dispute_raised_by_id_c592b870" ON "driving_dispute" ("raised_by_id");
CREATE INDEX "driving_sig_person__f0d375_idx" ON "driving_signon" ("person_id", "at" DESC);
CREATE INDEX "driving_sig_site_id_fefe69_idx" ON "driving_signon" ("site_id", "at");
CREATE INDEX "driving_signon_person_id_0cd7974f" ON "driving_signon" ("person_id");
CREATE INDEX "driving_signon_received_at_6fdfa731" ON "driving_signon" ("received_at");
CREATE INDEX "driving_signon_shift_id_fef69e50" ON "driving_signon" ("shift_id");
CREATE INDEX "driving_signon_site_id_28c035aa" ON "driving_signon" ("site_id");
CREATE INDEX "driving_signon_unit_id_a14af4fc" ON "driving_signon" ("unit_id");
CREATE INDEX "driving_tal_driver__8fbaa7_idx" ON "driving_talk" ("driver_id", "given_at" DESC);
CREATE INDEX "driving_tal_site_id_f9d65c_idx" ON "driving_talk" ("site_id", "given_at" DESC);
CREATE INDEX "driving_talk_clip_id_503fd5c4" ON "driving_talk" ("clip_id");
CREATE INDEX "driving_talk_driver_id_ff2ae5c6" ON "driving_talk" ("driver_id");
CREATE INDEX "driving_talk_event_id_ce5c4279" ON "driving_talk" ("event_id");
CREATE INDEX "driving_talk_given_at_c0c894b3" ON "driving_talk" ("given_at");
CREATE INDEX "driving_talk_given_by_id_9ad6cab2" ON "driving_talk" ("given_by_id");
CREATE INDEX "driving_talk_route_id_cb497197" ON "driving_talk" ("route_id");
CREATE INDEX "driving_talk_site_id_ed3a7d11" ON "driving_talk" ("site_id");
CREATE INDEX "driving_talk_trip_id_b588ed54" ON "driving_talk" ("trip_id");
CREATE INDEX "driving_tri_driver__d8b096_idx" ON "driving_trip" ("driver_id", "start_wall_ns");
CREATE INDEX "driving_tri_site_id_178e05_idx" ON "driving_trip" ("site_id", "start_wall_ns");
CREATE INDEX "driving_tri_trip_id_a07c03_idx" ON "driving_tripevent" ("trip_id", "onset_wall_ns");
CREATE INDEX "driving_trip_denied_by_id_af7b3d8f" ON "driving_trip" ("denied_by_id");
CREATE INDEX "driving_trip_driver_id_3beca268" ON "driving_trip" ("driver_id");
CREATE INDEX "driving_trip_received_at_b0d0eead" ON "driving_trip" ("received_at");
CREATE INDEX "driving_trip_route_id_86bbc3b1" ON "driving_trip" ("route_id");
CREATE INDEX "driving_trip_site_id_28ffc7b6" ON "driving_trip" ("site_id");
CREATE INDEX "driving_trip_unit_id_be360cd5" ON "driving_trip" ("unit_id");
CREATE INDEX "driving_tripclaim_answered_by_id_c88faf12" ON "driving_tripclaim" ("answered_by_id");
CREATE INDEX "driving_tripclaim_person_id_2ce771a5" ON "driving_tripclaim" ("person_id");
CREATE INDEX "driving_tripclaim_trip_id_334e9362" ON "driving_tripclaim" ("trip_id");
CREATE INDEX "driving_tripevent_clip_id_76f6b15f" ON "driving_tripevent" ("clip_id");
CREATE INDEX "driving_tripevent_trip_id_902ee931" ON "driving_tripevent" ("trip_id");
CREATE INDEX "exports_of_person" ON "clips_export" ("person_id", "clip_id", "asked_at" DESC);
CREATE INDEX "fleet_accou_person__f13d29_idx" ON "fleet_accountnotice" ("person_id", "at" DESC);
CREATE INDEX "fleet_accountnotice_person_id_f67c6fc4" ON "fleet_accountnotice" ("person_id");
CREATE INDEX "fleet_camera_unit_id_7546df97" ON "fleet_camera" ("unit_id");
CREATE INDEX "fleet_enrolmentcode_created_by_id_d2701408" ON "fleet_enrolmentcode" ("created_by_id");
CREATE INDEX "fleet_enrolmentcode_site_id_e67b4b34" ON "fleet_enrolmentcode" ("site_id");
CREATE INDEX "fleet_enrolmentcode_unit_id_214bcd45" ON "fleet_enrolmentcode" ("unit_id");
CREATE INDEX "fleet_enrolmentfailure_at_b491df7d" ON "fleet_enrolmentfailure" ("at");
CREATE INDEX "fleet_invit_organis_67d716_idx" ON "fleet_invitation" ("organisation_id", "email");
CREATE INDEX "fleet_invitation_made_by_id_d3e2c2bd" ON "fleet_invitation" ("made_by_id");
CREATE INDEX "fleet_invitation_organisation_id_2b421b2f" ON "fleet_invitation" ("organisation_id");
CREATE INDEX "fleet_invitation_site_id_48828c72" ON "fleet_invitation" ("site_id");
CREATE INDEX "fleet_membership_organisation_id_ed1192c8" ON "fleet_membership" ("organisation_id");
CREATE INDEX "fleet_membership_person_id_c43e3c7b" ON "fleet_membership" ("person_id");
CREATE INDEX "fleet_membership_site_id_7a24f781" ON "fleet_membership" ("site_id");
CREATE INDEX "fleet_opensession_person_id_8d2031c8" ON "fleet_opensession" ("person_id");
CREATE INDEX "fleet_person_groups_group_id_f98451d6" ON "fleet_person_groups" ("group_id");
CREATE INDEX "fleet_person_groups_person_id_eae0a3b1" ON "fleet_person_groups" ("person_id");
CREATE UNIQUE INDEX "fleet_person_groups_person_id_group_id_6dd4802a_uniq" ON "fleet_person_groups" ("person_id", "group_id");
CREATE INDEX "fleet_person_user_permissions_permission_id_00987361" ON "fleet_person_user_permissions" ("permission_id");
CREATE INDEX "fleet_person_user_permissions_person_id_ae98e86e" ON "fleet_person_user_permissions" ("person_id");
CREATE UNIQUE INDEX "fleet_person_user_permissions_person_id_permission_id_251bd5f3_uniq" ON "fleet_person_user_permissions" ("person_id", "permission_id");
CREATE INDEX "fleet_pushbrowser_person_id_ec01bc56" ON "fleet_pushbrowser" ("person_id");
CREATE INDEX "fleet_pushwaiting_browser_id_bbd61d19" ON "fleet_pushwaiting" ("browser_id");
CREATE INDEX "fleet_route_dispatchers_membership_id_1310c4a1" ON "fleet_route_dispatchers" ("membership_id");
CREATE INDEX "fleet_route_dispatchers_route_id_6c14dcc2" ON "fleet_route_dispatchers" ("route_id");
CREATE UNIQUE INDEX "fleet_route_dispatchers_route_id_membership_id_0daca8e1_uniq" ON "fleet_route_dispatchers" ("route_id", "membership_id");
CREATE INDEX "fleet_route_organisation_id_76641be6" ON "fleet_route" ("organisation_id");
CREATE INDEX "fleet_shift_driver__edd15c_idx" ON "fleet_shift" ("driver_id", "starts_at");
CREATE INDEX "fleet_shift_driver_id_97dbe0d8" ON "fleet_shift" ("driver_id");
CREATE INDEX "fleet_shift_route_id_a9422835" ON "fleet_shift" ("route_id");
CREATE INDEX "fleet_shift_site_id_3a1730_idx" ON "fleet_shift" ("site_id", "starts_at");
CREATE INDEX "fleet_shift_site_id_9ba66cc9" ON "fleet_shift" ("site_id");
CREATE INDEX "fleet_signinlink_person_id_043a3e90" ON "fleet_signinlink" ("person_id");
CREATE INDEX "fleet_site_organisation_id_2873fca0" ON "fleet_site" ("organisation_id");
CREATE INDEX "fleet_trail_shift_i_4d97d2_idx" ON "fleet_trailpoint" ("shift_id", "at");
CREATE INDEX "fleet_trailpoint_at_dd049383" ON "fleet_trailpoint" ("at");
CREATE INDEX "fleet_trailpoint_shift_id_a40d0110" ON "fleet_trailpoint" ("shift_id");
CREATE INDEX "fleet_trailpoint_unit_id_cc305ed0" ON "fleet_trailpoint" ("unit_id");
CREATE INDEX "fleet_unit_site_id_1d1826e8" ON "fleet_unit" ("site_id");
CREATE INDEX "fleet_unitt_unit_id_e68ffd_idx" ON "fleet_unittrouble" ("unit_id", "ended_at");
CREATE INDEX "fleet_unittrouble_unit_id_2fc06540" ON "fleet_unittrouble" ("unit_id");
CREATE INDEX "grants_of_membership" ON "access_grant" ("membership_id", "ends_at");
CREATE INDEX "leak_canary_planted_by_id_ea397e04" ON "leak_canary" ("planted_by_id");
CREATE INDEX "leak_canary_seen_in_id_6ab373e7" ON "leak_canary" ("seen_in_id");
CREATE INDEX "leak_cliplook_clip_id_aa4fbe4d" ON "leak_cliplook" ("clip_id");
CREATE UNIQUE INDEX "leak_finding_once" ON "leak_leakfinding" ("leak_id", "run", "clip_id", "film");
CREATE INDEX "leak_leak_brought_by_id_05fae979" ON "leak_leak" ("brought_by_id");
CREATE INDEX "leak_leak_case_id_264a4aed" ON "leak_leak" ("case_id");
CREATE INDEX "leak_leak_hint_id_b48a644b" ON "leak_leak" ("hint_id");
CREATE INDEX "leak_leak_organisation_id_fd2b3277" ON "leak_leak" ("organisation_id");
CREATE INDEX "leak_leakfinding_clip_id_df621f2f" ON "leak_leakfinding" ("clip_id");
CREATE INDEX "leak_leakfinding_leak_id_f9bc5363" ON "leak_leakfinding" ("leak_id");
CREATE INDEX "leak_leakpart_leak_id_c6e024db" ON "leak_leakpart" ("leak_id");
CREATE UNIQUE INDEX "leak_part_once" ON "leak_leakpart" ("leak_id", "name");
CREATE INDEX "leaks_of_organisation" ON "leak_leak" ("organisation_id", "brought_at" DESC);
CREATE UNIQUE INDEX "ledger_node_once" ON "audit_ledgernode" ("height", "index");
CREATE INDEX "mfa_authenticator_user_id_0c3a50c0" ON "mfa_authenticator" ("user_id");
CREATE UNIQUE INDEX "one_answer_stands" ON "consent_answer" ("person_id", "organisation_id", "topic") WHERE "stands";
CREATE UNIQUE INDEX "one_open_request" ON "consent_subjectrequest" ("person_id", "clip_id", "kind") WHERE "state" = 'open';
CREATE UNIQUE INDEX "one_release_a_person" ON "access_release" ("share_id", "person_id");
CREATE UNIQUE INDEX "part_name_once" ON "clips_clippart" ("clip_id", "name");
CREATE UNIQUE INDEX "person_email_case_insensitive" ON "fleet_person" ((LOWER("email")));
CREATE INDEX "portal_savedfilter_person_id_02abe079" ON "portal_savedfilter" ("person_id");
CREATE UNIQUE INDEX "reading_once" ON "clips_reading" ("clip_id", "person_id");
CREATE INDEX "requests_waiting" ON "consent_subjectrequest" ("organisation_id", "state", "asked_at");
CREATE UNIQUE INDEX "retention_class_once" ON "clips_retentionrule" ("organisation_id", "kind", "severity");
CREATE UNIQUE INDEX "route_name_once" ON "fleet_route" ("organisation_id", (LOWER("name"))) WHERE "closed_at" IS NULL;
CREATE UNIQUE INDEX "saved_filter_name_once" ON "portal_savedfilter" ("person_id", "name");
CREATE INDEX "shares_of_clip" ON "access_share" ("clip_id", "made_at" DESC);
CREATE UNIQUE INDEX "site_name_once" ON "fleet_site" ("organisation_id", "name");
CREATE UNIQUE INDEX "text_shown_once" ON "consent_showing" ("person_id", "organisation_id", "topic", "text_sha256");
CREATE UNIQUE INDEX "told_once" ON "consent_viewtotell" ("person_id", "view_id");
CREATE UNIQUE INDEX "trip_claim_once" ON "driving_tripclaim" ("trip_id", "person_id") WHERE "state" = 'open';
CREATE UNIQUE INDEX "unique_authenticator_type" ON "mfa_authenticator" ("user_id", "type") WHERE "type" IN ('totp', 'recovery_codes');
CREATE UNIQUE INDEX "unique_primary_email" ON "account_emailaddress" ("user_id", "primary") WHERE "primary";
CREATE UNIQUE INDEX "unique_verified_email" ON "account_emailaddress" ("email") WHERE "verified";
CREATE UNIQUE INDEX "unit_trouble_once" ON "fleet_unittrouble" ("unit_id", "kind", "lens") WHERE "ended_at" IS NULL;
CREATE INDEX "unsealings_by_state" ON "access_unsealing" ("state", "asked_at" DESC);
CREATE INDEX "view_to_tell_waits" ON "consent_viewtotell" ("person_id") WHERE ("given_up_at" IS NULL AND "sent_at" IS NULL);
CREATE UNIQUE INDEX "view_word_once" ON "clips_viewword" ("clip_id", "part", "view_id");
INSERT INTO django_migrations (app, name, applied) VALUES
  ('access', '0001_initial', CURRENT_TIMESTAMP),
  ('access', '0002_shares', CURRENT_TIMESTAMP),
  ('access', '0003_served', CURRENT_TIMESTAMP),
  ('access', '0004_alarms', CURRENT_TIMESTAMP),
  ('access', '0005_second_person', CURRENT_TIMESTAMP),
  ('access', '0006_grants', CURRENT_TIMESTAMP),
  ('access', '0007_masked_shares', CURRENT_TIMESTAMP),
  ('access', '0008_same_clip_alarms', CURRENT_TIMESTAMP),
  ('access', '0009_shown_by_entries', CURRENT_TIMESTAMP),
  ('access', '0010_alarms_by_entries', CURRENT_TIMESTAMP),
  ('account', '0001_initial', CURRENT_TIMESTAMP),
  ('account', '0002_email_max_length', CURRENT_TIMESTAMP),
  ('account', '0003_alter_emailaddress_create_unique_verified_email', CURRENT_TIMESTAMP),
  ('account', '0004_alter_emailaddress_drop_unique_email', CURRENT_TIMESTAMP),
  ('account', '0005_emailaddress_idx_upper_email', CURRENT_TIMESTAMP),
  ('account', '0006_emailaddress_lower', CURRENT_TIMESTAMP),
  ('account', '0007_emailaddress_idx_email', CURRENT_TIMESTAMP),
  ('account', '0008_emailaddress_unique_primary_email_fixup', CURRENT_TIMESTAMP),
  ('account', '0009_emailaddress_unique_primary_email', CURRENT_TIMESTAMP),
  ('audit', '0001_initial', CURRENT_TIMESTAMP),
  ('audit', '0002_last_wall_ns', CURRENT_TIMESTAMP),
  ('audit', '0003_entry_mac', CURRENT_TIMESTAMP),
  ('auth', '0001_initial', CURRENT_TIMESTAMP),
  ('auth', '0002_alter_permission_name_max_length', CURRENT_TIMESTAMP),
  ('auth', '0003_alter_user_email_max_length', CURRENT_TIMESTAMP),
  ('auth', '0004_alter_user_username_opts', CURRENT_TIMESTAMP),
  ('auth', '0005_alter_user_last_login_null', CURRENT_TIMESTAMP),
  ('auth', '0006_require_contenttypes_0002', CURRENT_TIMESTAMP),
  ('auth', '0007_alter_validators_add_error_messages', CURRENT_TIMESTAMP),
  ('auth', '0008_alter_user_username_max_length', CURRENT_TIMESTAMP),
  ('auth', '0009_alter_user_last_name_max_length', CURRENT_TIMESTAMP),
  ('auth', '0010_alter_group_name_max_length', CURRENT_TIMESTAMP),
  ('auth', '0011_update_proxy_permissions', CURRENT_TIMESTAMP),
  ('auth', '0012_alter_user_first_name_max_length', CURRENT_TIMESTAMP),
  ('axes', '0001_initial', CURRENT_TIMESTAMP),
  ('axes', '0002_auto_20151217_2044', CURRENT_TIMESTAMP),
  ('axes', '0003_auto_20160322_0929', CURRENT_TIMESTAMP),
  ('axes', '0004_auto_20181024_1538', CURRENT_TIMESTAMP),
  ('axes', '0005_remove_accessattempt_trusted', CURRENT_TIMESTAMP),
  ('axes', '0006_remove_accesslog_trusted', CURRENT_TIMESTAMP),
  ('axes', '0007_alter_accessattempt_unique_together', CURRENT_TIMESTAMP),
  ('axes', '0008_accessfailurelog', CURRENT_TIMESTAMP),
  ('axes', '0009_add_session_hash', CURRENT_TIMESTAMP),
  ('axes', '0010_accessattemptexpiration', CURRENT_TIMESTAMP),
  ('clips', '0001_initial', CURRENT_TIMESTAMP),
  ('clips', '0002_stored_bytes', CURRENT_TIMESTAMP),
  ('clips', '0003_declared_by_the_clock', CURRENT_TIMESTAMP),
  ('clips', '0004_headline', CURRENT_TIMESTAMP),
  ('clips', '0005_keeping', CURRENT_TIMESTAMP),
  ('clips', '0006_marked', CURRENT_TIMESTAMP),
  ('clips', '0007_routes_and_cases', CURRENT_TIMESTAMP),
  ('clips', '0008_exports', CURRENT_TIMESTAMP),
  ('clips', '0009_clock_doubt', CURRENT_TIMESTAMP),
  ('clips', '0010_say_prepared', CURRENT_TIMESTAMP),
  ('clips', '0011_masking', CURRENT_TIMESTAMP),
  ('clips', '0012_export_of_its_view', CURRENT_TIMESTAMP),
  ('consent', '0001_initial', CURRENT_TIMESTAMP),
  ('consent', '0002_try_after', CURRENT_TIMESTAMP),
  ('contenttypes', '0001_initial', CURRENT_TIMESTAMP),
  ('contenttypes', '0002_remove_content_type_name', CURRENT_TIMESTAMP),
  ('dispatch', '0001_initial', CURRENT_TIMESTAMP),
  ('driving', '0001_initial', CURRENT_TIMESTAMP),
  ('driving', '0002_route', CURRENT_TIMESTAMP),
  ('driving', '0003_counted_and_kept', CURRENT_TIMESTAMP),
  ('driving', '0004_talks', CURRENT_TIMESTAMP),
  ('driving', '0005_driver_identity', CURRENT_TIMESTAMP),
  ('driving', '0006_whose_seq', CURRENT_TIMESTAMP),
  ('fleet', '0001_initial', CURRENT_TIMESTAMP),
  ('fleet', '0002_camera_told', CURRENT_TIMESTAMP),
  ('fleet', '0003_invitations_and_sessions', CURRENT_TIMESTAMP),
  ('fleet', '0004_visible_mark', CURRENT_TIMESTAMP),
  ('fleet', '0005_sealed_factors', CURRENT_TIMESTAMP),
  ('fleet', '0006_more_roles', CURRENT_TIMESTAMP),
  ('fleet', '0007_routes_and_trails', CURRENT_TIMESTAMP),
  ('fleet', '0008_push', CURRENT_TIMESTAMP),
  ('fleet', '0009_unit_troubles', CURRENT_TIMESTAMP),
  ('fleet', '0010_push_added', CURRENT_TIMESTAMP),
  ('fleet', '0011_password_code', CURRENT_TIMESTAMP),
  ('fleet', '0012_sees', CURRENT_TIMESTAMP),
  ('leak', '0001_initial', CURRENT_TIMESTAMP),
  ('leak', '0002_canaries', CURRENT_TIMESTAMP),
  ('leak', '0003_sealed_findings', CURRENT_TIMESTAMP),
  ('leak', '0004_shown_by_entries', CURRENT_TIMESTAMP),
  ('mfa', '0001_initial', CURRENT_TIMESTAMP),
  ('mfa', '0002_authenticator_timestamps', CURRENT_TIMESTAMP),
  ('mfa', '0003_authenticator_type_uniq', CURRENT_TIMESTAMP),
  ('portal', '0001_initial', CURRENT_TIMESTAMP),
  ('sessions', '0001_initial', CURRENT_TIMESTAMP);
