package models

import "context"

// Quotas bound what one account, and one user, may have, so that none can use up what all share. 0: no bound.
type Quotas struct {
	Schedules int   // ACTIVE ones of an account
	Batches   int   // of an account, that have not ended
	RunBytes  int64 // stored for the runs of an account that have not ended: inputs, results, and the callbacks that tell of them
	Projects  int   // of an account
	Sessions  int   // of a user; beyond it the least recently used ends
}

// allowProject tells whether an account may have one more project. Others that ask wait until the transaction has ended.
func (s *Service) allowProject(ctx context.Context, tx Store, scope Scope, accountID int64) error {
	most := s.rules.Quotas.Projects
	if most <= 0 {
		return nil
	}
	if _, err := tx.LockAccount(ctx, scope, accountID); err != nil {
		return err
	}
	has, err := tx.CountLiveProjects(ctx, accountID, most)
	if err == nil && has >= most {
		err = LimitReached("projects of the account", int64(most), "RINGBACK_QUOTA_PROJECTS")
	}
	return err
}
