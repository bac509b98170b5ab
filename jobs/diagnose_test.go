package jobs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringback/ringback/jobs/egress"
	"github.com/ringback/ringback/jobs/egress/egresstest"
	"github.com/ringback/ringback/models"
	"github.com/ringback/ringback/models/modelstest"
	"github.com/ringback/ringback/models/receiver"
	"github.com/ringback/ringback/models/tenant"
)

// newTestDoctor looks at receivers on this machine.
func newTestDoctor(t *testing.T, w *world, roots *x509.CertPool) *doctor {
	t.Helper()
	out := egress.New(egress.Config{
		AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: testTimeout, RootCAs: roots,
	})
	t.Cleanup(out.CloseIdle)
	return newDoctor(w.ReceiverService, out, w.Troubles(), slog.New(slog.DiscardHandler), "Ringback/test")
}

// atWork lets a doctor look until the test ends.
func (d *doctor) atWork(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		every(ctx, 20*time.Millisecond, d.troubles, "diagnosis", d.look)
		d.running.Wait()
	}()
	t.Cleanup(func() { cancel(); <-over })
}

func (w *world) diagnose(t *testing.T, checkSignature bool) *receiver.Diagnosis {
	t.Helper()
	return must[*receiver.Diagnosis](t)(w.Diagnose(t.Context(), models.PlatformActor(), receiver.ToDiagnose{
		Of: receiver.Of{ProjectID: testProject}, Field: "owner.projectId", CheckSignature: checkSignature,
	}))
}

// letters are the beginnings of the steps' statuses, such as "WSOOSOS".
func letters(d *receiver.Diagnosis) (all string) {
	for i, s := range d.Steps {
		if s.Name != receiver.StepNames()[i] {
			return "in another order: " + string(s.Name)
		}
		all += string(s.Status[0])
	}
	return all
}

// worst is the step that is no good, or the one of HTTP.
func worst(d *receiver.Diagnosis) receiver.Step {
	for _, status := range []receiver.StepStatus{receiver.StepFailed, receiver.StepWarning} {
		for i := len(d.Steps) - 1; i >= 0; i-- {
			if d.Steps[i].Status == status {
				return d.Steps[i]
			}
		}
	}
	return d.Steps[5]
}

// mute keeps a connection until its other side has gone.
func mute(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) }

// secured starts a receiver with certificates, which answers 200, and returns its URL.
func secured(t *testing.T, cfg *tls.Config) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.TLS, s.Config.ErrorLog = cfg, log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func TestTheDoctorAndHostileReceivers(t *testing.T) {
	t.Parallel()
	text := func(answer string) string { return egresstest.HTTP1(t, egresstest.Text(answer)) }
	for name, tt := range map[string]struct {
		url, letters, says, remedy string
	}{
		"good":         {text("HTTP/1.1 204 No Content\r\n\r\n"), "WSOOSOS", "plain http", "over https"},
		"status 000":   {text("HTTP/1.1 000 \r\n\r\n"), "WSOOSFS", "not between 100 and 599", "HTTP server"},
		"status 206":   {text("HTTP/1.1 206 \r\nContent-Length: 0\r\n\r\n"), "WSOOSFS", "the status 206", "counts as a failure"},
		"unauthorized": {text("HTTP/1.1 401 \r\nContent-Length: 0\r\n\r\n"), "WSOOSFS", "the status 401", "credentials"},
		"garbage":      {text("SSH-2.0-OpenSSH_9.6\r\n"), "WSOOSFS", "", "HTTP server"},
		"closes":       {text(""), "WSOOSFS", "ended before an answer came", "crash"},
		"64 KiB of headers": {
			text("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 70_000) + "\r\n\r\n"), "WSOOSFS", "", "HTTP server",
		},
		"redirect": {
			text("HTTP/1.1 301 \r\nLocation: https://www.example.com/secret-token?q\r\nContent-Length: 0\r\n\r\n"), "WSOOSFS",
			"https://www.example.com/", "where the redirect leads",
		},
		"hangs":            {egresstest.HTTP1(t, mute), "WSOOSFS", "within 1s", "answer with 202"},
		"hangs in headers": {egresstest.HTTP1(t, func(c *net.TCPConn) { egresstest.Text("HTTP/1.1 200 OK\r\nX: ")(c); mute(c) }), "WSOOSFS", "within 1s", "answer with 202"},
		"drips": {egresstest.HTTP1(t, func(c *net.TCPConn) {
			egresstest.Text("HTTP/1.1 200 OK\r\nX: ")(c)
			for ticker := time.NewTicker(50 * time.Millisecond); ; <-ticker.C {
				if _, err := c.Write([]byte("a")); err != nil {
					return
				}
			}
		}), "WSOOSFS", "within 1s", "answer with 202"},
		"hangs at TLS":          {"https://" + egresstest.Raw(t, mute), "OSOOFSS", "TLS handshake", "openssl s_client"},
		"a status of redirects": {text("HTTP/1.1 304 \r\n\r\n"), "WSOOSFS", "the status 304", "200 to 204"},
		"no TLS":                {strings.Replace(text("HTTP/1.1 400 \r\n\r\n"), "http:", "https:", 1), "OSOOFSS", "closed the connection", "openssl s_client"},
		"nobody listens":        {"http://" + egresstest.ClosedAddr(t), "WSOFSSS", "refused the connection", "running and listens"},
		"private address":       {"http://10.0.0.9/", "WSFSSSS", "is public", "put a public proxy"},
		"a port of mail":        {"http://127.0.0.1:25/", "WSFSSSS", "port 25", "another port"},
		"unknown name":          {"https://hooks.ringback.invalid/", "OFSSSSS", "hooks.ringback.invalid", "DNS records"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil, nil, nil)
			w.setURL(t, &tt.url)
			w.setHeader(t, "X-Token", "secret-token")
			newTestDoctor(t, w, nil).atWork(t)
			begun := time.Now()
			d := w.diagnose(t, false)
			if took := time.Since(begun); took > 15*time.Second || d.FinishedAt == nil {
				t.Errorf("it took %s: %+v", took, d)
			}
			wantDiagnosis(t, d, tt.letters, tt.says, tt.remedy)
		})
	}
}

