package egress_test

import (
	"testing"

	"golang.org/x/net/http2"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
)

// floods are frames that a receiver may send without end, and without reading what comes back.
var floods = map[string]func(w *http2.Framer, stream uint32) error{
	"PING": func(w *http2.Framer, _ uint32) error { return w.WritePing(false, [8]byte{1}) },
	"SETTINGS": func(w *http2.Framer, _ uint32) error {
		return w.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1})
	},
	"empty DATA":    func(w *http2.Framer, stream uint32) error { return w.WriteData(stream, false, nil) },
	"WINDOW_UPDATE": func(w *http2.Framer, stream uint32) error { return w.WriteWindowUpdate(stream, 1<<31-1) },
	"window of all": func(w *http2.Framer, _ uint32) error { return w.WriteWindowUpdate(0, 1<<31-1) },
}

// The request ends, its connection does, and the next ones to the same host and to others are not held up.
func TestFloodOfFramesEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	for name, frame := range floods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := make(chan struct{}, 10)
			url, roots := egresstest.HTTP2(t, func(w *http2.Framer, stream uint32) {
				for frame(w, stream) == nil {
				}
				ended <- struct{}{}
			})
			c := clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: short, RootCAs: roots})
			for range 2 {
				if _, err := c.Send(t.Context(), request(url)); err == nil {
					t.Error("no error")
				}
			}
			<-ended // or it would be kept for ever, though nobody needs it any more
		})
	}
}

func TestWindowThatIsTooLargeHoldsUpNoOtherHost(t *testing.T) {
	t.Parallel()
	broken, roots := egresstest.HTTP2(t, func(w *http2.Framer, stream uint32) { _ = w.WriteWindowUpdate(stream, 1<<31-1) })
	healthy, _ := egresstest.HTTP2(t, egresstest.Answer("200"))
	c := clientOf(t, egress.Config{AllowedNetworks: loopback(), Timeout: long, RootCAs: roots})
	for range 2 {
		_, err := c.Send(t.Context(), request(broken))
		wantCause(t, err, egress.ConnectionReset, "")
	}
	if res, err := c.Send(t.Context(), request(healthy)); err != nil || res.Status != 200 {
		t.Errorf("got %d, %v", res.Status, err)
	}
}
