// Package console is the page for people: settings, health and history, on the public GraphQL API and on nothing else.
//
// The repository holds our own compiled code (dist), and none of others: the page finds the libraries by an import map,
// in lib where `make console` has copied npm's files, and else at a public CDN, by their hashes. Where `make console` was run
// there is one more build (bundle), with the libraries within, and that is what is served.
package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed icon.svg embed.js all:dist all:lib all:bundle
var files embed.FS

// cdn has the files of every npm package, byte for byte: https://www.jsdelivr.com.
const cdn = "https://cdn.jsdelivr.net/npm/"

// Where a page takes its libraries from.
const (
	Bundled = "bundled" // they are within its own files
	Local   = "local"   // from this server
	Public  = "public"  // from a public CDN
)

// Console serves the page, and the files that it loads.
type Console struct {
	// Libraries is Bundled, Local or Public.
	Libraries string
	page      []byte
	policy    string
	embed     embedded
	assets    map[string]asset // by path below /console/
}

// asset is a file that a browser may keep for ever, since its address has the hash of its content.
type asset struct {
	content, compressed []byte
	contentType         string
	changes             bool // its address has no hash
}

// New reads the embedded files. Pages of embedOrigins may show the console within them.
func New(embedOrigins []string) (*Console, error) { return newConsole(files, embedOrigins) }

func newConsole(from fs.FS, embedOrigins []string) (*Console, error) {
	c := &Console{Libraries: Bundled, assets: map[string]asset{}}
	folder := "bundle"
	current, err := bundleIsCurrent(from)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	if !current {
		folder, c.Libraries = "dist", Public
	}
	base, err := c.load(from, folder)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	var libraries []library
	if c.Libraries != Bundled {
		if libraries, err = c.loadLibraries(from); err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
	}
	if err := c.write(base, libraries); err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	c.embed, err = c.newEmbedded(from, embedOrigins)
	return c, err
}

// bundleIsCurrent tells whether there is a bundle of the same sources as dist: stamp.mjs has written down beside which it
// was built.
func bundleIsCurrent(from fs.FS) (bool, error) {
	stamp, err := fs.ReadFile(from, "bundle/dist.sha256")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	names, err := fs.Glob(from, "dist/*") // sorted
	if err != nil {
		return false, err
	}
	sum := sha256.New()
	for _, name := range names {
		content, err := fs.ReadFile(from, name)
		if err != nil {
			return false, err
		}
		_, _ = sum.Write(content)
	}
	return hex.EncodeToString(sum.Sum(nil)) == string(stamp), nil
}

// load takes the files of a build; base is the folder that they are served from. They import each other by their names
// in it, so it has the hash of all of them.
func (c *Console) load(from fs.FS, folder string) (base string, err error) {
	names, err := fs.Glob(from, folder+"/*.*")
	if err != nil {
		return "", err
	}
	names = append(names, "icon.svg")
	sum, loaded := sha256.New(), map[string][]byte{}
	for _, name := range names {
		if kind := path.Ext(name); kind != ".js" && kind != ".css" && kind != ".svg" {
			continue
		}
		content, err := fs.ReadFile(from, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content)
		loaded[path.Base(name)] = content
	}
	base = "assets/" + hex.EncodeToString(sum.Sum(nil)[:8]) + "/"
	for name, content := range loaded {
		if c.assets[base+name], err = newAsset(name, content); err != nil {
			return "", err
		}
	}
	return base, nil
}

func newAsset(name string, content []byte) (asset, error) {
	var buffer bytes.Buffer
	writer, err := gzip.NewWriterLevel(&buffer, gzip.BestCompression)
	if err != nil {
		return asset{}, err
	}
	if _, err = writer.Write(content); err == nil {
		err = writer.Close()
	}
	contentType := mime.TypeByExtension(path.Ext(name))
	if kind := path.Ext(name); kind == ".js" || kind == ".mjs" { // whatever the machine's own table says
		contentType = "text/javascript; charset=utf-8"
	}
	return asset{content: content, compressed: buffer.Bytes(), contentType: contentType}, err
}

// library is a package that our own code imports by its name: the first file is what the name means.
type library struct {
	Name  string        `json:"name"`
	Files []libraryFile `json:"files"`
	base  string
}

type libraryFile struct {
	Address   string `json:"address"` // package@version/file, at the CDN as in lib
	Integrity string `json:"integrity"`
}

// loadLibraries takes npm's files from lib where all of them are there as the list has them: half of them are worse than the
// public ones.
func (c *Console) loadLibraries(from fs.FS) ([]library, error) {
	text, err := fs.ReadFile(from, "dist/libraries.json")
	if err != nil {
		return nil, err
	}
	var libraries []library
	if err := json.Unmarshal(text, &libraries); err != nil {
		return nil, fmt.Errorf("dist/libraries.json: %w", err)
	}
	base, local := cdn, map[string]asset{}
	if readLibraries(from, libraries, local) {
		base, c.Libraries = "/console/lib/", Local
		for address, file := range local {
			c.assets["lib/"+address] = file
		}
	}
	for i := range libraries {
		libraries[i].base = base
	}
	return libraries, nil
}

func readLibraries(from fs.FS, libraries []library, into map[string]asset) (complete bool) {
	for _, l := range libraries {
		for _, file := range l.Files {
			content, err := fs.ReadFile(from, "lib/"+file.Address)
			if err != nil {
				return false
			}
			sum := sha512.Sum384(content)
			if "sha384-"+base64.StdEncoding.EncodeToString(sum[:]) != file.Integrity {
				return false
			}
			if into[file.Address], err = newAsset(file.Address, content); err != nil {
				return false
			}
		}
	}
	return true
}

// ServeHTTP serves the page at every address that is no file's: the page itself reads the address.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.embed.serves(w, r) {
		return
	}
	name, below := strings.CutPrefix(r.URL.Path, "/console/")
	if !below || !strings.HasPrefix(name, "assets/") && !strings.HasPrefix(name, "lib/") {
		servePage(w, c.page, c.policy)
		return
	}
	file, known := c.assets[name]
	if !known {
		http.NotFound(w, r)
		return
	}
	file.ServeHTTP(w, r)
}

func servePage(w http.ResponseWriter, page []byte, policy string) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", policy)
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write(page)
}

// ServeHTTP sends the file, compressed where the browser takes that.
func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", a.contentType)
	if header.Set("Cache-Control", "public, max-age=31536000, immutable"); a.changes {
		header.Set("Cache-Control", "public, max-age=300")
	}
	header.Set("Vary", "Accept-Encoding")
	content := a.content
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		content = a.compressed
	}
	_, _ = w.Write(content)
}