func wantDiagnosis(t *testing.T, d *receiver.Diagnosis, want, says, remedy string) {
	t.Helper()
	step := worst(d)
	if got := letters(d); got != want {
		t.Errorf("%s, want %s: %+v", got, want, d.Steps)
	}
	if !strings.Contains(step.Detail, says) || remedy != "" && (step.Remedy == nil || !strings.Contains(*step.Remedy, remedy)) {
		t.Errorf("%s: %q, %v", step.Name, step.Detail, models.TextOrEmpty(step.Remedy))
	}
	failed := d.Status() == receiver.DiagnosisFailed
	if failed != strings.Contains(want, "F") || d.Status() == receiver.DiagnosisRunning {
		t.Errorf("it is %s", d.Status())
	}
	for _, s := range d.Steps {
		if s.Status == receiver.StepFailed || s.Status == receiver.StepWarning {
			modelstest.WantRemedy(t, s.Detail, s.Remedy)
		}
		to := ""
		if s.HTTP != nil {
			to = models.TextOrEmpty(s.HTTP.RedirectTo)
		}
		if strings.Contains(s.Detail+to, "secret-token") {
			t.Errorf("%s tells a header's value: %+v", s.Name, s)
		}
	}
}

func (w *world) setHeader(t *testing.T, key, value string) {
	t.Helper()
	must[tenant.Configured](t)(w.UpdateProject(t.Context(), models.PlatformActor(), tenant.ProjectUpdate{
		ProjectID: testProject,
		Callback: models.EndpointUpdate{
			Headers: models.Given([]models.Header{{Key: key, Value: models.Secret(value)}}),
		},
	}))
}

func TestTheDoctorAndCertificates(t *testing.T) {
	t.Parallel()
	now := time.Now()
	one := func(c tls.Certificate) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{c}} }
	good := egresstest.Certificate(t, "127.0.0.1", now.Add(-time.Hour), now.Add(365*24*time.Hour))
	alone, _, root := egresstest.Chain(t)
	old := one(good)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	only2, roots2 := egresstest.HTTP2(t, egresstest.Answer("204"))
	trust := func(der []byte) *x509.CertPool {
		roots := x509.NewCertPool()
		roots.AddCert(must[*x509.Certificate](t)(x509.ParseCertificate(der)))
		return roots
	}
	expired := egresstest.Certificate(t, "127.0.0.1", now.Add(-50*time.Hour), now.Add(-25*time.Hour))
	later := egresstest.Certificate(t, "127.0.0.1", now.Add(time.Hour), now.Add(2*time.Hour))
	mutual := one(good)
	mutual.ClientAuth = tls.RequireAnyClientCert
	other := egresstest.Certificate(t, "other.example", now.Add(-time.Hour), now.Add(time.Hour))
	for name, tt := range map[string]struct {
		url                   string
		roots                 *x509.CertPool
		letters, says, remedy string
	}{
		"good":               {secured(t, one(good)), trust(good.Certificate[0]), "OSOOOOS", "status 200 by HTTP/1.1", ""},
		"HTTP/2 only":        {only2, roots2, "OSOOOOS", "status 204 by HTTP/2.0", ""},
		"self-signed":        {secured(t, one(good)), x509.NewCertPool(), "OSOOFSS", "self-signed", "public authority"},
		"expired":            {secured(t, one(expired)), trust(expired.Certificate[0]), "OSOOFSS", "has expired", "Renew"},
		"not yet":            {secured(t, one(later)), trust(later.Certificate[0]), "OSOOFSS", "is not valid before", "begins later"},
		"client certificate": {secured(t, mutual), trust(good.Certificate[0]), "OSOOOFS", "a client certificate", "webhook-signature"},
		"wrong name":         {secured(t, one(other)), trust(other.Certificate[0]), "OSOOFSS", "other.example", "subject alternative names"},
		"no intermediate": {
			secured(t, one(alone)), trust(root), "OSOOFSS", "intermediate certificate missing", "fullchain.pem",
		},
		"TLS 1.1": {secured(t, old), trust(good.Certificate[0]), "OSOOFSS", "TLS 1.2 or later", "TLS 1.2 or 1.3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil, nil, nil)
			w.setURL(t, &tt.url)
			newTestDoctor(t, w, tt.roots).atWork(t)
			d := w.diagnose(t, false)
			wantDiagnosis(t, d, tt.letters, tt.says, tt.remedy)
			seen := d.Steps[4].TLS
			switch {
			case name == "TLS 1.1":
				if seen != nil {
					t.Errorf("%+v", seen)
				}
			case seen == nil || seen.Version != "TLS 1.3" || len(seen.Chain) != 1:
				t.Errorf("%+v", seen)
			case name == "expired" && seen.Chain[0].DaysLeft != -2:
				t.Errorf("%+v", seen.Chain)
			}
		})
	}
}

