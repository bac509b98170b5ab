package callback

import (
	"context"
	"time"

	"github.com/ringback/ringback/models"
)

// Composer makes the occasions of an event apart from what raises it, to look at. A source adds its own
// (Service.AddComposers).
type Composer struct {
	Event EventName
	// Sample is the occasion of something made up; its project and its creator are those of who asks.
	Sample func(at time.Time) Occasion
	// Field is that of the Subjects that it takes; empty: it has samples only.
	Field string
	// Happened is the occasion of an event that has happened to what the actor may see; else CONFLICT on Field.
	Happened func(ctx context.Context, actor *models.Actor, of Subject) (Occasion, error)
}

// Subject names what an event has happened to, by the field of an input; the zero value: nothing.
type Subject struct {
	Field string
	ID    int64  // or
	UID   string // by its kind
}

// AddComposers lets events be looked at that a source raises. It is to be called before the service is used.
func (s *Service) AddComposers(list ...Composer) {
	for _, c := range list {
		s.composers[c.Event] = c
	}
}

// occasion finds or makes up what a preview is of.
func (s *Service) occasion(ctx context.Context, actor *models.Actor, in ToPreview) (Occasion, error) {
	composer, ok := s.composers[in.Event]
	if !ok {
		return Occasion{}, models.Invalid("event", "%s cannot be looked at", in.Event)
	}
	if in.Of == (Subject{}) {
		o := composer.Sample(s.now())
		o.ProjectID, o.CreatorID = in.ProjectID, actor.CreatorID()
		return o, nil
	}
	if in.Of.Field != composer.Field {
		return Occasion{}, models.Invalid(in.Of.Field, "does not name what the event %s is of", in.Event)
	}
	o, err := composer.Happened(ctx, actor, in.Of)
	if err == nil && o.ProjectID != in.ProjectID {
		err = models.NotFound(o.Source.Of.Type)
	}
	return o, err
}

// ownComposers are of the events that the engine itself raises.
func (s *Service) ownComposers() []Composer {
	return []Composer{
		{Event: TestEvent, Sample: func(time.Time) Occasion { return s.TestOf(0, nil, false) }},
		{Event: CallbackFailedEvent, Sample: func(at time.Time) Occasion {
			return Occasion{Event: CallbackFailedEvent, Render: func(e Envelope) ([]byte, error) {
				return noticeBody(e, s.sampleFailure(e, at))
			}}
		}},
		{Event: CallbackRecoveredEvent, Sample: func(at time.Time) Occasion {
			return Occasion{Event: CallbackRecoveredEvent, Render: func(e Envelope) ([]byte, error) {
				return noticeBody(e, s.sampleRecovery(e, at))
			}}
		}},
		{Event: CallbacksFailedEvent, Sample: func(at time.Time) Occasion {
			return Occasion{Event: CallbacksFailedEvent, Render: func(e Envelope) ([]byte, error) {
				return digestBody(e, []News{s.sampleFailure(e, at)})
			}}
		}},
	}
}

// sampleFailure is a first failure, after which there is another attempt.
func (s *Service) sampleFailure(e Envelope, at time.Time) News {
	message := &AttemptError{HTTPStatusError, "the receiver answered with the status 503"}
	n := s.sampleNews(e, at)
	n.Callback.due(at.Add(5 * time.Second))
	n.Attempt.HTTPStatus, n.Attempt.Error = new(503), message
	return n
}

// sampleRecovery is that attempt.
func (s *Service) sampleRecovery(e Envelope, at time.Time) News {
	n := s.sampleNews(e, at)
	n.Callback.end(StatusSuccess, at)
	n.Callback.AttemptCount, n.Attempt.Number, n.Attempt.HTTPStatus = 2, 2, new(200)
	return n
}

func (s *Service) sampleNews(e Envelope, at time.Time) News {
	url := "https://receiver.example/hook"
	return News{
		Callback: &Callback{UID: e.Ref, Ref: e.Ref, Event: CrawlFinishedEvent, AttemptCount: 1},
		Attempt:  &Attempt{Number: 1, URL: &url, FinishedAt: &at},
		Names:    SourceNames{CrawlID: new(int64(124234))}, PublicURL: s.rules.PublicURL,
	}
}
