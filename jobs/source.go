package jobs

import (
	"context"
	"net"

	"github.com/ringback/ringback/jobs/scheduler"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/run"
)

// Kinds of work. The scheduler shares the slots out among both; a claim is for one.
const (
	kindCallback = iota
	kindBatch
	kinds
)

// work is a piece of work in hand: a delivery or an execution.
type work interface {
	Lease() callback.Lease
	Lane() callback.Lane
	Bytes() int64
}

// source is where work of a kind comes from, how it is done, and how it is given back.
type source struct {
	name string // of a piece of it, in the log
	// claim takes what is due in lanes, up to the limit of each.
	claim func(ctx context.Context, lanes []callback.LaneLimit) (claimed, error)
	// do sees a piece of work through. It calls answered as soon as the other side is done with it; what is left to
	// do then is ours, as writing down what came of it.
	do func(ctx context.Context, work work, answered func(scheduler.Answer))
	// renew returns the leases that it has renewed: not those that were lost.
	renew func(ctx context.Context, leases []callback.Lease) ([]callback.Lease, error)
	// release gives back what was claimed and is not done after all.
	release func(ctx context.Context, works []work) error
	// announceStop says of work that should it be found without its process, that was told to stop.
	announceStop func(ctx context.Context, ids []int64) error
	// suspect claims a piece of work that is to be done alone, if there is any.
	suspect func(ctx context.Context) ([]work, error)
}

// claimed is what came of a claim.
type claimed struct {
	works   []work
	movedTo []callback.Lane // in these something is due that was due elsewhere
	full    []string        // these lanes have given as many as were asked for, and may have more
}

// asWork is for the results and arguments of functions that know one kind of work only.
func asWork[W work](works []W) []work {
	list := make([]work, len(works))
	for i, w := range works {
		list[i] = w
	}
	return list
}

func asKind[W work](works []work) []W {
	list := make([]W, len(works))
	for i, w := range works {
		list[i] = w.(W)
	}
	return list
}

// claimOf, doOf, releaseOf and suspectOf are functions of a source, of those that know one kind of work only.
func claimOf[W work](
	claim func(context.Context, []callback.LaneLimit) ([]W, []callback.Lane, []string, error),
) func(context.Context, []callback.LaneLimit) (claimed, error) {
	return func(ctx context.Context, lanes []callback.LaneLimit) (claimed, error) {
		works, movedTo, full, err := claim(ctx, lanes)
		return claimed{asWork(works), movedTo, full}, err
	}
}

func doOf[W work](
	do func(context.Context, W, func(scheduler.Answer)),
) func(context.Context, work, func(scheduler.Answer)) {
	return func(ctx context.Context, w work, answered func(scheduler.Answer)) { do(ctx, w.(W), answered) }
}

func releaseOf[W work](release func(context.Context, []W) error) func(context.Context, []work) error {
	return func(ctx context.Context, works []work) error { return release(ctx, asKind[W](works)) }
}

func suspectOf[W work](claim func(context.Context) ([]W, error)) func(context.Context) ([]work, error) {
	return func(ctx context.Context) ([]work, error) {
		works, err := claim(ctx)
		return asWork(works), err
	}
}

// laneOf is a lane as the scheduler sees it. An executor is an endpoint of its own, whatever else stands at its
// address.
func laneOf(l callback.Lane) scheduler.Lane {
	lane := scheduler.Lane{Key: l.String(), Endpoint: l.Host, Host: l.Host, Account: l.Account, Kind: kindCallback, Bulk: l.Bulk}
	if name, _, err := net.SplitHostPort(l.Host); err == nil {
		lane.Host = name
	}
	if run.OfBatches(l) {
		lane.Kind, lane.Endpoint = kindBatch, l.Owner
	}
	return lane
}
