// A receiver of callbacks on net/http, with the library of Standard Webhooks. Started as
//
//	WEBHOOK_SECRET=whsec_… PORT=9000 go run ./docs/verify
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const maxBody = 8 << 20 // bytes

func main() {
	secret := os.Getenv("WEBHOOK_SECRET")
	if secret == "" {
		log.Fatal("WEBHOOK_SECRET is not a signing secret") // anybody could sign with an empty one
	}
	webhook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		log.Fatal(err)
	}
	address := "127.0.0.1:" + cmp.Or(os.Getenv("PORT"), "9000")
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintf(os.Stdout, "listens on http://%s\n", listener.Addr())
	server := &http.Server{Handler: &receiver{webhook: webhook}, ReadTimeout: 30 * time.Second}
	log.Fatal(server.Serve(listener))
}

type receiver struct {
	webhook *standardwebhooks.Webhook
	seen    sync.Map
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	// The bytes as they came, before anything parses them: Verify does not, and takes forms as it takes JSON.
	if err != nil || r.webhook.Verify(body, q.Header) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if q.Header.Get("X-Callback-Test") != "true" {
		if err := r.store(q.Header, body); err != nil {
			log.Print(err)
			w.WriteHeader(http.StatusInternalServerError) // it comes again
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// store keeps a callback until it is worked on, elsewhere and later. Put a row into a table here, with ref as its
// unique key: then the same one is stored once, on any number of machines and after a restart.
func (r *receiver) store(h http.Header, body []byte) error {
	fields, err := parse(h.Get("Content-Type"), body)
	if err != nil {
		return err
	}
	ref := h.Get("webhook-id")
	if _, again := r.seen.LoadOrStore(ref, true); again {
		return nil
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"ref": ref, "event": h.Get("X-Callback-Event"), "body": fields,
	})
}

// parse reads what was verified: crawls and report downloads send forms, everything else JSON.
func parse(contentType string, body []byte) (any, error) {
	if contentType != "application/x-www-form-urlencoded" {
		return json.RawMessage(body), nil
	}
	form, err := url.ParseQuery(string(body))
	fields := map[string]string{}
	for name := range form {
		fields[name] = form.Get(name)
	}
	return fields, err
}
