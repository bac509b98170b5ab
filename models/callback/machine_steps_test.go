package callback_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/job"
	"github.com/ringback/ringback/models/modelstest"
)

func (m *machine) raise(*rapid.T) { m.add(m.w.NewCallback(), "", nil) }

func (m *machine) raiseInLine(r *rapid.T) {
	line := pick(r, slices.Sorted(maps.Keys(m.lines)), "line")
	output := fmt.Sprintf(`"output %d"`, len(m.all)) // the same one would be the same call again
	m.add(m.w.MustChange(&job.Job{ID: m.lines[line]}, modelstest.JobEdited(output)), line, nil)
}

// raiseAndStart has room for the callback in this process.
func (m *machine) raiseAndStart(*rapid.T) {
	m.w.Queue.Room = 1
	c := m.add(m.w.NewCallback(), "", nil)
	m.take(c)
	m.taken(m.w.TakeStarted(0), []*modelled{c})
}

func (m *machine) replay(r *rapid.T) {
	some := m.all
	if rapid.IntRange(0, 3).Draw(r, "one that may be") > 0 {
		some = m.where(func(c *modelled) bool { return c.Status.Ended() && c.replayOf == nil })
	}
	original := pick(r, some, "original")
	var want models.Code
	switch {
	case original.gone:
		want = models.CodeNotFound
	case original.replayOf != nil, !original.Status.Ended(), original.Purged, original.replays == callback.MaxReplays:
		want = models.CodeConflict
	}
	c, err := m.w.Replay(m.w.T.Context(), m.w.Editor, original.id)
	if want != "" {
		if err == nil || models.ErrorCode(err) != want {
			m.w.T.Fatalf("replay of callback %d: got %v, want %s", original.id, err, want)
		}
		return
	}
	modelstest.NoError(m.w.T, err)
	original.replays++
	m.add(c, original.line, original)
}

// lanes are those in which anything waits.
func (m *machine) lanes() []string {
	lanes := []string{m.w.Lane(modelstest.JobHost).String()}
	for _, host := range hosts {
		lanes = append(lanes, m.w.Lane(host+":443").String())
	}
	return lanes
}

func (m *machine) claim(r *rapid.T) {
	m.claimOnce(pick(r, m.lanes(), "lane"), rapid.IntRange(1, 4).Draw(r, "limit"))
}

func (m *machine) claimOnce(lane string, limit int) {
	due := slices.DeleteFunc(m.claimable(false), func(c *modelled) bool { return c.Lane != lane })
	due = due[:min(limit, len(due))]
	full, moved := len(due) == limit, false
	due = slices.DeleteFunc(due, func(c *modelled) bool {
		stays := m.take(c)
		moved = moved || !stays
		return !stays
	})
	got, movedTo, fullLanes, err := m.w.Claim(m.w.T.Context(), []callback.LaneLimit{{Lane: lane, Limit: limit}})
	modelstest.NoError(m.w.T, err)
	if (len(movedTo) > 0) != moved || slices.Contains(fullLanes, lane) != full {
		m.w.T.Fatalf("moved to %v, want %t; full are %v, want %t", movedTo, moved, fullLanes, full)
	}
	m.taken(got, due)
}

func (m *machine) claimSuspect(*rapid.T) { m.claimSuspectOnce() }

// claimSuspectOnce tells whether one was due. Which one of those that have waited as long, it does not say.
func (m *machine) claimSuspectOnce() bool {
	due := m.claimable(true)
	due = slices.DeleteFunc(due, func(c *modelled) bool { return c.Due > due[0].Due })
	got, err := m.w.ClaimSuspect(m.w.T.Context())
	modelstest.NoError(m.w.T, err)
	if len(due) == 0 {
		m.taken(got, nil)
		return false
	}
	chosen := due[0]
	now := m.read()
	for _, c := range due {
		if now[c.id] != c.state {
			chosen = c
		}
	}
	if m.take(chosen) {
		m.taken(got, []*modelled{chosen})
	} else {
		m.taken(got, nil)
	}
	return true
}

func (m *machine) renew(r *rapid.T) {
	some := m.hands
	if rapid.Bool().Draw(r, "one") {
		some = []*handed{pick(r, m.hands, "delivery")}
	}
	var leases, want []callback.Lease
	for _, h := range some {
		leases = append(leases, h.Lease())
		if h.holds() && h.c.Status == callback.StatusRunning {
			want = append(want, h.Lease())
			h.c.Lease = m.now() + callback.LeaseTime.Microseconds()
		}
	}
	got := m.w.MustRenew(leases...)
	byID := func(a, b callback.Lease) int { return cmp.Compare(a.ID, b.ID) }
	slices.SortFunc(got, byID)
	slices.SortFunc(want, byID)
	if !slices.Equal(got, want) {
		m.w.T.Fatalf("renewed %v, want %v", got, want)
	}
}

