package receiver

import (
	"context"
	"sync"
	"time"

	"github.com/ringback/ringback/models"
)

// progressInterval is how often the diagnoses are looked at that somebody follows, all by one statement. A step takes
// some 100 ms, or up to 5 s.
const progressInterval = 250 * time.Millisecond

// progress tells followers of diagnoses. Where there are none it does nothing.
type progress struct {
	read     func(ctx context.Context, ids []int64) ([]*Diagnosis, error)
	troubles *models.Troubles

	mu        sync.Mutex
	followers map[*follower]struct{}
	looking   bool
}

// follower is told of one diagnosis, until its context ends.
type follower struct {
	ctx     context.Context //nolint:containedctx // it is the life of the follower, not of a call
	id      int64
	sent    stage
	changes chan *Diagnosis // has room for all that there can be
}

// stage is how far a diagnosis is.
type stage struct {
	started, finished bool
	steps             int
}

// Follow tells of a diagnosis that the actor may see: as it is now, and then at each step, until it has ended or the
// context does. Then the channel is closed.
func (s *Service) Follow(ctx context.Context, actor *models.Actor, id int64) (<-chan *Diagnosis, error) {
	d, err := s.Diagnosis(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	const stages = 4 // asked for, started, finished, and one more for what is sent first
	f := &follower{ctx: ctx, id: id, sent: stage{steps: -1}, changes: make(chan *Diagnosis, len(StepNames())+stages)}
	if !f.send(d) {
		s.progress.enter(f)
	}
	return f.changes, nil
}

// send reports whether there is nothing more to send.
func (f *follower) send(d *Diagnosis) (over bool) {
	if now := (stage{d.StartedAt != nil, d.FinishedAt != nil, len(d.Steps)}); now != f.sent {
		f.sent = now
		f.changes <- d
	}
	if d.FinishedAt != nil {
		close(f.changes)
		return true
	}
	return false
}

func (p *progress) enter(f *follower) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.followers[f] = struct{}{}
	if !p.looking {
		p.looking = true
		go p.look()
	}
}

// look goes on until nobody follows.
func (p *progress) look() {
	ticker := time.NewTicker(progressInterval)
	defer ticker.Stop()
	for range ticker.C {
		ids := p.followed()
		if len(ids) == 0 {
			return
		}
		p.publish(p.seen(ids))
	}
}

// followed are the ids of what is followed. Who is gone is forgotten, and where all are it is told that nobody looks any
// more.
func (p *progress) followed() (ids []int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for f := range p.followers {
		if f.ctx.Err() != nil {
			close(f.changes)
			delete(p.followers, f)
			continue
		}
		ids = append(ids, f.id)
	}
	p.looking = len(ids) > 0
	return ids
}

// seen: while the database is away nobody is told anything.
func (p *progress) seen(ids []int64) map[int64]*Diagnosis {
	ctx, cancel := context.WithTimeout(context.Background(), watchTimeout)
	defer cancel()
	byID := map[int64]*Diagnosis{}
	_ = p.troubles.Catch(ctx, "progress", func() error { // a panic is logged
		found, err := p.read(ctx, ids)
		for _, d := range found {
			byID[d.ID] = d
		}
		return err
	})
	return byID
}

func (p *progress) publish(seen map[int64]*Diagnosis) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for f := range p.followers {
		if d := seen[f.id]; d != nil && f.send(d) {
			delete(p.followers, f)
		}
	}
}
