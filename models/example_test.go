package models_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/ringback/ringback/models"
)

// All events. A new one is a row in the table events, and stands here.
func ExampleEventNames() {
	for _, name := range models.EventNames() {
		fmt.Println(name)
	}
	// Output:
	// CALLBACKS_FAILED
	// CALLBACK_FAILED
	// CRAWL_FINISHED
	// JOB_UPDATED
	// REPORT_DOWNLOAD_GENERATED
	// RUN_BATCH_FINISHED
	// RUN_FINISHED
	// RUN_RESULT
}

// A receiver checks who sent the callback, and does its work once, however often the callback comes.
func ExampleSign() {
	secret := models.Secret("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
	referee, err := standardwebhooks.NewWebhook(secret.Reveal())
	if err != nil {
		fmt.Println(err)
		return
	}
	done := map[string]bool{} // in a database, where there is more than one process
	receiver := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil || referee.Verify(body, r.Header) != nil {
			http.Error(w, "not signed", http.StatusBadRequest)
			return
		}
		if ref := r.Header.Get("X-Callback-Ref"); !done[ref] {
			done[ref] = true
			fmt.Printf("work: %s\n", body)
		}
		w.WriteHeader(http.StatusNoContent) // within 30 s, or it comes again
	})

	body := []byte("message=crawl_status&crawl_id=124234")
	now := time.Now()
	signature, err := models.Sign([]*models.SigningSecret{{Secret: secret}}, "ref-1", now, body)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, says := range []string{signature, signature, "v1,forged"} {
		request := httptest.NewRequest(http.MethodPost, "/hook", bytes.NewReader(body))
		for name, value := range map[string]string{
			"X-Callback-Ref": "ref-1", "webhook-id": "ref-1", "webhook-timestamp": strconv.FormatInt(now.Unix(), 10), "webhook-signature": says,
		} {
			request.Header.Set(name, value)
		}
		answer := httptest.NewRecorder()
		receiver.ServeHTTP(answer, request)
		fmt.Println(answer.Code)
	}
	// Output:
	// work: message=crawl_status&crawl_id=124234
	// 204
	// 204
	// 400
}
