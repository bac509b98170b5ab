// Package receiver is for those who set up a receiver, or look for what is wrong with one: a test that is sent to it
// (SendTest), an attempt at once of what waits for its next one (RetryCallback).
//
// A test is a callback like any other, of an event of its own: signed, guarded and recorded, with one attempt.
//
// What is done for people at their screens has rates (Rate), which all processes count together, in the database.
package receiver
