package egress

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Stage is what a [Client.Probe] looks at.
type Stage string

// The stages, in their order.
const (
	StageURL     Stage = "URL"     // whether it can be called at all
	StageDNS     Stage = "DNS"     // every address of the host
	StageAddress Stage = "ADDRESS" // which of them may be reached
	StageTCP     Stage = "TCP"     // a connection to each of these
	StageTLS     Stage = "TLS"     // version, cipher, certificates
)

// StepStatus is what came of a stage.
type StepStatus string

// What can come of a stage.
const (
	StepOK      StepStatus = "OK"
	StepWarning StepStatus = "WARNING" // callbacks arrive, but less surely than they could
	StepFailed  StepStatus = "FAILED"  // no callback arrives
	StepSkipped StepStatus = "SKIPPED" // there was nothing to look at, or what it needs has failed
)

// Step is what a probe has seen at one stage.
type Step struct {
	Stage    Stage
	Status   StepStatus
	Duration time.Duration
	Detail   string // sentences for a human. They name no address that may not be reached
	Cause    Cause  // of what has failed
	Flaw     Flaw   // what more is known of that
	Remedy   string // what to do about a warning: of what has failed its cause and flaw tell

	Addresses []Address // of StageDNS, at most 32
	TLS       *Handshake
}

// stageLimit bounds each stage: name servers are asked again after 5 s, by when most receivers would have given up.
const stageLimit = 5 * time.Second

// Probe looks at the way to a URL, stage by stage, and sends no request. Each step is reported as it ends, all stages
// in their order: after one that has failed the others are skipped. It takes at most 5 s a stage, and tells whether a
// request may be tried.
func (c *Client) Probe(ctx context.Context, target string, report func(Step)) (passable bool) {
	p := &probe{client: c, target: target, failure: failure{limit: stageLimit, shortages: &shortages{}}}
	defer p.close()
	passable = true
	for _, look := range []struct {
		stage Stage
		at    func(ctx context.Context) Step
	}{
		{StageURL, p.atURL}, {StageDNS, p.atDNS}, {StageAddress, p.atAddress}, {StageTCP, p.atTCP}, {StageTLS, p.atTLS},
	} {
		step := Step{Status: StepSkipped, Detail: "not looked at, because of what has failed before"}
		if passable {
			step = p.look(ctx, look.at)
		}
		step.Stage = look.stage
		passable = passable && step.Status != StepFailed
		report(step)
	}
	return passable
}

// probe is one look at the way to a URL.
type probe struct {
	client *Client
	target string
	failure

	url       *url.URL
	addresses []Address
	conn      net.Conn // to one of them
}

func (p *probe) look(ctx context.Context, at func(ctx context.Context) Step) Step {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(ctx, stageLimit)
	defer cancel()
	p.ctx = ctx
	step := at(ctx)
	step.Duration = time.Since(begun)
	return step
}

func (p *probe) close() {
	if p.conn != nil {
		_ = p.conn.Close()
	}
}

func failed(e *Error) Step {
	return Step{Status: StepFailed, Detail: e.Message, Cause: e.Cause, Flaw: e.Flaw}
}

func (p *probe) atURL(context.Context) Step {
	u, e := parseURL(p.target)
	if e != nil {
		return failed(e)
	}
	p.url, p.host = u, u.Host
	if u.Scheme == "http" {
		return Step{
			Status: StepWarning, Detail: "the URL is plain http: what is sent can be read and changed on its way",
			Remedy: "Serve the receiver over https, and change the URL to it.",
		}
	}
	return Step{Status: StepOK, Detail: "the URL is https to " + u.Host}
}

func (p *probe) atDNS(ctx context.Context) Step {
	addresses, err := p.client.addressesOf(ctx, p.url)
	if err != nil {
		return failed(p.explain(err, watched{}, phaseDNS))
	}
	p.addresses = addresses
	told := addresses[:min(len(addresses), maxTold)]
	if _, err := netip.ParseAddr(p.url.Hostname()); err == nil {
		return Step{Status: StepSkipped, Detail: "the host is an address, and no name", Addresses: told}
	}
	var shown []string
	hidden := 0
	for _, a := range told {
		if a.err == nil {
			shown = append(shown, a.Addr.String())
		} else {
			hidden++
		}
	}
	if hidden > 0 {
		shown = append(shown, fmt.Sprintf("%d that may not be reached", hidden))
	}
	if more := len(addresses) - len(told); more > 0 {
		shown = append(shown, fmt.Sprintf("%d more", more))
	}
	return Step{
		Status: StepOK, Detail: p.name() + " has the addresses " + strings.Join(shown, ", "), Addresses: told,
	}
}

// maxTold addresses of a name are told: an answer of DNS has room for thousands.
const maxTold = 32

