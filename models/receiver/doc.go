// Package receiver is for those who set up a receiver, or look for what is wrong with one: a test that is sent to it
// (SendTest), an attempt at once of what waits for its next one (RetryCallback), a callback as it would be sent
// (Preview), and a look at the whole way to it (Diagnose).
//
// A test is a callback like any other, of an event of its own: signed, guarded and recorded, with one attempt.
//
// A diagnosis is made by a worker, for callbacks leave from there, and is no callback: it is a row that one worker takes
// (Take), to which it appends its steps. It is over at its deadline, whatever has become of the worker: whoever reads it
// sees that, and nothing more is written. Its requests are tests that stand nowhere (callback.Service.Rehearse).
//
// What is done for people at their screens has rates (Rate), which all processes count together, in the database.
package receiver
