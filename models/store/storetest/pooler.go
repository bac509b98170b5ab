package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ringback/ringback/models/store"
)

// EnvPooler puts a PgBouncer between every test of a package and Postgres: session or transaction. Empty: none.
const EnvPooler = "TEST_POOLER"

// ModeOfPooler is what EnvPooler says.
func ModeOfPooler() store.Pooler { return store.Pooler(os.Getenv(EnvPooler)) }

// By session a process takes up to 20 connections, which is all that PgBouncer has for one database by default, and
// keeps for 15 s those that it does not use. Tests start up to three processes on one database, and two such tests run
// at once.
const (
	poolOfThree    = "default_pool_size = 60"
	clientsOfTests = "max_client_conn = 400"
)

// pooler is the one between all tests of this process and Postgres.
var pooler *Pooler

// startPooler starts it, if there is to be one.
func startPooler() (stop func()) {
	if ModeOfPooler() == "" {
		return func() {}
	}
	err := errors.New(EnvPooler + " without " + EnvDatabaseURL)
	if !OnPostgres() {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if pooler, err = newPooler(ModeOfPooler(), os.Getenv(EnvDatabaseURL), poolOfThree, clientsOfTests); err != nil {
		fmt.Fprintln(os.Stderr, "start a pooler for the tests:", err)
		os.Exit(1)
	}
	return func() {
		if deaths := pooler.stop(); len(deaths) > 0 {
			fmt.Fprintf(os.Stderr, started+"\n", len(deaths), deaths)
		}
	}
}

// started tells of deaths: how many, and of what.
const started = "PgBouncer was started again %d times, after %q"

// throughPooler is the URL as tests use it.
func throughPooler(databaseURL string) string {
	if pooler == nil {
		return databaseURL
	}
	return pooler.URL(databaseURL)
}

// Direct is the URL of a database without the pooler, for what needs a session of its own.
func Direct(databaseURL string) string {
	if pooler == nil || hostOf(databaseURL) != pooler.addr {
		return databaseURL
	}
	return withHost(databaseURL, hostOf(os.Getenv(EnvDatabaseURL)))
}

// Pooler is a PgBouncer with its defaults, before a Postgres. One that dies is started again, as systemd would.
type Pooler struct {
	folder, addr string
	as           *syscall.SysProcAttr
	log          *os.File
	ended        chan struct{}

	mu      sync.Mutex
	process *os.Process // the one of now, which may be dead
	deaths  []string
	stopped bool
}

// StartPooler starts a PgBouncer before the Postgres of a URL, until the test ends. Settings are lines of its
// configuration.
func StartPooler(tb testing.TB, mode store.Pooler, databaseURL string, settings ...string) *Pooler {
	tb.Helper()
	p, err := newPooler(mode, Direct(databaseURL), settings...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if deaths := p.stop(); len(deaths) > 0 {
			tb.Logf(started, len(deaths), deaths)
		}
	})
	return p
}

// URL is that of a database through the pooler.
func (p *Pooler) URL(databaseURL string) string { return withHost(databaseURL, p.addr) }

// Signal sends it a signal.
func (p *Pooler) Signal(tb testing.TB, signal os.Signal) {
	tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.process.Signal(signal); err != nil {
		tb.Fatal(err)
	}
}

const poolerConfig = `[databases]
* = host=%s port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir =
auth_type = trust
auth_file = users.txt
pool_mode = %s
`

const (
	// poolerPatience is how long a PgBouncer may take to start, which takes milliseconds.
	poolerPatience = 20 * time.Second
	// poolerRestartAfter is RestartSec of systemd. It gives up after some deaths too; here these are more than tests
	// cause.
	poolerRestartAfter = 100 * time.Millisecond
	poolerDeaths       = 100
)

