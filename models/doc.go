// Package models is the domain of Ringback: who may say where callbacks go, what makes a callback, and what becomes of it.
// It knows no database, no queue and no HTTP client; those are ports (Store, Queue) that the other rooms implement.
//
// # A callback's life
//
//	          raise                 Claim                  Record: arrived
//	(event) ────────▶ PENDING ────────────────▶ RUNNING ───────────────────▶ SUCCESS
//	                     ▲                         │ │
//	                     │  Record: failed, again  │ │ Record: failed, given up
//	                     ├─────────────────────────┤ └──────────────────────▶ FAILED
//	                     │  Interrupt, or Sweep    │
//	                     └─────────────────────────┘
//
// A callback is created in the transaction of the event that it tells of (raise). A worker claims it: the lease says until
// when that worker is alone in sending it, and the attempt's row is written before the request leaves. What came of it is
// recorded together with the decision (Record). A worker that stops gives its callbacks back (Interrupt); those of a worker
// that died are found when their lease has run out (Sweep), and their open attempts are marked INTERRUPTED.
//
// A replay is a new callback with the same ref and bytes.
package models
