// Package jobs is the queue: it wakes workers with asynq, and its workers deliver callbacks through jobs/egress.
//
// A task says only which callback to look at. State, attempt numbers, schedule and history live in the database; the handler
// reads them again, so a task that comes early, late or twice does no harm, and one that is lost is sent again by the sweep.
package jobs