// TestADiagnosisEndsByItsDeadline: whatever the timeout of a request is. Of a receiver that may yet answer it says how long it would have.
func TestADiagnosisEndsByItsDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil, nil)
	url := egresstest.HTTP1(t, mute)
	w.setURL(t, &url)
	d, taken := w.hurriedDoctor(t, 2*time.Second)
	begun := time.Now()
	d.examine(t.Context(), taken)
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	wantDiagnosis(t, taken.Diagnosis, "WSOOSFS", "a callback waits for 1m0s (RINGBACK_TIMEOUT)", "answer with 202")
	if said := worst(taken.Diagnosis).Detail; !strings.Contains(said, "no answer within ") {
		t.Error(said)
	}
}

// hurriedDoctor has a diagnosis to make within a time, with requests that may take longer.
func (w *world) hurriedDoctor(t *testing.T, within time.Duration) (*doctor, *receiver.Examination) {
	t.Helper()
	w.wiring.Receivers.Patience = time.Millisecond
	w.Services = w.wiring.Services()
	w.diagnose(t, true)
	taken := must[[]*receiver.Examination](t)(w.Take(t.Context(), 1))[0]
	d := newTestDoctor(t, w, nil)
	d.client = newPatientOut(t, time.Minute)
	taken.Deadline = w.Service.Now().Add(within) // the row has its own
	return d, taken
}

func TestADoctorThatStopsSaysSo(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	w := newWorld(t, nil, nil, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		stop()
		<-r.Context().Done()
	})
	d := newTestDoctor(t, w, nil)
	d.client = newPatientOut(t, time.Minute)
	ended := make(chan *receiver.Diagnosis, 1)
	go func() { ended <- w.diagnose(t, false) }()
	modelstest.Eventually(t, "it is taken", func() bool { d.look(ctx); return ctx.Err() != nil })
	wantDiagnosis(t, modelstest.Receive(t, "the end", ended), "WSOOSFS", "the worker stopped", "Start the diagnosis again")
	d.running.Wait()
}

func TestADoctorTakesAFewAtATime(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var atWork, most atomic.Int32
	w := newWorld(t, nil, nil, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		most.Store(max(most.Load(), atWork.Add(1)))
		<-release
		atWork.Add(-1)
	})
	d := newTestDoctor(t, w, nil)
	d.client = newPatientOut(t, time.Minute)
	d.atWork(t)
	const n = maxDiagnoses + 2
	ended := make(chan *receiver.Diagnosis, n)
	for i := range n {
		account := testAccount + int64(i/5) // five a minute of each
		if account != testAccount && i%5 == 0 {
			must[*tenant.Account](t)(w.CreateAccount(t.Context(), models.PlatformActor(),
				tenant.NewAccount{Name: "A", RawID: account}))
		}
		project := must[*tenant.Project](t)(w.CreateProject(t.Context(), models.PlatformActor(), tenant.NewProject{
			AccountID: account, Name: "P", PrimaryDomain: "https://www.example.com",
			Callback: models.EndpointUpdate{URL: models.Given(&w.url)}, RawID: int64(100 + i),
		}))
		go func() {
			ended <- must[*receiver.Diagnosis](t)(w.Diagnose(t.Context(), models.PlatformActor(), receiver.ToDiagnose{
				Of: receiver.Of{ProjectID: project.ID}, Field: "owner.projectId",
			}))
		}()
	}
	modelstest.Eventually(t, "they are at work", func() bool { return atWork.Load() == maxDiagnoses })
	close(release)
	for range n {
		if d := modelstest.Receive(t, "the end", ended); d.Status() != receiver.DiagnosisWarning {
			t.Errorf("%+v", d)
		}
	}
	if most.Load() > maxDiagnoses {
		t.Errorf("%d at a time", most.Load())
	}
}
