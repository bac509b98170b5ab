// Package jobs is the queue: it wakes workers, and its workers deliver callbacks and execute batches through jobs/egress.
//
// A wake-up says only which lane to look at: the callbacks for a host, or the batches of an action. State, attempt numbers, schedule
// and history live in the database, and a worker that is woken claims there what is due; so a wake-up that comes early, late or twice
// does no harm. It comes in three ways, each slower and surer than the one before:
//
//   - the doorbell, at once: a call within the process, and where its worker has no room a message of Redis to others, which nobody
//     keeps and one of them answers;
//   - a task of asynq, which keeps it until its time has come: one for each lane and second. asynq polls once a second;
//   - the sweep, every 2 s, which asks the database itself what has been due for a second.
//
// A claimed callback passes through a lane: it begins when its host has room (RINGBACK_PER_HOST) and the process a slot
// (RINGBACK_CONCURRENCY). Where the worker of the process that accepts a callback has room, it is claimed in the transaction that
// creates it, and nobody is woken. With the answer the host has room again; the slot is free when what came of it is committed. A host that
// answers quickly has some more claimed ahead, so that nothing waits for a claim.
package jobs
