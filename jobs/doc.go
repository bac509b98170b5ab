// Package jobs is the queue: it wakes workers, and its workers deliver callbacks and execute batches through
// jobs/egress.
//
// A wake-up says only which lane to look at: what waits for one host by whose URL it is (callback.Lane). State, attempt
// numbers, schedule and history live in the database, and a worker that is woken claims there what is due; so a wake-up
// that comes early, late or twice does no harm. It comes in three ways, each slower and surer than the one before:
//
//   - the doorbell, at once: a call within the process, and where its worker has no room a message of Redis to others, which nobody
//     keeps and one of them answers;
//   - a task of asynq, which keeps it until its time has come: one for each lane and second. asynq polls once a second;
//   - the sweep, every 2 s, which asks the database itself what has been due for a second.
//
// What a worker does when is decided by the package scheduler, a state machine that starts no goroutine: how many
// requests a lane gets at once, whose turn it is, what is claimed ahead and for how long. The dispatcher carries that
// out:
//
//	wake-up ──Due──▶            ──Claim──▶ database ──Claimed──▶
//	         ┌───────────────────────────────────────────────┐
//	         │ scheduler: lanes, windows, shares, health      │
//	         └───────────────────────────────────────────────┘
//	           ──Start──▶ request ──Answered──▶ record ──Freed──▶
//	           ──GiveBack──▶ release ──Due──▶
//
// Where the worker of the process that accepts a callback has room, that is reserved for it (Reserve) and the callback
// is claimed in the transaction that creates it: nobody is woken. Who creates many at once may wait for that room
// , where a quick receiver is about to make it. With the answer its lane has room again; the slot is
// free when what came of it is committed. What is in hand has a lease that is renewed; nothing begins whose lease is
// not known to be good.
package jobs
