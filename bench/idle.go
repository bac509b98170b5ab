package main

import (
	"context"
	"errors"
	"time"
)

type idleCommand struct {
	Duration time.Duration `default:"60s" help:"How long."`
	Settle   time.Duration `default:"5s" help:"How long to wait before: what the start costs does not count."`
}

// Validate is called by kong.
func (c idleCommand) Validate() error {
	if c.Duration <= 0 || c.Settle < 0 {
		return errors.New("-duration must be more than 0, -settle not negative")
	}
	return nil
}

// Run measures what one process costs that has nothing to do.
func (c idleCommand) Run(b *bench) error {
	for round := range b.Rounds {
		r, err := b.idle(c)
		if err != nil {
			return err
		}
		r.Round = round + 1
		if err := b.print(r); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) idle(c idleCommand) (*result, error) {
	baseline, err := b.straight()
	if err != nil {
		return nil, err
	}
	var counter *commandCounter
	redisURL := ""
	if b.Engine == onPostgres {
		if counter, err = startCommandCounter(b.ctx, b.RedisURL); err != nil {
			return nil, err
		}
		redisURL = counter.url
	}
	var r *result
	i, err := b.install(redisURL, roleAll)
	if err == nil {
		r = b.newResult("idle", i)
		r.StraightPerSecond = baseline
		err = errors.Join(i.cause(c.measure(i, counter, r)), i.close())
	}
	if counter != nil {
		err = errors.Join(err, counter.close())
	}
	return r, err
}

func (c idleCommand) measure(i *installation, counter *commandCounter, r *result) (err error) {
	if r.Durability, err = i.db.durability(i.ctx); err != nil {
		return err
	}
	if err := wait(i.ctx, c.Settle); err != nil {
		return err
	}
	meter := i.meter()
	sent, processed, err := commandsSoFar(i, counter)
	if err != nil {
		return err
	}
	before, begun := meter.cpu(), time.Now()
	if err := wait(i.ctx, c.Duration); err != nil {
		return err
	}
	took := time.Since(begun)
	r.CPUSeconds, r.PeakMemory = meter.cpuSince(before), i.memory(peakMemory)
	r.Idle = &Idle{
		Seconds: took.Seconds(), CorePercent: 100 * ratio(r.CPUSeconds["server"], took.Seconds()),
		Memory: i.memory(currentMemory)["server"],
	}
	if counter == nil {
		return nil
	}
	sentThen, processedThen, err := commandsSoFar(i, counter)
	minutes := took.Minutes()
	r.RedisCommandsPerMinute = new(float64(sentThen-sent) / minutes)
	// One is our own: the INFO before.
	r.RedisProcessedPerMinute = new(float64(processedThen-processed-1) / minutes)
	return err
}

// commandsSoFar is how many commands the server has sent, and how many Redis has processed for everybody, those in
// scripts included.
func commandsSoFar(i *installation, counter *commandCounter) (sent int64, processed int, err error) {
	if counter == nil {
		return 0, 0, nil
	}
	processed, err = i.queue.info(i.ctx, "stats", "total_commands_processed")
	return counter.commands.Load(), processed, err
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
