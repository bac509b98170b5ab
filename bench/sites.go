package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// site is a project of its own, with an endpoint of its own.
type site struct {
	endpoint

	account int  // whose it is: 0 is the tenant, the others are made
	slow    bool // its latencies are not counted
}

// side is what goes on beside the load that is measured.
type side struct {
	site

	load load
	// queued: all of it waits when the load begins. Else they begin together.
	queued bool
	// replayed, where it is set, is of how many callbacks its history is, all of which are replayed; there is no load.
	replayed int
}

// source is what a publisher finishes crawls of.
type source struct {
	projectID int64
	hangs     bool // no answer can be waited for
	slow      bool
}

// stage is a variant's sites in an installation.
type stage struct {
	measured *publisher
	posts    *tally // what has arrived of it
	// beside is nil where nothing goes on beside it. besidePosts has what arrived of that, and at sites that hang.
	beside      *publisher
	besidePosts *tally
	besideOf    source
	replayed    int // of that, what is replayed
}

// build makes the sites of a variant. Without any, all goes to the tenant's own receiver.
func (v variant) build(i *installation) (*stage, error) {
	s := &stage{posts: i.receiver.tally, besidePosts: newTally()}
	if len(v.sites) == 0 {
		s.measured = newPublisher(i, source{projectID: i.tenant.projectID})
		return s, nil
	}
	s.posts = newTally()
	accounts := map[int]*tenant{0: i.tenant}
	sources := make([]source, len(v.sites))
	for k, site := range v.sites {
		posts := s.posts
		if site.hangs {
			posts = s.besidePosts
		}
		var err error
		if sources[k], err = i.build(accounts, site, posts); err != nil {
			return nil, err
		}
	}
	s.measured = newPublisher(i, sources...)
	if v.beside != nil {
		beside, err := i.build(accounts, v.beside.site, s.besidePosts)
		if err != nil {
			return nil, err
		}
		s.beside, s.besideOf, s.replayed = newPublisher(i, beside), beside, v.beside.replayed
	}
	return s, nil
}

// build makes the project of a site, and its account unless there is one.
func (i *installation) build(accounts map[int]*tenant, s site, posts *tally) (source, error) {
	account := accounts[s.account]
	if account == nil {
		id, err := makeAccount(i.ctx, i.platform, fmt.Sprintf("account-%d", s.account))
		if err != nil {
			return source{}, err
		}
		account = &tenant{accountID: id}
		accounts[s.account] = account
	}
	project, err := account.makeProject(i.ctx, i.platform, i.receiver.open(s.endpoint, posts))
	return source{projectID: project, hangs: s.hangs, slow: s.slow}, err
}

// queue publishes what is to wait when the load begins, to a server that sends one at a time, starts that anew as it
// was, and waits until it sends.
func (b *bench) queue(i *installation, v variant, s *stage) error {
	b.note("queueing what is to wait")
	if err := i.restart(v.roles, "RINGBACK_CONCURRENCY=1"); err != nil {
		return err
	}
	if _, err := v.beside.load(i.ctx, s.beside); err != nil {
		return err
	}
	if err := i.stop(); err != nil {
		return err
	}
	arrived := s.besidePosts.arrived()
	if err := i.restart(v.roles); err != nil {
		return err
	}
	if s.besidePosts.await(i.ctx, arrived+1, b.Patience); s.besidePosts.arrived() == arrived {
		return errors.New("nothing arrives of what was queued")
	}
	return nil
}

// publish publishes the load, and what goes on beside it.
func (s *stage) publish(ctx context.Context, v variant, l load) ([]event, error) {
	if s.beside == nil || v.beside.load == nil || v.beside.queued {
		return l(ctx, s.measured)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := v.beside.load(ctx, s.beside)
		done <- err
	}()
	events, err := l(ctx, s.measured)
	if err != nil {
		cancel()
	}
	return events, errors.Join(err, <-done)
}

// read tells what became of the load beside, of which so many had arrived so long ago.
func (s *stage) read(before int, took time.Duration) *Beside {
	published, arrived := int(s.beside.next.Load())+s.replayed, s.besidePosts.arrived()
	return &Beside{Published: published, ArrivedPerSecond: perSecond(arrived-before, took), Waiting: published - arrived}
}

// address is that of the n-th host. The tenant's own receiver is none of them.
func address(n int) string { return fmt.Sprintf("127.1.%d.%d", n>>8, n&0xff) }

// Answers of many hosts: log-normal, half of them between 100 and 400 ms.
const (
	medianAnswer  = 200 * time.Millisecond
	fastestAnswer = 20 * time.Millisecond
	slowestAnswer = 2 * time.Second
)

// manyHosts are so many sites on a host each, shared out over so many accounts. One in so many of them hangs (0: none),
// and the slower half is slow. They are the same in each run.
func manyHosts(count, accounts, hanging int) []site {
	sites := make([]site, count)
	for n, quantile := range rand.New(rand.NewPCG(1, 2)).Perm(count) {
		after := logNormal((float64(quantile) + 0.5) / float64(count))
		sites[n] = site{
			endpoint: endpoint{host: address(n + 1), after: after, hangs: hanging > 0 && n%hanging == hanging-1},
			account:  n * accounts / count, slow: after > medianAnswer,
		}
	}
	return sites
}

// logNormal is the answer time that this share of the hosts stays below.
func logNormal(share float64) time.Duration {
	const sigma = 1.0 // of the logarithm: the limits are at 2.3 of it
	normal := math.Sqrt2 * math.Erfinv(2*share-1)
	after := time.Duration(float64(medianAnswer) * math.Exp(sigma*normal))
	return min(max(after, fastestAnswer), slowestAnswer)
}
