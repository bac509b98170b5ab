package models_test

import "github.com/ringback/ringback/models/job"

// jobs are the use-cases of jobs as a part of the world.
type jobs = job.Service

// addSources gives the world's service what makes callbacks.
func (w *world) addSources() {
	w.jobs = job.NewService(w.Service, w.store, w.store.InJobTx)
}
