package storetest

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/ringback/ringback/models/store"
)

// EnvPooler puts a PgBouncer between every test of a package and Postgres: session or transaction. Empty: none.
const EnvPooler = "TEST_POOLER"

// ModeOfPooler is what EnvPooler says.
func ModeOfPooler() store.Pooler { return store.Pooler(os.Getenv(EnvPooler)) }

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
	if pooler, err = newPooler(ModeOfPooler(), os.Getenv(EnvDatabaseURL)); err != nil {
		fmt.Fprintln(os.Stderr, "start a pooler for the tests:", err)
		os.Exit(1)
	}
	return pooler.stop
}

// throughPooler is the URL as tests use it.
func throughPooler(databaseURL string) string {
	if pooler == nil {
		return databaseURL
	}
	return pooler.URL(databaseURL)
}

// Direct is the URL of a database without the pooler, for what needs a session of its own.
func Direct(databaseURL string) string {
	if pooler == nil {
		return databaseURL
	}
	return withHost(databaseURL, hostOf(os.Getenv(EnvDatabaseURL)))
}

// Pooler is a PgBouncer with its defaults, before a Postgres.
type Pooler struct {
	folder, addr string
	cmd          *exec.Cmd
	log          *os.File
	ended        chan struct{}
}

// StartPooler starts a PgBouncer before the Postgres of a URL, until the test ends.
func StartPooler(tb testing.TB, mode store.Pooler, databaseURL string) *Pooler {
	tb.Helper()
	p, err := newPooler(mode, Direct(databaseURL))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.stop)
	return p
}

// URL is that of a database through the pooler.
func (p *Pooler) URL(databaseURL string) string { return withHost(databaseURL, p.addr) }

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

// poolerPatience is how long a PgBouncer may take to start, which takes milliseconds.
const poolerPatience = 20 * time.Second

func newPooler(mode store.Pooler, databaseURL string) (*Pooler, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return nil, errors.New("parse " + EnvDatabaseURL)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	// Not below a test's folder, whose parents are closed to other users.
	folder, err := os.MkdirTemp("", "pgbouncer")
	if err != nil {
		return nil, err
	}
	p := &Pooler{folder: folder, addr: net.JoinHostPort("127.0.0.1", port)}
	password, _ := u.User.Password()
	target := hostOf(databaseURL)
	host, targetPort, _ := net.SplitHostPort(target)
	for name, text := range map[string]string{
		"pgbouncer.ini": fmt.Sprintf(poolerConfig, host, targetPort, port, mode),
		"users.txt":     fmt.Sprintf("%q %q\n", u.User.Username(), password),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil { //nolint:gosec // for the user that it runs as
			return nil, err
		}
	}
	if p.log, err = os.Create(filepath.Join(folder, "log")); err != nil {
		return nil, err
	}
	p.cmd = exec.Command("pgbouncer", "pgbouncer.ini") //nolint:noctx // it ends with stop
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = folder, p.log, p.log
	if p.cmd.SysProcAttr, err = asPostgres(folder); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.ended = make(chan struct{})
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait()
	}()
	return p, p.awaitStart()
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

func (p *Pooler) stop() {
	select {
	case <-p.ended:
		text, _ := os.ReadFile(p.log.Name())
		fmt.Fprintf(os.Stderr, "PgBouncer has ended before its time, %s: %s\n", p.cmd.ProcessState, text)
	default:
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	_ = p.log.Close()
	_ = os.RemoveAll(p.folder)
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

// freePort is one that nobody listens on now.
func freePort() (port string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		return "", err
	}
	_, port, err = net.SplitHostPort(listener.Addr().String())
	return port, errors.Join(err, listener.Close())
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
