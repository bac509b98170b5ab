package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql/playground"
)

// explorerFiles holds what `npm run build` left in explorer/dist: all of the page's files, or only the
// placeholder when nobody ran it.
//
//go:embed all:explorer/dist
var explorerFiles embed.FS

// explorerAssets are the files that the page loads, in the order in which newExplorer names them.
// explorer/build.mjs copies the same four.
var explorerAssets = [...]string{
	"react.production.min.js", "react-dom.production.min.js", "graphiql.min.js", "graphiql.min.css",
}

// The page of gqlgen reads nothing from its own address, so the three properties are laid over those it
// gives to GraphiQL. GraphiQL prefers a property to what it stored in the browser; a query that comes
// without variables must not run with the stored ones of another query. Headers are the other way round:
// GraphiQL forgets those of the last tab, and with them the token that somebody typed in once. The fragment
// counts too, because it is never sent: a token belongs in `#headers=`, not in anybody's access log.
const (
	// firstQuery is what a first visit opens with.
	firstQuery = `# The Explorer of Ringback's API. Below, in Headers, stands your session token.
# A first start of the server prints one, and the command token --user does.
# Then press the button, or Ctrl-Enter.
query FirstLook {
  me {
    username
    accounts {
      nodes {
        name
        projects {
          nodes {
            rawID
            name
            apiCallbackUrl
          }
        }
      }
    }
  }
}
`
	headerTemplate = `{
  "x-auth-token": ""
}`

	prefillAnchor = `inputValueDeprecation: true`
	prefillScript = prefillAnchor + `,
          ...(() => {
            const given = new URLSearchParams(location.search + '&' + location.hash.slice(1));
            const props = {
              defaultQuery: ` + "`" + firstQuery + "`" + `, defaultHeaders: ` + "`" + headerTemplate + "`" + `,
              defaultEditorToolsVisibility: given.has('variables') ? 'variables' : 'headers',
            };
            if (given.has('query')) props.variables = '';
            try {
              const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem('graphiql:tabState'));
              props.headers = tabs[activeTabIndex].headers ?? undefined;
            } catch {} // the first visit
            for (const name of ['query', 'variables', 'headers']) {
              if (given.has(name)) props[name] = given.get(name);
            }
            return props;
          })()`
)

// Where the page's files do not come, gqlgen's page says "Loading…" for ever. The message stands beside the body, which
// may not be there yet: scripts of the head hold it up. What comes late takes the message away.
const (
	headAnchor = `<meta charset="utf-8">`
	headScript = headAnchor + `
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <style>
      #missing {
        position: fixed; inset: 0; z-index: 1; padding: 2rem; background: #fff; color: #222; font: 1rem/1.5 sans-serif;
      }
      @media (max-width: 800px) { /* one below the other */
        .graphiql-container #graphiql-session, .graphiql-container .graphiql-main { flex-direction: column; }
        .graphiql-container .graphiql-horizontal-drag-bar { display: none; }
        .graphiql-container .graphiql-response, .graphiql-container .graphiql-editors { min-height: 0; }
      }
    </style>
    <script>
      {
        const message = document.createElement('main');
        message.id = 'missing';
        message.setAttribute('role', 'alert');
        const show = () => {
          message.innerHTML = ` + "`%s`" + `;
          document.documentElement.append(message);
        };
        const patience = setTimeout(show, 10000);
        let failed = false;
        addEventListener('error', ({ target }) => {
          if (target === window) return; // an exception, and no file
          failed = true;
          show();
        }, true);
        addEventListener('load', () => {
          clearTimeout(patience);
          if (!failed) message.remove();
        });
      }
    </script>
    <noscript>The Explorer needs JavaScript; the API does not: POST /graphql.</noscript>`
	missingPublic = `<h1>The Explorer has not come</h1>
            <p>Its files come from cdn.jsdelivr.net, which this browser does not reach.
            To have this server serve them itself, build them once, where the internet is, and start it again:</p>
            <pre>make explorer</pre>
            <p>The API works without it: <code>POST /graphql</code>, and its schema is at
            <a href="/schema.graphqls">/schema.graphqls</a>.</p>`
	missingOwn = `<h1>The Explorer has not come</h1>
            <p>Some of its files did not come from this server: load the page again.</p>`
)

