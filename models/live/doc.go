// Package live is for those who look on while callbacks change (Subscribe).
//
// What changes is written down where somebody watches, by the database itself, in the transaction that changes it: each
// process renews the watches of its subscribers' owners (Store.Watch), and whoever writes a callback of one of these
// leaves a row of it. A subscriber is told that all is seen (Ready) once every transaction has ended that may not have
// met the watch.
//
// One goroutine of a process, which is there while there are subscribers, reads those rows (Service.look): when another
// process rings (Bell), at most every 100 ms, and otherwise every 2 s. It reads the callbacks once for all, and hands
// each to those whom it concerns (Subscription.sees). It also says whose credentials have ended (Service.recheck), by
// one statement for all.
//
// A change is told as the callback is when it is read: what happens within a look is told once. A Cursor is a place
// before which all was told: who comes back with it is told what was missed, some of it twice, or that it is too much
// or too long ago (Resync).
package live
