package scheduler

const (
	// What failed this often in a row, within this time, is taken to be down.
	fallAfter  = 20
	fallWithin = 60 * second
)

// outage remembers whether something is down: a lane's receiver, an endpoint or a name. While it is, it gets one
// request at a time until one succeeds, so that nothing stampedes when it comes back.
type outage struct {
	streak int // failures in a row
	since  Instant
	down   bool
	trials int // begun while it was down, and not answered yet: at most one
}

// failed notes a failure, and tells whether that was one too many.
func (o *outage) failed(now Instant) (fell bool) {
	if o.streak == 0 || now-o.since > fallWithin {
		o.streak, o.since = 0, now
	}
	o.streak++
	fell = !o.down && o.streak >= fallAfter
	o.down = o.down || fell
	return fell
}

// succeeded notes a success, and tells whether that ended an outage.
func (o *outage) succeeded() (rose bool) {
	rose = o.down
	o.streak, o.down = 0, false
	return rose
}

// tried tells whether it is down and the one request that it gets is under way.
func (o *outage) tried() bool { return o.down && o.trials > 0 }
