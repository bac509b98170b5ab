// Package callback is the engine: it delivers callbacks, whatever makes them. A callback notifies a receiver of one
// event; an attempt is one request to that end. The engine knows the tenants, whose configuration says where
// callbacks go, and no source of callbacks.
//
// # A callback's life
//
//	          Raise                 Claim                  Settle: arrived
//	(event) ────────▶ PENDING ────────────────▶ RUNNING ───────────────────▶ SUCCESS
//	                     ▲                         │ │
//	                     │  Settle: failed, again  │ │ Settle: failed, given up
//	                     ├─────────────────────────┤ └──────────────────────▶ FAILED
//	                     │  Settle: given back     │
//	                     ├─────────────────────────┤
//	                     │  Release, or Sweep      │
//	                     └─────────────────────────┘
//
// A callback is created in the transaction of the event that it tells of (Raise). A worker claims it: the lease says
// until when that worker is alone in sending it, and the attempt's row is written before the request leaves.
// Callbacks of crawls are claimed as they are created where the worker of the same process has room (DirectStarts).
// What becomes of it is a Settlement: after the answer it is decided (Decide), and a worker that stops gives it back
// (GiveBack); Settle writes either. What was claimed and never sent is released, as if it had not been claimed
// (Release). The callbacks of a worker that died are found when their lease has run out (Sweep), and their open
// attempts are marked INTERRUPTED.
//
// What waits is in a lane (Lane): that of its host and of whose URL it is. After each commit that makes something
// due, the queue gets a wake-up of its lane (Wakeup). One wake-up does for all that is due there; who is woken claims
// it, of many lanes at once, and what the queue forgets the sweep finds.
//
// A replay is a new callback with the same ref and bytes. Callbacks that share an ordering key stand in a line: all
// but the first are held, which is PENDING and never due, and when the first has ended the next is released.
//
// Of the first failure of a callback and of its giving up the SSO partner is notified, which is by a callback too,
// in the transaction that records it: by one of its own, or by the digest of the project that waits (NoticeMode). Who
// adds to a digest holds the project's lock, and of one that was claimed the bytes never change: the next failure
// begins another one, due a minute after.
//
// # Adding a source of callbacks
//
// What makes callbacks (crawls, report downloads, runs, jobs) touches three places, and never the delivery:
//
//  1. event.go: an EventName and its row in the events table, which says the content type, the success codes, where
//     the callback goes and whether the SSO partner is notified of its failure. The schema's CallbackEvent gets the
//     name.
//  2. The source's own package, as models/job: the entity, its store port, its payloads, and the use-case that ends in
//     Raise, in the transaction that changes the entity, with a DedupKey that names this event of this source, and
//     after the commit in Wake. An Occasion has the ids of what the callback tells of (Source), who created that, and
//     a function that renders the payload from the Envelope. It can carry the request's own URL (then the target is
//     fixed) and an OrderingKey (then callbacks go one after the other).
//  3. The store: a column on callbacks for the Occasion's Source, in a migration, and its row in store/source.go.
//     Replays, notices and lists go by that.
package callback
