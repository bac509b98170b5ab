package callback

import (
	"context"
	"slices"
	"time"

	"github.com/ringback/ringback/models"
)

// A person can pause the callbacks of a project or an account (tenant.Pause). What waits then is Paused as soon as a
// claim meets it, and what is created meanwhile is so from the start: it is in no index that a claim or a sweep looks
// into, and costs nothing until the pause has ended. Then sweeps make it due, part by part, so that its lanes take it as
// they would any backlog. A sweep goes by what is paused now, and not by who has resumed: whatever was paused while
// somebody resumed is found, too.

// PauseStore is the database as pauses need it. Each method is one statement.
type PauseStore interface {
	// ResumedProjects looks at up to limit projects with Paused callbacks, by id after the given one, and returns those
	// that are paused no longer, nor their accounts. Where there may be more, next is the last that it looked at.
	ResumedProjects(ctx context.Context, after int64, limit int) (resumed []int64, next int64, err error)
	// Resume makes up to limit Paused callbacks of a project due, the oldest first, and returns the lane of each.
	Resume(ctx context.Context, projectID int64, now time.Time, limit int) (lanes []string, err error)
	// TellPauses returns the pauses that began by a time, each once.
	TellPauses(ctx context.Context, pausedBy, now time.Time) ([]LongPause, error)
	// CountPauses counts the projects, or the accounts, that are paused, and returns since when the first is.
	CountPauses(ctx context.Context, kind string) (n int, since *time.Time, err error)
}

// LongPause is a pause that may have been forgotten.
type LongPause struct {
	Of    models.ObjectID
	Since time.Time
}

const (
	// PauseObeyed is when after its commit a pause is obeyed: no callback begins that was read before it.
	PauseObeyed = 2 * time.Second
	// maxUnread is for how long a delivery may go by what was read. The rest of PauseObeyed is for reading it anew, and
	// then for the request to leave.
	maxUnread   = 1500 * time.Millisecond
	readTimeout = time.Second
	// pauseLook bounds what one claim makes Paused of a lane: some 50 ms of work for the database.
	pauseLook = 1000
	// One sweep, every 2 s, makes up to resumeParts × resumePart callbacks due: more than a worker sends.
	resumePart  = 1000
	resumeParts = 10
	// maxPausedProjects bounds what one sweep looks at; the next one goes on after them.
	maxPausedProjects = 1000
	// LongPauseAfter is when a pause may have been forgotten.
	LongPauseAfter = 24 * time.Hour
)

// paused tells whether callbacks to the customer wait. Nobody can resume a deleted project: what was accepted of it is
// delivered.
func (o Owners) paused() bool {
	return o.Account.Paused() || o.Project != nil && o.Project.Paused() && o.Project.DeletedAt == nil
}

// HeldByPause tells whether the callback waits, and a pause of its owners is why it does not leave; the project is nil
// where it is deleted.
func (c *Callback) HeldByPause(o Owners) bool { return c.Status == StatusPending && c.waitsFor(o) }

// waitsFor tells whether a pause of its owners is for the callback: those to the SSO partner are the partner's, and
// somebody asks for a test just now. Both have lanes of their own.
func (c *Callback) waitsFor(o Owners) bool {
	return o.paused() && c.Target != TargetSSOClient && !c.rules().test
}

func (c *Callback) pause() {
	c.Status, c.NextAttemptAt, c.LeaseUntil, c.Paused = StatusPending, nil, nil, true
}

func (c *Callback) dueUnlessPaused(at time.Time, o Owners) {
	if c.waitsFor(o) {
		c.pause()
	} else {
		c.due(at)
	}
}

// pause takes those out of a claim that are to wait for a pause to end, and lets more of their lanes do so that would
// only be claimed for nothing.
func (ds *Deliveries) pause(
	ctx context.Context, tx DeliveryTx, claimed []*Callback, parties Parties, at time.Time,
) (rest, paused []*Callback, err error) {
	projects := map[Lane][]int64{}
	for _, c := range claimed {
		owners, err := parties.Owner(c.ProjectID)
		if err != nil || !c.waitsFor(owners) { // who cannot be read is put off
			rest = append(rest, c)
			continue
		}
		c.pause()
		paused = append(paused, c)
		if !slices.Contains(projects[c.Lane], c.ProjectID) {
			projects[c.Lane] = append(projects[c.Lane], c.ProjectID)
		}
	}
	for lane, ids := range projects {
		if err := tx.PauseDue(ctx, lane.String(), ids, at, pauseLook); err != nil {
			return nil, nil, err
		}
	}
	return rest, paused, nil
}

// MayBegin tells whether a delivery's request may leave. Where it has waited in this process, its pause is looked at
// anew; what may not begin is to be released.
func (ds *Deliveries) MayBegin(ctx context.Context, d *Delivery) (bool, error) {
	at := ds.engine.now()
	if at.Sub(d.readAt) <= maxUnread {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	may := false
	err := ds.engine.db.InDeliveryTx(ctx, func(tx DeliveryTx) error {
		owners, err := ownersOf(ctx, tx, d.Callback.ProjectID)
		may = err == nil && !d.Callback.waitsFor(owners)
		return err
	})
	if err == nil {
		d.readAt = at
	}
	return may, err
}

// resume makes due what waited for pauses that have ended, and returns the lanes in which there is any.
func (u *Upkeep) resume(ctx context.Context, at time.Time) ([]Lane, error) {
	projects, next, err := u.engine.db.ResumedProjects(ctx, u.resumedTo.Load(), maxPausedProjects)
	if err != nil {
		return nil, err
	}
	u.resumedTo.Store(next)
	var lanes []Lane
	for part := 0; part < resumeParts && len(projects) > 0; part++ {
		keys, err := u.engine.db.Resume(ctx, projects[0], at, resumePart)
		if err != nil {
			return nil, err
		}
		lanes = append(lanes, lanesOf(keys)...)
		if len(keys) < resumePart {
			projects = projects[1:]
		}
	}
	if len(projects) > 0 {
		u.resumedTo.Store(projects[0] - 1) // the next one goes on with it
	}
	return DistinctLanes(lanes), nil
}

// TellPauses returns the pauses that have lasted for LongPauseAfter: each once, whichever process asks.
func (u *Upkeep) TellPauses(ctx context.Context) ([]LongPause, error) {
	at := u.engine.now()
	return u.engine.db.TellPauses(ctx, at.Add(-LongPauseAfter), at)
}

// CountPauses counts the projects, or the accounts, that are paused, and tells for how long the first has been.
func (u *Upkeep) CountPauses(ctx context.Context, kind string) (n int, longest time.Duration, err error) {
	n, since, err := u.engine.db.CountPauses(ctx, kind)
	if since != nil {
		longest = u.engine.now().Sub(*since)
	}
	return n, longest, err
}
