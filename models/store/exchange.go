package store

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/ringback/ringback/models/callback"
)

// exchangeColumns are what attempts of either kind keep of their exchanges.
type exchangeColumns struct {
	Connection []byte
	Headers    []byte
}

// Flags of an exchange.
const (
	connectionReused = 1 << iota
	responseBodyTruncated
	headersTruncated

	flawBits = iota // the bits above are the code of a flaw
)

// connectionColumn is 3 bytes, of flags and versions, and the address and the port in binary: 9 with IPv4, where text
// takes 40. nil where there is nothing to tell.
func connectionColumn(x callback.Exchange) []byte {
	flags := flag(x.ConnectionReused, connectionReused) | flag(x.ResponseBodyTruncated, responseBodyTruncated) |
		flag(x.HeadersTruncated, headersTruncated) | x.Flaw.Code()<<flawBits
	remote, err := netip.ParseAddrPort(x.Remote)
	if flags == 0 && err != nil {
		return nil
	}
	column := []byte{flags, versionCode("HTTP/", x.HTTP), versionCode("TLS ", x.TLS)}
	if err == nil {
		column, _ = remote.AppendBinary(column) // it never fails
	}
	return column
}

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

func exchangeOf(c exchangeColumns) callback.Exchange {
	x := callback.Exchange{Headers: c.Headers}
	if len(c.Connection) < 3 {
		return x
	}
	flags := c.Connection[0]
	x.ConnectionReused, x.ResponseBodyTruncated = flags&connectionReused != 0, flags&responseBodyTruncated != 0
	x.HeadersTruncated = flags&headersTruncated != 0
	x.Flaw = callback.FlawOf(flags >> flawBits)
	x.HTTP, x.TLS = version("HTTP/", c.Connection[1]), version("TLS ", c.Connection[2])
	var remote netip.AddrPort
	if remote.UnmarshalBinary(c.Connection[3:]) == nil && remote.IsValid() {
		x.Remote = remote.String()
	}
	return x
}

// versionCode has the two digits of a version in a byte; 0: there is none, or it is not of that form.
func versionCode(of, text string) byte {
	digits, ok := strings.CutPrefix(text, of)
	if !ok || len(digits) != 3 || digits[1] != '.' {
		return 0
	}
	return (digits[0]-'0')<<4 | (digits[2]-'0')&0xf
}

func version(of string, code byte) string {
	if code == 0 {
		return ""
	}
	return fmt.Sprintf("%s%d.%d", of, code>>4, code&0xf)
}
