package main

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
)

// aclOfTheReadme is the command that makes a user with the rights that are needed.
func aclOfTheReadme(t *testing.T) []any {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var words []any
	for _, word := range strings.Fields(find(t, string(text), `(?m)^(ACL SETUSER .*)$`)) {
		words = append(words, word)
	}
	return words
}

func TestRightsOfTheReadmeAreEnoughOnRedis(t *testing.T) {
	t.Parallel()
	needsServices(t)
	redis := startOwnRedis(t)
	redis.command(t, aclOfTheReadme(t)...)
	h := newHostile(t)
	url := redis.urlOf("ringback", "password")
	api := startServer(t, options{role: roleAPI, env: vars{"REDIS_URL": url}})
	worker := start(t, options{role: roleWorker}, api.env)
	h.on("/hook", then(answers(http.StatusInternalServerError, ""), answers(http.StatusOK, "")))
	made := api.finishCrawl(t, newCrawlID(), api.newProject(t, h.url("/hook")))
	h.next(t, "/hook")
	api.awaitAttempts(t, made.UID, 1)
	for _, s := range []*instance{api, worker} {
		if status, _ := s.get(t, "/metrics"); status != http.StatusOK {
			t.Errorf("%s: /metrics: HTTP %d", s.opts.role, status)
		}
		if _, r := s.readiness(t); r.Checks["queue"] != "ok" {
			t.Errorf("%s: %+v", s.opts.role, r)
		}
	}
	worker.stop(t)
	api.stop(t)
	for _, s := range []*instance{api, worker} {
		if log := s.stderr.String(); strings.Contains(log, "NOPERM") || strings.Contains(log, "redis.denied") {
			t.Errorf("%s: the log says %s", s.opts.role, log)
		}
	}
	if denied := redis.deniedByACL(t); len(denied) > 0 {
		t.Errorf("Redis has denied %q", denied)
	}
}

// A user whom Redis 7 lets use no channel, which is its default, is told so; callbacks arrive all the same.
func TestMissingRightsOnRedisAreNamed(t *testing.T) {
	t.Parallel()
	needsServices(t)
	for name, c := range map[string]struct {
		drop func(word string) bool
		want []string
	}{
		"no channels": {
			func(word string) bool { return word[0] == '&' },
			[]string{"publish &ringback:", "subscribe &ringback:", "subscribe &asynq:cancel"},
		},
		"no keys of ours": {func(word string) bool { return word == "~ringback:*" }, []string{"keys ~ringback:"}},
		"no tasks":        {func(word string) bool { return word == "~asynq:*" }, []string{"keys ~asynq:*"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := startOwnRedis(t)
			command := []any{}
			for _, word := range aclOfTheReadme(t) {
				if text, _ := word.(string); !c.drop(text) {
					command = append(command, word)
				}
			}
			redis.command(t, command...)
			h := newHostile(t)
			api := startServer(t, options{role: roleAPI, env: vars{"REDIS_URL": redis.urlOf("ringback", "password")}})
			worker := start(t, options{role: roleWorker}, api.env)
			for _, s := range []*instance{api, worker} {
				modelstest.Eventually(
					t, "the log says it", func() bool { return strings.Contains(s.stderr.String(), "redis.denied") },
				)
				for _, want := range c.want {
					if log := s.stderr.String(); !strings.Contains(log, want) || strings.Contains(log, "password") {
						t.Errorf("%s: the log does not say %q: %s", s.opts.role, want, log)
					}
				}
			}
			made := api.finishCrawl(t, newCrawlID(), api.newProject(t, h.url("/hook")))
			h.next(t, "/hook")
			api.awaitStatus(t, made.UID, "SUCCESS")
		})
	}
}
