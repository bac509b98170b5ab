package callback

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// NoticeTx is what notices to partners need beside what all that is raised needs.
type NoticeTx interface {
	Tx
	// Partners returns, by callback, who is notified of what becomes of it.
	Partners(ctx context.Context, callbackIDs ...int64) (map[int64]Partner, error)
	// NoteNotified notes which SSO clients are notified of failures, by the ids of the originals.
	NoteNotified(ctx context.Context, ssoClientIDs map[int64]int64) error
	// Recovered returns, by callback, who is notified of its arrival: who was noted for its original, is its partner
	// still, and wants to hear of arrivals. With that nobody is noted any more, so it is once.
	Recovered(ctx context.Context, callbackIDs ...int64) (map[int64]Partner, error)
	// LastDigest returns a project's latest digest, replays apart, with its body; nil: there is none.
	LastDigest(ctx context.Context, projectID int64) (*Callback, error)
	// RewriteDigest gives a digest another body, unless it was claimed for an attempt: then it returns false.
	RewriteDigest(ctx context.Context, id int64, body []byte) (bool, error)
	LineReader
}

// Partner is who is notified of what becomes of a callback, as things are now.
type Partner struct {
	SSOClientID  int64
	NoticeMode   tenant.NoticeMode // empty: nobody is
	Events       []tenant.WebhookEvent
	FailureCount int    // of the callback, as it is written
	CreatorID    *int64 // who created the callback's source
	Names        SourceNames
}

