package modelstest

import (
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/callback"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/tenant"
)

// NewTest sends a test to where the project's callbacks go.
func (w *World) NewTest() *callback.Callback {
	w.T.Helper()
	test, err := w.SendTest(w.T.Context(), w.Editor, receiver.TestToSend{Of: receiver.Of{ProjectID: w.Shop.ID}})
	NoError(w.T, err)
	return test.Callback
}

// PatientReceivers waits for workers as long as it is promised.
func (w *World) PatientReceivers() *receiver.Service {
	patient := w.wiring()
	patient.Receivers = receiver.Rules{}
	return patient.Services().ReceiverService
}

// NewPartner makes an SSO client that no account has.
func (w *World) NewPartner(webhook string) *tenant.SSOClient {
	w.T.Helper()
	client, err := w.CreateSSOClient(w.T.Context(), w.Platform, tenant.NewSSOClient{
		Name: "Other SSO", Webhook: models.EndpointUpdate{URL: models.Given(&webhook)},
	})
	NoError(w.T, err)
	return client
}
