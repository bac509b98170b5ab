package callback

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

const (
	// BulkInterval is how often each worker looks for what bulk replays have to do.
	BulkInterval = time.Second
	// bulkCountPart is how many callbacks one statement counts, bulkPart how many replays one transaction makes: some
	// 50 ms each.
	bulkCountPart = 1000
	bulkPart      = 100
	// bulkBytes bounds the bodies of a part, which are held in memory: with one more that is at most 1 MiB.
	bulkBytes = 4 << 20
	// bulkUntried is how many replays of a bulk replay may wait for their first attempt: two seconds' worth of one quick
	// receiver, so that what waits stays short, and a pause is quick.
	bulkUntried = 1000
	// bulkLook is how many replays that were made are looked at in one transaction.
	bulkLook = 1000
	// bulkParts bounds what one look does.
	bulkParts = 20
)

// BulkStore tells whether there is anything to do, without a transaction: on SQLite there is one writer.
type BulkStore interface {
	// BulkReplayWaits tells whether there is an active one that was not looked at since a time.
	BulkReplayWaits(ctx context.Context, before time.Time) (bool, error)
}

// BulkPartTx is the database as a part of a bulk replay needs it.
type BulkPartTx interface {
	PartiesTx
	// TakeBulkReplay returns the active one that was not looked at for the longest, and not since a time; nil: there is
	// none. It passes over those that others look at.
	TakeBulkReplay(ctx context.Context, now, before time.Time) (*BulkReplay, error)
	LockBulkReplay(ctx context.Context, scope models.Scope, id int64) (*BulkReplay, error)
	UpdateBulkReplay(ctx context.Context, b *BulkReplay) error
	// LockCallbacks locks callbacks in the order of their ids. A body of more than MaxClaimedBody is left out.
	LockCallbacks(ctx context.Context, ids ...int64) ([]*Callback, error)
	Body(ctx context.Context, id int64) ([]byte, error)
	// Replays is Reader.Replays, CountReplays ReplayTx.CountReplays, and CreateCallbacks Tx.CreateCallbacks.
	Replays(ctx context.Context, scope models.Scope, originalIDs ...int64) ([]*Callback, error)
	CountReplays(ctx context.Context, numbers map[int64]int) error
	CreateCallbacks(ctx context.Context, callbacks ...*Callback) error
	// AddBulkReplayed notes replays that a bulk replay has made.
	AddBulkReplayed(ctx context.Context, b *BulkReplay, now time.Time, replayIDs ...int64) error
	// LookAtReplayed looks at replays of a bulk replay whose time has come, up to limit, and forgets those that have
	// ended.
	LookAtReplayed(ctx context.Context, b *BulkReplay, now time.Time, limit int) (BulkEnded, error)
	// CountUntried counts the replays that have not been attempted, up to limit.
	CountUntried(ctx context.Context, b *BulkReplay, limit int) (int, error)
}

// BulkEnded counts replays that have ended.
type BulkEnded struct{ Succeeded, Failed int }

// AdvanceBulkReplays lets bulk replays go on, a few parts, each as far as it has room, and tells whether there may be more
// to do at once. Any number of processes may do so at the same time.
func (u *Upkeep) AdvanceBulkReplays(ctx context.Context) (more bool, err error) {
	for parts := 0; parts < bulkParts; {
		b, err := u.takeBulkReplay(ctx)
		if err != nil || b == nil {
			return false, err
		}
		for moved := true; moved && parts < bulkParts; parts++ {
			before := b
			if b, err = u.engine.advance(ctx, before, u.engine.now()); err != nil {
				return false, err
			}
			moved = b.Status != before.Status || !b.samePlace(before)
		}
	}
	return true, nil
}

// takeBulkReplay returns nil where there is none whose turn it is.
func (u *Upkeep) takeBulkReplay(ctx context.Context) (b *BulkReplay, err error) {
	at := u.engine.now()
	before := at.Add(-BulkInterval / 4)
	if waits, err := u.engine.db.BulkReplayWaits(ctx, before); err != nil || !waits {
		return nil, err
	}
	err = u.engine.db.InBulkPartTx(ctx, func(tx BulkPartTx) (err error) {
		b, err = tx.TakeBulkReplay(ctx, at, before)
		return err
	})
	return b, err
}

