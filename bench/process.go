package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Limits on the life of a server process.
const (
	startTimeout = 60 * time.Second // migrations and all
	stopTimeout  = 45 * time.Second // what the README says to give it
	readyPoll    = 5 * time.Millisecond
)

// process is a server process.
type process struct {
	name  string
	base  string        // URL
	pid   int           // still known when it has ended
	ready time.Duration // from its start
	log   string        // path

	stop   func()
	killed atomic.Bool
	exited chan struct{}
	err    error // of its end
}

// startProcess starts the server and waits until it is ready. When it ends without being stopped, broke hears of it.
func startProcess(
	ctx context.Context, name, binary, dir string, env []string, broke func(error), args ...string,
) (*process, error) {
	p := &process{
		name: name, log: filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".log"), exited: make(chan struct{}),
	}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	said := newAnnouncement()
	ctx, p.stop = context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, binary, args...) //nolint:gosec // G204: the program to measure
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.Dir = env, said, log, dir
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTimeout
	began := time.Now()
	if err := cmd.Start(); err != nil {
		p.stop()
		return nil, errors.Join(err, log.Close())
	}
	p.pid = cmd.Process.Pid
	go func() {
		defer close(p.exited)
		p.err = errors.Join(cmd.Wait(), log.Close())
		if ctx.Err() == nil && !p.killed.Load() {
			broke(fmt.Errorf("%s ended by itself: %w\n%s", name, p.err, p.lastWords()))
		}
	}()
	if err := p.awaitReady(ctx, said); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w\n%s", name, err, p.lastWords()), p.end())
	}
	p.ready = time.Since(began)
	return p, nil
}

// awaitReady waits for the address, and then for /readyz.
func (p *process) awaitReady(ctx context.Context, said *announcement) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	select {
	case p.base = <-said.base:
	case <-p.exited:
		return errors.New("ended before it listened")
	case <-ctx.Done():
		return fmt.Errorf("does not say where it listens: %w", ctx.Err())
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for !isReady(ctx, client, p.base) {
		select {
		case <-time.After(readyPoll):
		case <-p.exited:
			return errors.New("ended before it was ready")
		case <-ctx.Done():
			return fmt.Errorf("is not ready: %w", ctx.Err())
		}
	}
	return nil
}

func isReady(ctx context.Context, client *http.Client, base string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// end stops the process as an operator would.
func (p *process) end() error {
	p.stop()
	<-p.exited
	// Wait says that the context has ended also when the process ended well.
	if p.err != nil && !p.killed.Load() && !errors.Is(p.err, context.Canceled) {
		return fmt.Errorf("stop %s: %w\n%s", p.name, p.err, p.lastWords())
	}
	return nil
}

// kill ends the process as the kernel would that is short of memory.
func (p *process) kill() {
	p.killed.Store(true)
	_ = syscall.Kill(p.pid, syscall.SIGKILL) // it has not been waited for: the number is its own
	<-p.exited
}

// lastWords is the end of its log.
func (p *process) lastWords() string {
	text, _ := os.ReadFile(p.log)
	return string(text[max(0, len(text)-2000):])
}

// announcement is a standard output on which the server says where it listens.
type announcement struct {
	base chan string

	mu   sync.Mutex
	text []byte
	told bool
}

func newAnnouncement() *announcement { return &announcement{base: make(chan string, 1)} }

var listensOn = regexp.MustCompile(`listens on (http://\S+)\n`)

// Write is io.Writer.
func (a *announcement) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.told {
		return len(p), nil
	}
	a.text = append(a.text, p...)
	if match := listensOn.FindSubmatch(a.text); match != nil {
		a.base <- string(bytes.TrimSpace(match[1]))
		a.told, a.text = true, nil
	}
	return len(p), nil
}

// runOnce runs the program until it ends by itself.
func runOnce(ctx context.Context, binary string, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, binary, args...) //nolint:gosec // G204: the program to measure
	cmd.Env = env
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, text)
	}
	return nil
}
