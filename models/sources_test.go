package models_test

import (
	"log/slog"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/crawl"
	"github.com/ringback/ringback/models/job"
)

// The use-cases of what makes callbacks are parts of the world.
type (
	crawls = crawl.Service
	jobs   = job.Service
)

// addSources gives the world's service what makes callbacks.
func (w *world) addSources() {
	w.crawls = w.crawlsOn(w.Service, w.store.InCrawlTx)
	w.jobs = job.NewService(w.Service, w.store, w.store.InJobTx)
}

// crawlsOn are the use-cases of crawls with an engine and transactions of their own.
func (w *world) crawlsOn(engine *models.Service, inTx models.InTx[crawl.Store]) *crawl.Service {
	return crawl.NewService(engine, w.store, inTx, slog.New(slog.DiscardHandler))
}
