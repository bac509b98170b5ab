package main

import (
	"errors"
	"fmt"
	"time"
)

// variant is one of the things that a command compares.
type variant struct {
	name  string
	roles []string
	// prepare, where it is set, fills the database before the load.
	prepare func(*bench, *installation) error
}

// straight measures the baseline of a run, before its server is started.
func (b *bench) straight() (float64, error) {
	r, err := startReceiver(b.ctx)
	if err != nil {
		return 0, err
	}
	defer r.close()
	return straight(b.ctx, r, b.Baseline)
}

// compare measures every variant as often as there are rounds, one after the other, so that a noisy minute hits all alike.
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
	i, err := b.install("", v.roles...)
	if err != nil {
		return nil, err
	}
	r := b.newResult(command, i)
	r.Variant, r.StraightPerSecond = v.name, baseline
	err = b.measure(i, v, l, r)
	return r, errors.Join(i.cause(err), i.close())
}

func (b *bench) measure(i *installation, v variant, l load, r *result) (err error) {
	if r.Durability, err = i.db.durability(i.ctx); err != nil {
		return err
	}
	if v.prepare != nil {
		if err := v.prepare(b, i); err != nil {
			return err
		}
	}
	p, err := newPublisher(i)
	if err != nil {
		return err
	}
	if err := b.tryOne(i, p); err != nil {
		return err
	}
	meter := i.meter()
	before := meter.cpu()
	events, err := l(i.ctx, p)
	if err != nil {
		return err
	}
	i.receiver.await(i.ctx, len(events), b.Patience)
	if err := i.ctx.Err(); err != nil {
		return err
	}
	r.CPUSeconds, r.PeakMemory = meter.cpuSince(before), i.memory(peakMemory)
	if err := i.stop(); err != nil {
		return err
	}
	r.Deliveries = i.receiver.deliveries(events, r.StraightPerSecond)
	unrecorded, err := i.db.unrecorded(i.ctx, i.tenant.projectID)
	if err == nil && unrecorded > r.Lost {
		err = fmt.Errorf("%d callbacks arrived, but the history does not say so", unrecorded-r.Lost)
	}
	return err
}

// tryOne sends one callback that does not count, which shows that all is connected.
func (b *bench) tryOne(i *installation, p *publisher) error {
	if _, err := p.publish(i.ctx); err != nil {
		return err
	}
	if i.receiver.await(i.ctx, 1, b.Patience); i.receiver.arrived() == 0 {
		return errors.New("the first callback did not arrive")
	}
	i.receiver.forget()
	return nil
}

// deliveries holds what was published against what has arrived, once nothing more can come.
func (r *receiver) deliveries(events []event, straight float64) *Deliveries {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := &Deliveries{Callbacks: len(events)}
	begun, answered, arrived := events[0].begun, events[0].answered, events[0].begun
	var took []time.Duration
	for _, e := range events {
		if e.begun.Before(begun) {
			begun = e.begun
		}
		if e.answered.After(answered) {
			answered = e.answered
		}
		a := r.arrivals[e.ref]
		if a == nil {
			d.Lost++
			continue
		}
		if a.first.After(arrived) {
			arrived = a.first
		}
		d.Duplicates += a.times - 1
		took = append(took, a.first.Sub(e.begun))
	}
	d.AcceptedPerSecond = perSecond(len(events), answered.Sub(begun))
	d.DeliveredPerSecond = perSecond(len(took), arrived.Sub(begun))
	d.RatioToStraight = ratio(d.DeliveredPerSecond, straight)
	d.Latency = newLatency(took)
	return d
}
