// Package store keeps the domain in a database: Postgres, or SQLite for the embedded default. It is the only package
// that knows gorm. Both databases run the same code; where their SQL differs, a function says so.
//
// A file is of one table or of one kind of statement. What begins with callback_ lists and counts callbacks, with migrate_
// changes the schema, and with postgres_ or sqlite_ is of that database alone.
//
// Times are stored as microseconds since 1970, UTC. Header values and signing secrets are sealed with AES-256-GCM.
//
// # Tables
//
//	sso_clients ◀── accounts ◀── projects ◀─┬─ crawls ◀── report_downloads
//	                  │  ▲                  ├─ jobs
//	     memberships ─┘  └ account_usage    └─ schedules ◀── runs ◀── run_inputs ◀── run_batches ◀── batch_attempts
//	     users ◀─ sessions, user_keys                         │                        │
//	                                                          ▼                        ▼
//	            crawls, report_downloads, jobs ──▶ callbacks ◀──┬── callback_attempts
//	                                                 ▲    │     └── callbacks: its replays, its notices
//	                                                 └────┘
//
// Beside these, rates count what may be done so often within a time only.
//
// A callback is one row from its creation to its purge. What has not ended is found by indexes that hold nothing else,
// so they are as small as the backlog: callbacks_lanes and run_batches_lanes (what waits, by lane and due time),
// callbacks_leased and run_batches_leased (what is in hand, by the end of its lease), callbacks_line and
// callbacks_stuck (lines), callbacks_suspect (what is sent alone). What has ended is in the indexes of the history, by
// account and by project, and never changes again until its payload or its row goes.
//
// The payload stays in the row: Postgres keeps a text of more than 2 KB apart by itself, and a list that leaves it out
// does not read it. A row of its own for what has not ended, deleted at the end, would make the last update touch no
// index. It was measured by its bound, a table without any index of what waits or of the history by kind: no difference
// (docs/performance.md), and the release before could not deliver what this one writes.
package store
