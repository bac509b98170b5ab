package models

import (
	"context"
	"strconv"
)

// MaxReplays is how often one callback can be replayed.
const MaxReplays = 3

// ReplayCallback sends an ended callback once more, as a new callback with the same ref and the same bytes, to the target
// as it is configured now (a request's own URL stays its own). Editor and up. CONFLICT when the callback is itself a
// replay, has not ended, was replayed three times already, or has nowhere to go. Notices to the partner are the platform's to replay.
func (s *Service) ReplayCallback(ctx context.Context, actor *Actor, id int64) (*Callback, error) {
	var replay *Callback
	err := s.store.InTx(ctx, func(tx Store) error {
		// The lock makes replays of one original wait for each other, so that two cannot both be the third.
		original, err := tx.LockCallback(ctx, actor.Scope(RoleViewer), id)
		if err != nil {
			return err
		}
		if err := actor.RequireProjectRole(original.AccountID, original.ProjectID, RoleEditor); err != nil {
			return err
		}
		if original.Target == TargetSSOClient {
			if err := actor.RequirePlatform(); err != nil {
				return err
			}
		}
		replays, err := tx.Replays(ctx, actor.Scope(RoleEditor), original.ID)
		if err != nil {
			return err
		}
		if err := original.replayable(len(replays)); err != nil {
			return err
		}
		owners, err := ownersOf(ctx, tx, original.ProjectID)
		if err != nil {
			return err
		}
		target, err := resolveTarget(ctx, tx, original, owners)
		if err != nil {
			return err
		}
		if target.URL == "" {
			return Conflict("callbackId", "there is no URL to call back to any more")
		}
		if target.Unreadable != nil {
			return target.Unreadable
		}
		replay = original.replay(len(replays) + 1)
		replay.aim(target.URL)
		replay.CreatedAt = s.now()
		replay.due(replay.CreatedAt)
		return lineUp(ctx, tx, replay)
	})
	if err != nil {
		return nil, err
	}
	s.wake(ctx, replay)
	return replay, nil
}

func (c *Callback) replayable(replays int) error {
	switch {
	case c.ReplayOfID != nil:
		return Conflict("callbackId", "this callback is itself a replay; replay the original")
	case !c.Status.Ended():
		return Conflict("callbackId", "this callback is still %s; only one that has ended can be replayed", c.Status)
	case replays >= MaxReplays:
		return Conflict("callbackId", "this callback was replayed %d times already, which is the limit", MaxReplays)
	}
	return nil
}

func (c *Callback) replay(number int) *Callback {
	return &Callback{
		UID: newUID(), Ref: c.Ref, Event: c.Event, Target: c.Target, TargetHeaders: c.TargetHeaders,
		ContentType: c.ContentType, Body: c.Body, AccountID: c.AccountID, ProjectID: c.ProjectID,
		CrawlID: c.CrawlID, ReportDownloadID: c.ReportDownloadID, RunID: c.RunID, BatchID: c.BatchID, JobID: c.JobID, ReplayOfID: &c.ID, CauseID: c.CauseID,
		OrderingKey: c.OrderingKey, DedupKey: "replay:" + c.UID.String() + ":" + strconv.Itoa(number),
	}
}