func (p *probe) atAddress(context.Context) Step {
	port := portOf(p.url)
	if !portAllowed(port, p.client.guard.ports) {
		return failed(deniedPort(strconv.Itoa(int(port))))
	}
	denied := 0
	for _, a := range p.addresses {
		if a.err != nil {
			denied++
		}
	}
	switch all := len(p.addresses); {
	case denied == all:
		return failed(noneIsPublic(p.name()))
	case denied > 0:
		return Step{
			Status: StepWarning,
			Detail: fmt.Sprintf("%d of %d addresses of %s are not public, and are never tried", denied, all, p.name()),
			Remedy: "Take the addresses that are not public out of the name's DNS records.",
		}
	case all > maxAddresses:
		return Step{
			Status: StepWarning,
			Detail: fmt.Sprintf("%s has %d addresses, of which the first %d are tried", p.name(), all, maxAddresses),
			Remedy: fmt.Sprintf("Publish at most %d addresses for the name.", maxAddresses),
		}
	}
	return Step{Status: StepOK, Detail: "every address and the port may be reached"}
}

// atTCP opens a connection to each address, all at once.
func (p *probe) atTCP(ctx context.Context) Step {
	var targets []netip.AddrPort
	for _, a := range p.addresses {
		if a.err == nil {
			targets = append(targets, netip.AddrPortFrom(a.Addr, portOf(p.url)))
		}
	}
	targets = alternate(targets)
	outcomes := make([]chan connected, len(targets))
	for i, target := range targets {
		outcomes[i] = make(chan connected, 1)
		go func() { outcomes[i] <- p.connectTo(ctx, target) }()
	}
	var said []string
	var first *Error
	bad := 0
	for _, outcome := range outcomes {
		o := <-outcome
		said = append(said, o.said)
		switch {
		case o.err != nil:
			if bad++; first == nil {
				first = o.err
			}
		case p.conn == nil:
			p.conn = o.conn
		default:
			_ = o.conn.Close()
		}
	}
	detail := strings.Join(said, "; ")
	switch bad {
	case 0:
		return Step{Status: StepOK, Detail: detail}
	case len(targets):
		return failed(&Error{Cause: first.Cause, Message: detail})
	}
	return Step{
		Status: StepWarning, Detail: detail,
		Remedy: "Let the receiver listen on every address of its name, or take the others out of its DNS records: each " +
			"callback may lose time there.",
	}
}

// connected is what came of a connection to one address.
type connected struct {
	conn net.Conn
	said string
	err  *Error
}

func (p *probe) connectTo(ctx context.Context, target netip.AddrPort) (o connected) {
	connect := p.client.connect
	if p.client.way != nil {
		connect = p.client.way.connect
	}
	begun := time.Now()
	var err error
	if o.conn, err = connect(ctx, target); err != nil {
		o.err = p.explain(err, watched{addr: target.String()}, phaseConnect)
		o.said = o.err.Message
		return o
	}
	o.said = fmt.Sprintf("%s accepted a connection after %d ms", target, time.Since(begun).Milliseconds())
	if p.client.way != nil {
		o.said += ", through the proxy"
	}
	return o
}

// Address is one of a host's.
type Address struct {
	Addr netip.Addr
	err  error // why it may not be reached
}

// Allowed tells whether it may be reached.
func (a Address) Allowed() bool { return a.err == nil }

// Addresses resolves the host of a URL and judges what it finds, as it will be judged when a callback leaves, and sends
// nothing else. portAllowed tells whether the URL's port may be reached at any address. The error is an *[Error], of
// the cause INVALID_URL or DNS_ERROR.
func (c *Client) Addresses(ctx context.Context, target string) (addresses []Address, allowed bool, err error) {
	u, e := parseURL(target)
	if e != nil {
		return nil, false, e
	}
	ctx, cancel := context.WithTimeout(ctx, stageLimit)
	defer cancel()
	addresses, err = c.addressesOf(ctx, u)
	if err != nil {
		err = failure{ctx: ctx, host: u.Host, limit: stageLimit, shortages: &shortages{}}.explain(err, watched{}, phaseDNS)
	}
	return addresses, portAllowed(portOf(u), c.guard.ports), err
}

func (c *Client) addressesOf(ctx context.Context, u *url.URL) ([]Address, error) {
	found, err := c.resolveHost(ctx, u.Hostname())
	addresses := make([]Address, len(found))
	for i, addr := range found {
		addresses[i] = Address{addr, c.guard.verdict(addr)}
	}
	return addresses, err
}

func portOf(u *url.URL) uint16 {
	if port, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		return uint16(port)
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}

func (p *probe) atTLS(ctx context.Context) Step {
	if p.url.Scheme == "http" {
		return Step{Status: StepSkipped, Detail: "the URL is plain http"}
	}
	var seen watched
	hand := handshake{host: p.url.Hostname(), roots: p.client.transport.TLSClientConfig.RootCAs, asked: &seen.certAsked}
	conn := tls.Client(p.conn, hand.config())
	if err := conn.HandshakeContext(ctx); err != nil {
		e := p.explain(err, seen, phaseTLS)
		if sent := hand.sent(); sent != "" {
			e.Message = strings.TrimSuffix(e.Message, ".") + ". " + sent
		}
		step := failed(e)
		step.TLS = hand.seen()
		return step
	}
	step := Step{Status: StepOK, Detail: hand.detail(), TLS: hand.seen()}
	if left := hand.left(time.Now()); left < renewalTime {
		step.Status = StepWarning
		step.Remedy = "Renew the certificate, and see why that has not happened by itself: no callback arrives once it " +
			"has expired."
	}
	return step
}