// explorer serves GraphiQL for the given endpoint at /explorer, with its files below /explorer/assets/.
// offline says that these files are our own; else the page takes them from a public CDN.
func explorer(endpoint string) (h http.Handler, offline bool) {
	dist, err := fs.Sub(explorerFiles, "explorer/dist")
	if err != nil {
		panic(err) // only an invalid path can fail, and this one is a constant
	}
	return newExplorer(endpoint, dist)
}

func newExplorer(endpoint string, dist fs.FS) (h http.Handler, offline bool) {
	mux := http.NewServeMux()
	source, missing := "https://cdn.jsdelivr.net", missingPublic // the playground's default
	var options []playground.GraphiqlConfigOption
	assets, err := loadExplorerAssets(dist)
	if err == nil {
		source, missing = "'self'", missingOwn
		options = append(options,
			playground.WithGraphiqlReactVersion(assets[0].url, assets[1].url, assets[0].integrity, assets[1].integrity),
			playground.WithGraphiqlVersion(assets[2].url, assets[3].url, assets[2].integrity, assets[3].integrity))
		for _, asset := range assets {
			address, _, _ := strings.Cut(asset.url, "?")
			mux.Handle("GET "+address, asset)
		}
	}
	page := explorerPage(source, missing, playground.Handler("Ringback Explorer", endpoint, options...))
	mux.Handle("GET /explorer", page)
	mux.Handle("GET /explorer/{$}", page)
	return mux, err == nil
}

type explorerAsset struct {
	content                          []byte
	contentType, url, integrity, tag string
}

// loadExplorerAssets fails when one file is missing: half a page is worse than the public one.
func loadExplorerAssets(dist fs.FS) (assets [len(explorerAssets)]explorerAsset, err error) {
	for i, name := range explorerAssets {
		content, err := fs.ReadFile(dist, name)
		if err != nil {
			return assets, fmt.Errorf("explorer: %w", err)
		}
		contentType := "text/javascript; charset=utf-8"
		if path.Ext(name) == ".css" {
			contentType = "text/css; charset=utf-8"
		}
		sum := sha256.Sum256(content)
		version := hex.EncodeToString(sum[:6])
		assets[i] = explorerAsset{
			content: content, contentType: contentType, tag: `"` + version + `"`,
			url:       "/explorer/assets/" + name + "?v=" + version,
			integrity: "sha256-" + base64.StdEncoding.EncodeToString(sum[:]),
		}
	}
	return assets, nil
}

// ServeHTTP lets a browser keep the file for ever: the page asks for it with its content's hash in the address.
func (a explorerAsset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("ETag", a.tag)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.content))
}

var inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)

// explorerPage renders the page once, adds the prefill, and lets the browser run only the scripts that
// the page has now: a token typed into it must not be readable by a script from elsewhere.
func explorerPage(source, missing string, render http.Handler) http.HandlerFunc {
	rendered := &pageBuffer{header: http.Header{}}
	render.ServeHTTP(rendered, &http.Request{})
	page := strings.NewReplacer(
		prefillAnchor, prefillScript, headAnchor, fmt.Sprintf(headScript, missing),
	).Replace(rendered.body.String())

	scripts := source
	for _, script := range inlineScript.FindAllStringSubmatch(page, -1) {
		sum := sha256.Sum256([]byte(script[1]))
		scripts += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	// GraphiQL sets style attributes, and its fonts and icons are data: addresses within its style sheet.
	policy := fmt.Sprintf("default-src 'none'; script-src %s; style-src %s 'unsafe-inline'; "+
		"font-src data:; img-src data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'", scripts, source)

	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Referrer-Policy", "no-referrer")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(page))
	}
}

// pageBuffer takes what a handler writes, to change it before it is served.
type pageBuffer struct {
	header http.Header
	body   bytes.Buffer
}

func (b *pageBuffer) Header() http.Header         { return b.header }
func (b *pageBuffer) Write(p []byte) (int, error) { return b.body.Write(p) }
func (b *pageBuffer) WriteHeader(int)             {}