// drop takes a delivery out of its worker's hand.
func (m *machine) drop(h *handed) {
	m.hands = slices.DeleteFunc(m.hands, func(o *handed) bool { return o == h })
}

func (m *machine) release(r *rapid.T) {
	h := pick(r, m.hands, "delivery")
	m.drop(h)
	m.w.MustRelease(h.Delivery)
	if c := h.c; h.holds() && c.Status == callback.StatusRunning {
		c.Status, c.Lease, c.Due = callback.StatusPending, 0, m.now()
		if c.Attempts == 1 {
			c.Due = c.created
		}
		c.Attempts--
		c.Open--
		c.Interruptions = h.as.Interruptions
	}
}

func (m *machine) excuse(r *rapid.T) {
	h := pick(r, m.hands, "delivery")
	modelstest.NoError(m.w.T, m.w.AnnounceStop(m.w.T.Context(), []int64{h.c.id}))
	if h.c.Status == callback.StatusRunning {
		h.c.Interruptions--
	}
}

func (m *machine) settle(r *rapid.T) {
	h := rapid.IntRange(0, max(0, len(m.hands)-1)).Draw(r, "delivery")
	pick(r, m.hands, "")
	status := rapid.SampledFrom([]int{0, 200, 200, 410, 422, 422, 500, 500}).Draw(r, "status")
	o := callback.Fault(time.Second)
	if status > 0 {
		o = modelstest.Answered(status)
	}
	if rapid.Bool().Draw(r, "Retry-After") {
		o.RetryAfter = "600"
	}
	m.settleAs(h, o)
}

// settleAs records what came of a delivery.
func (m *machine) settleAs(i int, o callback.Outcome) {
	h := m.hands[i]
	m.settled(h, m.w.Decide(h.Delivery, o), func(c *modelled) {
		c.HTTPStatus = 0
		if o.HTTPStatus != nil {
			c.HTTPStatus = *o.HTTPStatus
		}
		m.decide(c, o)
	})
}

func (m *machine) giveBack(r *rapid.T) {
	h := pick(r, m.hands, "delivery")
	m.settled(h, m.w.GiveBack(h.Delivery), func(c *modelled) { c.Due = m.now() })
}

// settled writes what becomes of a delivery, and models it where it counts.
func (m *machine) settled(h *handed, x *callback.Settlement, becomes func(*modelled)) {
	m.drop(h)
	err := m.w.Settle(m.w.T.Context(), x)
	if h.c.gone {
		if models.ErrorCode(err) != models.CodeNotFound {
			m.w.T.Fatalf("of a callback that is gone: %v", err)
		}
		return
	}
	modelstest.NoError(m.w.T, err)
	if !h.holds() || h.c.Status.Ended() {
		return
	}
	c := h.c
	if c.Status == callback.StatusRunning { // else the sweep has finished the attempt
		c.Open--
		c.Finished++
	}
	c.Status, c.Lease, c.Interruptions = callback.StatusPending, 0, h.as.Interruptions
	becomes(c)
}

// decide models the end of an attempt.
func (m *machine) decide(c *modelled, o callback.Outcome) {
	delay := time.Duration(0)
	switch {
	case c.HTTPStatus == 200:
		m.ends(c, callback.StatusSuccess, "")
		return
	case o.Error != nil: // ours
		if c.Panics++; c.Panics+max(0, c.Interruptions-callback.SuspectAfter) >= callback.MaxMishaps {
			m.ends(c, callback.StatusFailed, callback.InternalError)
			return
		}
		delay = min(time.Minute<<(c.Panics-1), time.Hour)
	default:
		c.Failures++
		inTheWay := refused(c) && m.firstHeld(c.line) != nil
		if c.HTTPStatus == 410 || c.Failures > len(modelstest.TwoRetries) || inTheWay {
			m.ends(c, callback.StatusFailed, callback.HTTPStatusError)
			return
		}
		if delay = modelstest.TwoRetries[c.Failures-1]; o.RetryAfter != "" {
			delay = max(delay, 10*time.Minute)
		}
	}
	c.Due = m.now() + delay.Microseconds()
}

func (m *machine) advance(r *rapid.T) {
	m.w.Clock.Advance(rapid.SampledFrom([]time.Duration{
		time.Microsecond, time.Second, 3 * time.Second, 5 * time.Second, 10 * time.Second, time.Minute, 5 * time.Minute,
		time.Hour,
	}).Draw(r, "by"))
}

func (m *machine) sweep(r *rapid.T) {
	m.sweepOnce(rapid.IntRange(0, 3).Draw(r, "others sweep too") > 0)
}

