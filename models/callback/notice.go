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
	// Partners returns, by callback, who is notified of its failure.
	Partners(ctx context.Context, callbackIDs ...int64) (map[int64]Partner, error)
	// LastDigest returns a project's latest digest, replays apart, with its body; nil: there is none.
	LastDigest(ctx context.Context, projectID int64) (*Callback, error)
	// RewriteDigest gives a digest another body, unless it was claimed for an attempt: then it returns false.
	RewriteDigest(ctx context.Context, id int64, body []byte) (bool, error)
	LineReader
}

// Partner is who is notified of a callback's failure, as things are now.
type Partner struct {
	NoticeMode   tenant.NoticeMode // empty: nobody does
	FailureCount int               // of the callback, as it is written
	CreatorID    *int64            // who created the callback's source
}

// partnersOf is read before the failures are written: what was written before was notified before.
func partnersOf(ctx context.Context, tx NoticeTx, settlements []*Settlement) (map[int64]Partner, error) {
	var ids []int64
	for _, x := range settlements {
		if x.next.noticeDue() {
			ids = append(ids, x.next.Callback.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return tx.Partners(ctx, ids...)
}

// noticeDue: on the first failure, and again when the callback is given up; once where that is the same moment.
func (d *Delivery) noticeDue() bool {
	return d.counted && d.rules().notifiesPartner && (d.first || d.Callback.Status == StatusFailed)
}

// notifyPartners raises the notices of failures, and returns what is to be woken.
func (ds *Deliveries) notifyPartners(
	ctx context.Context, tx NoticeTx, failed []*Delivery, partners map[int64]Partner,
) (wakeups []Wakeup, err error) {
	digests := map[int64][]*Delivery{} // by project
	for _, d := range failed {
		c, partner := d.Callback, partners[d.Callback.ID]
		ds.digesting.note(c.AccountID, partner.NoticeMode == tenant.NoticeDigest)
		if partner.NoticeMode == tenant.NoticeDigest {
			// Else the same call is made again, after a commit whose answer was lost.
			if partner.FailureCount < c.FailureCount {
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
	c, key := d.Callback, d.noticeKey("callback-failed")
	if partner.FailureCount >= c.FailureCount { // the same call is made again, after a commit whose answer was lost
		told, err := FindAll(ctx, tx, []string{key})
		return told[key], err
	}
	return ds.engine.Raise(ctx, tx, Occasion{
		Event: CallbackFailedEvent, DedupKey: key, ProjectID: c.ProjectID,
		Source: Source{Of: c.Source.Of}, CreatorID: partner.CreatorID, causeID: &c.ID,
		Render: func(e Envelope) ([]byte, error) {
			return callbackFailedBody(e, Failure{c, d.Attempt, ds.engine.rules.PublicURL})
		},
	})
}

// noticeKey names the failure.
func (d *Delivery) noticeKey(kind string) string {
	return kind + ":" + d.Callback.UID.String() + ":" + strconv.Itoa(d.Attempt.Number)
}
