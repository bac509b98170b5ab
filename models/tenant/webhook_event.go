package tenant

import (
	"slices"
	"strings"

	"github.com/ringback/ringback/models"
)

// WebhookEvent is what an SSO client's webhook can hear of a callback.
type WebhookEvent string

// Events of webhooks.
const (
	WebhookFirstFailure WebhookEvent = "FIRST_FAILURE" // its first attempt has failed
	WebhookGivenUp      WebhookEvent = "GIVEN_UP"      // it is given up
	WebhookRecovered    WebhookEvent = "RECOVERED"     // it, or a replay, has arrived after one of these
)

// webhookEvents are all of them, in the order in which they happen.
var webhookEvents = []WebhookEvent{WebhookFirstFailure, WebhookGivenUp, WebhookRecovered}

// DefaultWebhookEvents are those of an SSO client that was told of none.
func DefaultWebhookEvents() []WebhookEvent {
	return []WebhookEvent{WebhookFirstFailure, WebhookGivenUp}
}

// assignWebhookEvents sets what is given, each once and in the order in which they happen; nil: as it is.
func assignWebhookEvents(events *[]WebhookEvent, given []WebhookEvent) error {
	if given == nil {
		return nil
	}
	var assigned []WebhookEvent
	for _, e := range webhookEvents {
		if slices.Contains(given, e) {
			assigned = append(assigned, e)
		}
	}
	for _, e := range given {
		if !slices.Contains(webhookEvents, e) {
			return models.Invalid("webhookEvents", "must be of %s", WebhookEventsText(webhookEvents))
		}
	}
	if assigned == nil {
		return models.Invalid("webhookEvents", "must have one at least; without a webhookUrl there are no notices")
	}
	*events = assigned
	return nil
}

// WebhookEventsText is how the database has them.
func WebhookEventsText(events []WebhookEvent) string {
	names := make([]string, len(events))
	for i, e := range events {
		names[i] = string(e)
	}
	return strings.Join(names, ",")
}

// ParseWebhookEvents reads what WebhookEventsText has written; those that a later release knows stay as they are.
func ParseWebhookEvents(text string) (events []WebhookEvent) {
	for name := range strings.SplitSeq(text, ",") {
		events = append(events, WebhookEvent(name))
	}
	return events
}