func newPooler(mode store.Pooler, databaseURL string, settings ...string) (*Pooler, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return nil, errors.New("parse " + EnvDatabaseURL)
	}
	p := &Pooler{ended: make(chan struct{})}
	if p.addr, err = FreeAddr(); err != nil {
		return nil, err
	}
	// Not below a test's folder, whose parents are closed to other users.
	if p.folder, err = os.MkdirTemp("", "pgbouncer"); err != nil {
		return nil, err
	}
	password, _ := u.User.Password()
	host, port, _ := net.SplitHostPort(hostOf(databaseURL))
	_, own, _ := net.SplitHostPort(p.addr)
	for name, text := range map[string]string{
		"pgbouncer.ini": fmt.Sprintf(poolerConfig, host, port, own, mode) + strings.Join(settings, "\n"),
		"users.txt":     fmt.Sprintf("%q %q\n", u.User.Username(), password),
	} {
		if err := os.WriteFile(filepath.Join(p.folder, name), []byte(text), 0o644); err != nil { //nolint:gosec // for the user that it runs as
			return nil, err
		}
	}
	if p.log, err = os.Create(filepath.Join(p.folder, "log")); err != nil {
		return nil, err
	}
	if p.as, err = asPostgres(p.folder); err != nil {
		return nil, err
	}
	cmd, err := p.start()
	if err != nil {
		return nil, err
	}
	go p.supervise(cmd)
	return p, p.awaitStart()
}

func (p *Pooler) start() (*exec.Cmd, error) {
	cmd := exec.Command("pgbouncer", "pgbouncer.ini") //nolint:noctx // it ends with stop
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = p.folder, p.log, p.log, p.as
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p.process = cmd.Process
	return cmd, nil
}

// supervise starts it again whenever it has died. PgBouncer 1.18, for one, dies of a request to cancel whose client was
// cut.
func (p *Pooler) supervise(cmd *exec.Cmd) {
	defer close(p.ended)
	for alive := true; alive; {
		_ = cmd.Wait()
		<-time.After(poolerRestartAfter)
		cmd, alive = p.startAgain(cmd.ProcessState)
	}
}

func (p *Pooler) startAgain(dead *os.ProcessState) (cmd *exec.Cmd, alive bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped || len(p.deaths) == poolerDeaths {
		return nil, false
	}
	death := dead.String()
	if dead.Exited() {
		death += p.lastWords()
	}
	p.deaths = append(p.deaths, death)
	cmd, err := p.start()
	if err != nil {
		p.deaths = append(p.deaths, err.Error())
	}
	return cmd, err == nil
}

// lastWords is why it has ended by itself, as its log has it.
func (p *Pooler) lastWords() string {
	text, _ := os.ReadFile(p.log.Name())
	if at := strings.LastIndex(string(text), "FATAL"); at >= 0 {
		line, _, _ := strings.Cut(string(text[at:]), "\n")
		return ": " + line
	}
	return ""
}

// awaitStart waits until it listens.
func (p *Pooler) awaitStart() error {
	deadline := time.Now().Add(poolerPatience)
	for {
		conn, err := net.Dial("tcp", p.addr) //nolint:noctx // of this machine
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(p.log.Name())
			p.stop()
			return fmt.Errorf("PgBouncer does not start: %w: %s", err, text)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// stop ends it, and returns what it has died of before.
func (p *Pooler) stop() (deaths []string) {
	p.mu.Lock()
	p.stopped = true
	_ = p.process.Kill()
	p.mu.Unlock()
	<-p.ended
	_ = p.log.Close()
	_ = os.RemoveAll(p.folder)
	return p.deaths
}

// asPostgres: PgBouncer, like Postgres, refuses to run as root. Then it runs as the user postgres, who gets the folder.
func asPostgres(folder string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(account.Uid)
	gid, _ := strconv.Atoi(account.Gid)
	credential := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // of a user of this system
	return &syscall.SysProcAttr{Credential: credential}, os.Chown(folder, uid, gid)
}

// FreeAddr is an address for a service that may stop and start again. Its port is none that systems give out themselves
// (Linux from 32768, others from 49152): nobody else gets it meanwhile.
func FreeAddr() (string, error) {
	for tries := 1; ; tries++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(10_000))) //nolint:noctx // closed at once
		switch {
		case err == nil:
			return l.Addr().String(), l.Close()
		case tries == 100 || !errors.Is(err, syscall.EADDRINUSE):
			return "", err
		}
	}
}

func hostOf(databaseURL string) string {
	u, _ := url.Parse(databaseURL)
	if u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), "5432")
	}
	return u.Host
}

func withHost(databaseURL, host string) string {
	u, _ := url.Parse(databaseURL)
	u.Host = host
	return u.String()
}
