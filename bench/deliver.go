package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// variant is one of the things that a command compares.
type variant struct {
	name  string
	roles []string
	// prepare, where it is set, fills the database before the load.
	prepare func(*bench, *installation) error

	// sites get the load in turn; none: it goes to the tenant's own receiver, and a callback's time begins before it is
	// accepted.
	sites  []site
	beside *side // nil: nothing
	// grace, where it is set, is how long is waited after the load. What has not arrived then is late, not lost.
	grace time.Duration
	// rampTo, where it is set, is a rate of arrivals; when was it reached?
	rampTo int
	// killAfter, where it is set, is when the last process is killed, and started anew.
	killAfter time.Duration
}

// compare measures every variant as often as there are rounds, one after the other, so that a noisy minute hits all
// alike.
func (b *bench) compare(command string, variants []variant, l load) error {
	found := make([][]*result, len(variants))
	lost := 0
	for round := range b.Rounds {
		for k, v := range variants {
			r, err := b.deliver(command, v, l)
			if err != nil {
				return err
			}
			r.Round = round + 1
			if err := b.print(r); err != nil {
				return err
			}
			found[k] = append(found[k], r)
			lost += r.Lost
		}
	}
	if err := b.summarize(command, found); err != nil {
		return err
	}
	if lost > 0 {
		return fmt.Errorf("%d callbacks were lost", lost)
	}
	return nil
}

// deliver measures one load on a fresh installation.
func (b *bench) deliver(command string, v variant, l load) (*result, error) {
	baseline, err := b.straight()
	if err != nil {
		return nil, err
	}
	var receivers *Receivers
	if len(v.sites) > 0 {
		receivers = &Receivers{}
		if receivers.PostsPerSecond, err = b.straightTo(v.sites); err != nil {
			return nil, err
		}
	}
	i, err := b.install("", v.roles...)
	if err != nil {
		return nil, err
	}
	r := b.newResult(command, i)
	r.Variant, r.StraightPerSecond, r.Receivers = v.name, baseline, receivers
	err = b.measure(i, v, l, r)
	return r, errors.Join(i.cause(err), i.close())
}

func (b *bench) measure(i *installation, v variant, l load, r *result) error {
	s, err := b.set(i, v, r)
	if err != nil {
		return err
	}
	meter := i.meter()
	killed := i.killLater(v)
	before, elsewhere, begun := meter.cpu(), s.besidePosts.arrived(), time.Now()
	events, err := s.publish(i.ctx, v, l)
	if err = errors.Join(err, killed()); err != nil {
		return err
	}
	events = slices.DeleteFunc(events, func(e event) bool { return e.hangs })
	counted := b.await(i.ctx, v, s, len(events))
	if err := i.ctx.Err(); err != nil {
		return err
	}
	r.CPUSeconds, r.PeakMemory = meter.cpuSince(before), i.memory(peakMemory)
	if r.Receivers != nil {
		r.Connections = i.receiver.opened.Load()
	}
	if s.beside != nil {
		r.Beside = s.read(elsewhere, time.Since(begun))
	}
	if r.Replay != nil {
		if err := b.awaitReplay(i, r.Replay, s.besidePosts); err != nil {
			return err
		}
	}
	i.receiver.release()
	if err := i.stop(); err != nil {
		return err
	}
	if v.rampTo > 0 {
		r.Ramp = s.posts.ramp(v.rampTo)
	}
	r.Deliveries = s.posts.deliveries(events, r.StraightPerSecond, counted)
	unrecorded, err := i.db.unrecorded(i.ctx, s.measured.sources)
	if err == nil && unrecorded > r.Lost+r.Late {
		err = fmt.Errorf("%d callbacks arrived, but the history does not say so", unrecorded-r.Lost-r.Late)
	}
	return err
}

// set prepares all that is there before the load, and begins what goes on already.
func (b *bench) set(i *installation, v variant, r *result) (s *stage, err error) {
	if r.Durability, err = i.db.durability(i.ctx); err != nil {
		return nil, err
	}
	if v.prepare != nil {
		if err := v.prepare(b, i); err != nil {
			return nil, err
		}
	}
	if s, err = v.build(i); err != nil {
		return nil, err
	}
	if v.beside != nil && v.beside.queued {
		if err := b.queue(i, v, s); err != nil {
			return nil, err
		}
	}
	if s.replayed > 0 {
		if err := b.fillProject(i, s.besideOf.projectID, s.replayed); err != nil {
			return nil, err
		}
	}
	if err := b.tryOne(i); err != nil || s.replayed == 0 {
		return s, err
	}
	r.Replay, err = i.replay(i.ctx, s.besideOf.projectID)
	return s, err
}

// await waits for what was published.
func (b *bench) await(ctx context.Context, v variant, s *stage, count int) terms {
	by := terms{fromAnswer: len(v.sites) > 0}
	if v.grace > 0 {
		ctx, cancel := context.WithTimeout(ctx, v.grace)
		defer cancel()
		s.posts.await(ctx, count, v.grace)
		by.until = time.Now()
		return by
	}
	s.posts.await(ctx, count, b.Patience)
	return by
}

// tryOne sends one callback to the tenant's own receiver that does not count, which shows that all is connected.
func (b *bench) tryOne(i *installation) error {
	if err := newPublisher(i, source{projectID: i.tenant.projectID}).publish(i.ctx, &event{}); err != nil {
		return err
	}
	if i.receiver.await(i.ctx, 1, b.Patience); i.receiver.arrived() == 0 {
		return errors.New("the first callback did not arrive")
	}
	i.receiver.forget()
	i.receiver.opened.Store(0)
	return nil
}