// die lets all workers die: what they have in hand waits again, and what they have to say of it comes late.
func (m *machine) die(*rapid.T) {
	m.w.Clock.Advance(callback.LeaseTime)
	m.sweepOnce(true)
}

// sweepOnce comes after an outage where nobody has swept for 6 s.
func (m *machine) sweepOnce(others bool) {
	now := m.now()
	if others {
		m.w.SweptByOthers()
		m.sweptAt = now
	}
	if m.sweptAt > 0 && m.sweptAt < now-(6*time.Second).Microseconds() {
		m.graceUntil = now + callback.LeaseTime.Microseconds()
	}
	m.sweptAt = now
	expired := m.where(func(c *modelled) bool {
		return m.graceUntil <= now && c.Status == callback.StatusRunning && c.Lease <= now
	})
	for _, c := range expired {
		c.Status, c.Due, c.Lease = callback.StatusPending, c.Lease, 0
		c.Interruptions++
		c.Open--
		c.Finished++
	}
	overdue := map[string]bool{}
	for _, c := range m.claimable(false) {
		if c.Due <= now-time.Second.Microseconds() {
			overdue[c.Lane] = true
		}
	}
	m.w.Queue.Take()
	interrupted, woken, err := m.w.Sweep(m.w.T.Context())
	modelstest.NoError(m.w.T, err)
	for _, wakeup := range m.w.Queue.Take() {
		delete(overdue, wakeup.Lane.String())
		woken--
	}
	if interrupted != len(expired) || woken != 0 || len(overdue) > 0 {
		m.w.T.Fatalf("interrupted %d, want %d; not woken: %v, woken too: %d", interrupted, len(expired), overdue, woken)
	}
}

func (m *machine) purge(r *rapid.T) {
	keep := callback.Retention{Rows: 10 * time.Minute}
	if rapid.Bool().Draw(r, "payloads first") {
		keep = callback.Retention{Rows: time.Hour, Payloads: time.Minute}
	}
	endedFor := func(c *modelled, d time.Duration) bool {
		return c.Status.Ended() && c.Ended < m.now()-d.Microseconds()
	}
	gone := 0
	for again := true; again; {
		again = false
		for _, c := range m.where(func(c *modelled) bool { return endedFor(c, keep.Rows) }) {
			if len(m.where(func(o *modelled) bool { return o.replayOf == c })) == 0 {
				c.gone, again = true, true
				gone++
			}
		}
	}
	for _, c := range m.where(func(c *modelled) bool { return keep.Payloads > 0 && endedFor(c, keep.Payloads) }) {
		c.Purged = true
	}
	if got := m.w.MustPurge(keep)["callbacks"]; got != gone {
		m.w.T.Fatalf("purged %d, want %d", got, gone)
	}
}

// move points the project elsewhere: what waits goes there when it is claimed.
func (m *machine) move(*rapid.T) { m.point(hosts[1-slices.Index(hosts, m.host)]) }

func (m *machine) fold(*rapid.T) {
	_, err := m.w.FoldHealth(m.w.T.Context())
	modelstest.NoError(m.w.T, err)
	m.checkCounts()
}

// checkCounts compares what was counted with all that has ended, purged or not.
func (m *machine) checkCounts() {
	t, scope := m.w.T, m.w.Viewer.Scope(models.RoleViewer)
	for owner, id := range map[callback.Parent]int64{callback.OfProject: m.w.Shop.ID, callback.OfAccount: m.w.Acme.ID} {
		want := map[ending]uint64{}
		for e, n := range m.ended {
			e.hour -= e.hour % (24 * time.Hour).Microseconds()
			want[e] += n
		}
		health, err := m.w.CallbackHealth(t.Context(), scope, owner, []int64{id}, callback.HealthMonth)
		modelstest.NoError(t, err)
		h := health[id]
		got, sum := map[ending]uint64{}, uint64(0)
		for _, b := range h.Buckets {
			for cause, n := range b.Failed {
				got[ending{b.StartsAt.UnixMicro(), cause}] = n
			}
			if b.Success > 0 {
				got[ending{b.StartsAt.UnixMicro(), ""}] = b.Success
			}
			sum += b.Success + b.FailedCount()
		}
		if !maps.Equal(got, want) || h.Success+h.FailedCount() != sum || h.Arrival.Count() != h.Success || !h.Exact {
			t.Fatalf("%s: counted %v, want %v; in all %d and %d", owner, got, want, h.Success, h.FailedCount())
		}
		status := func(s callback.Status) int { return len(m.where(func(c *modelled) bool { return c.Status == s })) }
		if h.Pending != status(callback.StatusPending) || h.Running != status(callback.StatusRunning) {
			t.Fatalf("%s: %d pending, %d running", owner, h.Pending, h.Running)
		}
	}
}