// partnersOf is read before the failures are written: what was written before was notified before.
func partnersOf(ctx context.Context, tx NoticeTx, settlements []*Settlement) (map[int64]Partner, error) {
	var ids []int64
	for _, x := range settlements {
		if x.next.failureDue() {
			ids = append(ids, x.next.Callback.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return tx.Partners(ctx, ids...)
}

// failureDue: on the first failure, and again when the callback is given up; once where that is the same moment.
func (d *Delivery) failureDue() bool {
	return d.counted && d.rules().notifiesPartner && (d.first || d.Callback.Status == StatusFailed)
}

// recoveryDue: it has arrived, and there may have been a notice of a failure.
func (d *Delivery) recoveryDue() bool {
	c := d.Callback
	return d.Attempt.Error == nil && d.rules().notifiesPartner && (c.FailureCount > 0 || c.ReplayOfID != nil)
}

// hearsOf reports whether the partner wants to hear of a failure.
func (p Partner) hearsOf(failed *Delivery) bool {
	return p.NoticeMode != "" && (failed.first && slices.Contains(p.Events, tenant.WebhookFirstFailure) ||
		failed.Callback.Status == StatusFailed && slices.Contains(p.Events, tenant.WebhookGivenUp))
}

// original is the id of the callback itself, or of what it is a replay of.
func (c *Callback) original() int64 {
	if c.ReplayOfID != nil {
		return *c.ReplayOfID
	}
	return c.ID
}

// notifyPartners raises the notices that follow from settlements, and returns what is to be woken. Partners are those
// of failures.
func (ds *Deliveries) notifyPartners(
	ctx context.Context, tx NoticeTx, settled []*Delivery, partners map[int64]Partner,
) ([]Wakeup, error) {
	failed, err := ds.failedWithNotice(ctx, tx, settled, partners)
	if err != nil {
		return nil, err
	}
	recovered, arrivals, err := ds.recovered(ctx, tx, settled)
	if err != nil {
		return nil, err
	}
	if len(recovered) > 0 {
		failed = append(failed, recovered...)
		maps.Copy(arrivals, partners)
		partners = arrivals
	}
	return ds.raiseNotices(ctx, tx, failed, partners)
}

// failedWithNotice are those that failed and whose partner is notified of it, which is noted: before all notices, as
// those of a digest hold a lock.
func (ds *Deliveries) failedWithNotice(
	ctx context.Context, tx NoticeTx, settled []*Delivery, partners map[int64]Partner,
) (failed []*Delivery, err error) {
	notified := map[int64]int64{}
	for _, d := range settled {
		c := d.Callback
		if !d.failureDue() {
			continue
		}
		partner := partners[c.ID]
		ds.digesting.note(c.AccountID, partner.NoticeMode == tenant.NoticeDigest)
		ds.recovering.note(c.AccountID, slices.Contains(partner.Events, tenant.WebhookRecovered))
		if !partner.hearsOf(d) {
			continue
		}
		failed = append(failed, d)
		if partner.FailureCount < c.FailureCount { // else the same call is made again, after a commit whose answer was lost
			notified[c.original()] = partner.SSOClientID
		}
	}
	return failed, tx.NoteNotified(ctx, notified)
}

// recovered are those that have arrived and whose partner is notified of it, with that partner.
func (ds *Deliveries) recovered(
	ctx context.Context, tx NoticeTx, settled []*Delivery,
) (recovered []*Delivery, partners map[int64]Partner, err error) {
	var ids []int64
	for _, d := range settled {
		if d.recoveryDue() {
			ids = append(ids, d.Callback.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil, nil
	}
	partners, err = tx.Recovered(ctx, ids...)
	for _, d := range settled {
		if _, ok := partners[d.Callback.ID]; ok {
			recovered = append(recovered, d)
		}
	}
	return recovered, partners, err
}

// raiseNotices raises a notice of each, or a digest of all of a project.
func (ds *Deliveries) raiseNotices(
	ctx context.Context, tx NoticeTx, settled []*Delivery, partners map[int64]Partner,
) (wakeups []Wakeup, err error) {
	digests := map[int64][]*Delivery{} // by project
	for _, d := range settled {
		c, partner := d.Callback, partners[d.Callback.ID]
		if partner.NoticeMode == tenant.NoticeDigest {
			if d.Attempt.Error == nil || partner.FailureCount < c.FailureCount { // else it is in one
				digests[c.ProjectID] = append(digests[c.ProjectID], d)
			}
			continue
		}
		notice, err := ds.raiseNotice(ctx, tx, d, partner)
		if err := ds.withoutNotice(ctx, err, d); err != nil {
			return nil, err
		}
		wakeups = append(wakeups, ds.engine.wakeups(notice)...)
	}
	for _, project := range slices.Sorted(maps.Keys(digests)) { // in the order of the locks
		some, err := ds.digest(ctx, tx, project, digests[project])
		if err := ds.withoutNotice(ctx, err, digests[project]...); err != nil {
			return nil, err
		}
		wakeups = append(wakeups, some...)
	}
	return wakeups, nil
}

// withoutNotice lets failures be written of which nobody can be notified: better no notice than an attempt that is
// never recorded, and so made for ever.
func (ds *Deliveries) withoutNotice(ctx context.Context, err error, failed ...*Delivery) error {
	if err == nil || !models.IsRowError(err) {
		return err
	}
	for _, d := range failed {
		ds.engine.troubles.Unreadable(ctx, "notice", "callback", d.Callback.UID.String(), "error", err)
	}
	return nil
}

// raiseNotice returns nil where nobody is notified.
func (ds *Deliveries) raiseNotice(ctx context.Context, tx NoticeTx, d *Delivery, partner Partner) (*Callback, error) {
	c, event := d.Callback, CallbackRecoveredEvent
	key := d.noticeKey(recoveredType)
	if d.Attempt.Error != nil {
		event, key = CallbackFailedEvent, d.noticeKey(failedType)
		if partner.FailureCount >= c.FailureCount { // the same call is made again, after a commit whose answer was lost
			told, err := FindAll(ctx, tx, []string{key})
			return told[key], err
		}
	}
	return ds.engine.Raise(ctx, tx, Occasion{
		Event: event, DedupKey: key, ProjectID: c.ProjectID,
		Source: Source{Of: c.Source.Of}, CreatorID: partner.CreatorID, causeID: &c.ID,
		Render: func(e Envelope) ([]byte, error) {
			return noticeBody(e, News{c, d.Attempt, partner.Names, ds.engine.rules.PublicURL})
		},
	})
}

// noticeKey names the failure or the arrival.
func (d *Delivery) noticeKey(kind string) string {
	return kind + ":" + d.Callback.UID.String() + ":" + strconv.Itoa(d.Attempt.Number)
}
