package graph

import (
	"maps"
	"time"

	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/tenant"
)

// current is what extensions.current shows of an entity that somebody else has changed: what whoever may change it may
// see. Of headers it has the names, whose values errors would take to logs: at most 20 of 4,096 bytes.
func current(entity any) map[string]any {
	switch e := entity.(type) {
	case *tenant.Project:
		return currentOf(e.Version, e.UpdatedAt, "apiCallback", e.Callback, map[string]any{
			"name": e.Name, "primaryDomain": e.PrimaryDomain,
			"apiCallbackMaxInFlight": e.MaxInFlight, "apiCallbackMaxPerSecond": e.MaxPerSecond,
		})
	case *tenant.Account:
		return currentOf(e.Version, e.UpdatedAt, "apiCallback", e.Callback, map[string]any{
			"name": e.Name, "timezone": e.Timezone,
			"apiCallbackMaxInFlight": e.MaxInFlight, "apiCallbackMaxPerSecond": e.MaxPerSecond,
		})
	case *tenant.SSOClient:
		return currentOf(e.Version, e.UpdatedAt, "webhook", e.Webhook, map[string]any{
			"name": e.Name, "noticeMode": e.NoticeMode, "webhookEvents": e.WebhookEvents,
		})
	}
	return nil
}

// currentOf has an endpoint in fields that begin with a prefix.
func currentOf(version int, updated time.Time, prefix string, e models.Endpoint, more map[string]any) map[string]any {
	keys := make([]string, len(e.Headers))
	for i, h := range e.Headers {
		keys[i] = h.Key
	}
	shown := map[string]any{
		"version": version, "updatedAt": models.FormatTime(updated), prefix + "Url": e.URL, prefix + "HeaderKeys": keys,
	}
	maps.Copy(shown, more)
	return shown
}
