// Package egress is the only dialler: every HTTP request that leaves for a
// customer's or partner's URL goes through one [Client].
//
// The wall is the socket. Whatever the URL says and whatever a name resolves
// to, the address is judged when the socket is about to connect (guard.go);
// what is read in the URL text beforehand only makes for better messages. The
// client knows no proxy, follows no redirect, sends a request at most once, and
// bounds the time, the header and the body of every answer.
//
// Plain values go in and come out. The package decides why an exchange failed
// ([Cause]); whether an answer means success is the caller's business.
package egress
