package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ringback/ringback/jobs/egress/egresstest"
	"github.com/ringback/ringback/models/modelstest"
)

func TestDemoReceivesWhatItShows(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := runCommand(t, nil, "demo")
	if status != exitOK {
		t.Fatalf("exit status %d: %s%s", status, stdout, stderr)
	}
	for _, want := range []string{
		"POST /hook", "message=crawl_status", "message=report_download_available", "Authorization: Bearer demo",
		"Webhook-Signature: v1,",
		"X-Callback-Test: true", "POST /broken", "POST /sso", `"eventType":"callback-failed"`, `"code":"HTTP_STATUS"`,
		`"name":"HTTP","status":"FAILED"`, "POST /mended", "POST /gone", `"status":"FINISHED","matched":2,"succeeded":2`,
		"really sent and received",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the demo does not print %q: %s", want, stdout)
		}
	}
}

// startReceive runs the receive command until the test ends, and returns its URL.
func startReceive(t *testing.T, args ...string) (url string, stdout *modelstest.Buffer) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var stderr modelstest.Buffer
	stdout = &modelstest.Buffer{}
	ended := make(chan int, 1)
	go func() {
		ended <- execute(ctx, append([]string{"receive", "--addr", "127.0.0.1:0"}, args...), nil, stdout, &stderr)
	}()
	t.Cleanup(func() {
		cancel()
		if status := <-ended; status != exitOK {
			t.Errorf("receive: exit status %d: %s", status, &stderr)
		}
	})
	modelstest.Eventually(
		t, "receive says where it listens", func() bool { return strings.HasSuffix(stdout.String(), "\n") },
	)
	return find(t, stdout.String(), `(http://\S+)/`), stdout
}

func TestReceivePrintsARequest(t *testing.T) {
	t.Parallel()
	url, stdout := startReceive(t, "--status", "503")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(
		t.Context(), http.MethodPost, url+"/some/path", strings.NewReader("status=finished&href=%2Faccounts%2F1"),
	)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("X-Callback-Attempt", "1")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("HTTP %d, want 503", response.StatusCode)
	}
	modelstest.Eventually(
		t, "the request is printed", func() bool { return strings.Contains(stdout.String(), "href=/accounts/1\n") },
	)
	for _, want := range []string{"POST /some/path\n", "X-Callback-Attempt: 1\n", "    status=finished\n"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in: %s", want, stdout)
		}
	}
}

func TestHealthTellsByItsExitStatus(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{bare: true})
	sick := httptest.NewServer(answers(http.StatusServiceUnavailable, `{"status":"draining"}`))
	t.Cleanup(sick.Close)
	for name, c := range map[string]struct {
		addr   string
		status int
	}{
		"ready":     {strings.TrimPrefix(s.base, "http://"), exitOK},
		"not ready": {strings.TrimPrefix(sick.URL, "http://"), exitFailed},
		"nobody":    {egresstest.ClosedAddr(t), exitFailed},
	} {
		if status, stdout, stderr := runCommand(t, []string{"RINGBACK_ADDR=" + c.addr}, "health"); status != c.status {
			t.Errorf("%s: exit status %d, want %d: %s%s", name, status, c.status, stdout, stderr)
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestExitStatusOfArguments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"help":              {[]string{"--help"}, exitOK, "Usage: ringback"},
		"help of a command": {[]string{"serve", "--help"}, exitOK, "--role"},
		"unknown command":   {[]string{"dance"}, exitUsage, "dance"},
		"unknown flag":      {[]string{"serve", "--fast"}, exitUsage, "--fast"},
		"unknown role":      {[]string{"serve", "--role", "boss"}, exitUsage, "boss"},
		"half a command":    {[]string{"migrate"}, exitUsage, "up"},
	} {
		status, stdout, stderr := runCommand(
			t, []string{"RINGBACK_ADDR=127.0.0.1:0", "RINGBACK_DATA_DIR=" + t.TempDir()}, c.args...,
		)
		if status != c.status || !strings.Contains(stdout+stderr, c.says) {
			t.Errorf("%s: exit status %d, want %d and %q: %s%s", name, status, c.status, c.says, stdout, stderr)
		}
		if c.status != exitOK && stdout != "" {
			t.Errorf("%s: a mistake is told on standard output: %s", name, stdout)
		}
	}
}

func TestDiagnoseSaysWhatStandsInTheWay(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := runCommand(t, nil, "diagnose", "https://"+egresstest.ClosedAddr(t)+"/hook?token=hidden")
	if status != exitFailed || !strings.Contains(stdout, "TCP          FAILED") ||
		!strings.Contains(stdout, "-> Check that the receiver") {
		t.Errorf("exit status %d: %s%s", status, stdout, stderr)
	}
	if strings.Contains(stdout+stderr, "hidden") {
		t.Errorf("it shows the query: %s", stdout)
	}
	open := egresstest.HTTP1(t, func(*net.TCPConn) { t.Error("it has sent a request") })
	status, stdout, stderr = runCommand(t, nil, "diagnose", open)
	if status != exitOK || !strings.Contains(stdout, "TCP          OK") || stderr != "" {
		t.Errorf("exit status %d: %s%s", status, stdout, stderr)
	}
}
