// A receiver of callbacks on net/http, with the library of Standard Webhooks. Started as
//
//	WEBHOOK_SECRET=whsec_… PORT=9000 STORE=/var/lib/callbacks go run ./docs/verify
//
// STORE is a folder that is there, on a disk that stays.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
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
	folder := os.Getenv("STORE")
	if folder == "" {
		log.Fatal("STORE is not a folder")
	}
	address := "127.0.0.1:" + cmp.Or(os.Getenv("PORT"), "9000")
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintf(os.Stdout, "listens on http://%s\n", listener.Addr())
	server := &http.Server{Handler: &receiver{webhook, folder}, ReadTimeout: 30 * time.Second}
	log.Fatal(server.Serve(listener))
}

type receiver struct {
	webhook *standardwebhooks.Webhook
	folder  string
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

// store keeps a callback until it is worked on, elsewhere and later: once, in a file of its ref. Put a row into a table
// here, with ref as its unique key, and it is once on any number of machines too.
func (r *receiver) store(h http.Header, body []byte) error {
	fields, err := parse(h.Get("Content-Type"), body)
	if err != nil {
		return err
	}
	ref := h.Get("webhook-id")
	text, err := json.Marshal(map[string]any{"ref": ref, "event": h.Get("X-Callback-Event"), "body": fields})
	if err != nil {
		return err
	}
	folder, err := os.OpenRoot(r.folder)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	name := fmt.Sprintf("%x.json", sha256.Sum256([]byte(ref)))
	if _, err := folder.Stat(name); err == nil {
		return nil // it was there
	}
	return write(folder, name, text)
}

// write makes a file that has its name once all of it is on the disk: what has failed before was not there.
func write(folder *os.Root, name string, text []byte) error {
	made := "new-" + rand.Text()
	file, err := folder.Create(made)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = folder.Rename(made, name)
	}
	if err != nil {
		_ = folder.Remove(made)
	}
	return err
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
