package main

import (
	"net"
	"net/http"
	"testing"
)

func TestConnectionsBeyondTheLimitCloseTheOneThatHasWaitedLongest(t *testing.T) {
	t.Parallel()
	working, answer := make(chan struct{}), make(chan struct{})
	const limit = 4
	_, dial := listen(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		working <- struct{}{}
		<-answer
	}), func(s *http.Server) { s.ConnState = newConnections(limit).follow })
	request := func(conn net.Conn) { write(t, conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
	atWork := make([]net.Conn, limit-1)
	for i := range atWork {
		atWork[i] = dial()
		request(atWork[i])
		<-working
	}
	silent := dial()
	atWork = append(atWork, dial())
	if _, err := silent.Read(make([]byte, 1)); err == nil {
		t.Error("the silent one is still open")
	}
	request(atWork[limit-1])
	<-working
	if _, err := dial().Read(make([]byte, 1)); err == nil {
		t.Error("there is one more than the limit")
	}
	close(answer)
	for i, conn := range atWork {
		if got := statusOf(t, conn); got != http.StatusOK {
			t.Errorf("%d: status %d", i, got)
		}
	}
	request(atWork[0]) // which waits for its next request meanwhile
	<-working
	if got := statusOf(t, atWork[0]); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
}