// advance does one part of a bulk replay. What is listed is read before anything is locked: where another process has done
// the same part since, nothing is done.
func (s *Service) advance(ctx context.Context, seen *BulkReplay, at time.Time) (b *BulkReplay, err error) {
	room := false
	b, err = s.inPart(ctx, seen.ID, at, func(p *bulkPartial) (err error) {
		room, err = p.look(ctx)
		return err
	})
	if err != nil || !room {
		return b, err
	}
	seen = b
	page, err := s.bulkPage(ctx, seen)
	if err != nil {
		return nil, err
	}
	var made []*Callback
	b, err = s.inPart(ctx, seen.ID, at, func(p *bulkPartial) error {
		if p.Status != seen.Status || !p.samePlace(seen) {
			return nil
		}
		err := p.do(ctx, page)
		made = p.made
		return err
	})
	if err == nil && len(made) > 0 {
		s.Wake(ctx, made...)
	}
	return b, err
}

// inPart changes a bulk replay in a transaction.
func (s *Service) inPart(
	ctx context.Context, id int64, at time.Time, change func(*bulkPartial) error,
) (b *BulkReplay, err error) {
	return b, s.db.InBulkPartTx(ctx, func(tx BulkPartTx) (err error) {
		if b, err = tx.LockBulkReplay(ctx, models.PlatformActor().Scope(models.RoleViewer), id); err != nil {
			return err
		}
		part := &bulkPartial{service: s, tx: tx, BulkReplay: b, at: at}
		if err := change(part); err != nil {
			return err
		}
		part.end()
		b.LookedAt = at
		return tx.UpdateBulkReplay(ctx, b)
	})
}

func (b *BulkReplay) samePlace(o *BulkReplay) bool {
	return b.After == o.After || b.After != nil && o.After != nil && *b.After == *o.After
}

// bulkPartial is one part of a bulk replay, in a transaction.
type bulkPartial struct {
	*BulkReplay
	service *Service
	tx      BulkPartTx
	at      time.Time
	parties Parties
	replays map[int64][]*Callback // of each original
	made    []*Callback
}

// look notes what became of replays that were made, and tells whether there is something to do, and room for it.
func (p *bulkPartial) look(ctx context.Context) (room bool, err error) {
	if p.Open > 0 {
		ended, err := p.tx.LookAtReplayed(ctx, p.BulkReplay, p.at, bulkLook)
		if err != nil {
			return false, err
		}
		p.Succeeded += ended.Succeeded
		p.Failed += ended.Failed
		p.Open -= ended.Succeeded + ended.Failed
	}
	if p.Status != BulkRunning || p.Made {
		return p.Status == BulkCounting, nil
	}
	untried, err := p.tx.CountUntried(ctx, p.BulkReplay, bulkUntried)
	return untried+bulkPart <= bulkUntried, err
}

// do counts or replays a page.
func (p *bulkPartial) do(ctx context.Context, page bulkPage) error {
	switch p.Status {
	case BulkCounting:
		if err := p.prepare(ctx, page.callbacks); err != nil {
			return err
		}
		if err := p.count(ctx, page.callbacks); err != nil {
			return err
		}
		p.move(page)
		p.Counted = page.last
		return nil
	case BulkRunning:
		if !p.Made {
			return p.replayPage(ctx, page)
		}
	case BulkPaused, BulkCancelled, BulkFinished:
	}
	return nil
}

// move notes where it has come to.
func (p *bulkPartial) move(page bulkPage) {
	if page.until != nil {
		p.After = page.until
	}
}

// end moves on to what comes after the count, and after the last replay.
func (p *bulkPartial) end() {
	if p.Status == BulkCounting && p.Counted {
		p.Status = BulkFinished
		if !p.DryRun {
			p.Status, p.After, p.Skipped = BulkRunning, nil, map[SkipReason]int{}
		}
	}
	if p.Status == BulkRunning && p.Made && p.Open == 0 {
		p.Status = BulkFinished
	}
	if p.Status == BulkFinished && p.FinishedAt == nil {
		p.FinishedAt = &p.at
	}
}

// prepare reads what is to be known of callbacks before it can be said whether they can be replayed.
func (p *bulkPartial) prepare(ctx context.Context, callbacks []*Callback) error {
	ids, projects := make([]int64, len(callbacks)), make([]*int64, len(callbacks))
	for i, c := range callbacks {
		ids[i], projects[i] = c.ID, &c.ProjectID
	}
	p.replays = map[int64][]*Callback{}
	if len(ids) == 0 {
		return nil
	}
	replays, err := p.tx.Replays(ctx, models.PlatformActor().Scope(models.RoleViewer), ids...)
	if err != nil {
		return err
	}
	for _, r := range replays {
		p.replays[*r.ReplayOfID] = append(p.replays[*r.ReplayOfID], r)
	}
	p.parties, err = ReadParties(ctx, p.tx, projects, nil)
	return err
}

// count counts what is matched, and what of it could not be replayed.
func (p *bulkPartial) count(ctx context.Context, callbacks []*Callback) error {
	for _, c := range callbacks {
		p.Matched++
		_, reason, err := p.replayOf(ctx, c)
		if err != nil {
			return err
		}
		if reason != "" {
			p.Skipped[reason]++
		}
	}
	return nil
}

// replayOf makes the replay of a callback, or says why there is none.
func (p *bulkPartial) replayOf(ctx context.Context, c *Callback) (*Callback, SkipReason, error) {
	number := c.lastReplay(p.replays[c.ID]) + 1
	if reason := c.notReplayable(number, p.ByPartner); reason != "" {
		return nil, reason, nil
	}
	owners, err := p.parties.Owner(c.ProjectID)
	switch {
	case err != nil || owners.Project.DeletedAt != nil:
		return nil, SkipProjectDeleted, nil
	case c.Target == TargetSSOClient && !p.Notices:
		return nil, SkipNotice, nil
	}
	replay := c.replay(number)
	replay.OrderingKey = "" // what is new would wait behind all of them
	target, err := resolveTarget(ctx, p.parties.through(p.tx), replay, owners)
	switch {
	case err != nil:
		return nil, "", err
	case target.URL == "" && c.Target != TargetRequest:
		return nil, SkipNoURL, nil
	case target.Unreadable != nil:
		return nil, SkipUnreadable, nil
	}
	replay.ReplayedByUserID = p.CreatedByUserID
	replay.Lane.Bulk = true
	replay.setTarget(target, owners)
	replay.CreatedAt = p.at
	replay.dueUnlessPaused(p.at, owners)
	return replay, "", nil
}

// replayPage replays a page, up to so many bytes.
func (p *bulkPartial) replayPage(ctx context.Context, page bulkPage) error {
	if err := p.prepare(ctx, page.callbacks); err != nil {
		return err
	}
	locked, err := p.lock(ctx, page.callbacks)
	if err != nil {
		return err
	}
	whole, bytes := true, 0
	numbers := map[int64]int{}
	for _, listed := range page.callbacks {
		if whole = bytes <= bulkBytes; !whole {
			break
		}
		p.After = new(BulkPlace(listed.CreatedAt, listed.ID))
		replay, err := p.replayLocked(ctx, locked[listed.ID])
		if err != nil {
			return err
		}
		if replay != nil {
			p.made = append(p.made, replay)
			numbers[listed.ID] = ReplayNumber(replay.DedupKey)
			bytes += len(replay.Body)
		}
	}
	if whole {
		p.move(page)
	}
	if err := p.create(ctx, numbers); err != nil {
		return err
	}
	if whole && page.last {
		p.settleMatched()
	}
	return nil
}

// replayLocked makes the replay of one that was listed, with its body; nil: it is skipped, and counted so.
func (p *bulkPartial) replayLocked(ctx context.Context, locked *Callback) (*Callback, error) {
	if locked == nil {
		p.Skipped[SkipPurged]++
		return nil, nil
	}
	replay, reason, err := p.replayOf(ctx, locked)
	if err != nil {
		return nil, err
	}
	if reason != "" {
		p.Skipped[reason]++
		return nil, nil
	}
	if locked.BodyBytes > 0 {
		if replay.Body, err = p.tx.Body(ctx, locked.ID); err != nil {
			return nil, err
		}
	}
	return replay, nil
}

func (p *bulkPartial) lock(ctx context.Context, callbacks []*Callback) (map[int64]*Callback, error) {
	locked := map[int64]*Callback{}
	if len(callbacks) == 0 {
		return locked, nil
	}
	ids := make([]int64, len(callbacks))
	for i, c := range callbacks {
		ids[i] = c.ID
	}
	found, err := p.tx.LockCallbacks(ctx, ids...)
	for _, c := range found {
		locked[c.ID] = c
	}
	return locked, err
}

func (p *bulkPartial) create(ctx context.Context, numbers map[int64]int) error {
	if len(p.made) == 0 {
		return nil
	}
	if err := p.tx.CountReplays(ctx, numbers); err != nil {
		return err
	}
	if err := p.tx.CreateCallbacks(ctx, p.made...); err != nil {
		return err
	}
	p.Replayed += len(p.made)
	p.Open += len(p.made)
	ids := make([]int64, len(p.made))
	for i, c := range p.made {
		ids[i] = c.ID
	}
	return p.tx.AddBulkReplayed(ctx, p.BulkReplay, p.at, ids...)
}

// settleMatched is for when the last page was replayed: what was matched is what was replayed or skipped. Those that were
// counted and then purged were skipped; those that have begun to match since are counted.
func (p *bulkPartial) settleMatched() {
	seen := p.Replayed + p.AllSkipped()
	if gone := p.Matched - seen; gone > 0 {
		p.Skipped[SkipPurged] += gone
	}
	p.Matched = max(p.Matched, seen)
	p.Made = true
}
