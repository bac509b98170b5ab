package console

import (
	"bytes"
	"cmp"
	"html"
	"io/fs"
	"net/http"
	"strings"
)

// embedded is what stands within other pages: the same page, below /console/embed, and the script with the element
// <ringback-callbacks>, which makes a frame of it.
type embedded struct {
	page   []byte
	policy string
	script asset
}

// noBundle is shown in the frame instead of a page whose libraries would come from a public CDN: whoever lets
// another site into theirs lets in no third one with it.
const noBundle = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Ringback</title>
<body>
<p>Ringback shows nothing here, since its pages were not built with their libraries within.</p>
<p>Whoever runs it builds them, with npm: <code>make console</code>, and starts the server again.</p>
`

// newEmbedded makes the page for frames of these origins: they alone may show it, and it takes messages of these alone.
func (c *Console) newEmbedded(from fs.FS, origins []string) (e embedded, err error) {
	script, err := fs.ReadFile(from, "embed.js")
	if err != nil {
		return e, err
	}
	if e.script, err = newAsset("embed.js", script); err != nil {
		return e, err
	}
	e.script.changes = true
	list := strings.Join(origins, " ")
	e.policy = strings.Replace(c.policy, "frame-ancestors 'none'", "frame-ancestors "+cmp.Or(list, "'none'"), 1)
	e.page = []byte(noBundle)
	if c.Libraries == Bundled {
		meta := `<meta name="ringback-embed-origins" content="` + html.EscapeString(list) + "\">\n</head>"
		e.page = bytes.Replace(c.page, []byte("</head>"), []byte(meta), 1)
	}
	return e, nil
}

// serves answers what is asked of it, and tells whether it was.
func (e embedded) serves(w http.ResponseWriter, r *http.Request) bool {
	switch rest, found := strings.CutPrefix(r.URL.Path, "/console/embed"); {
	case found && rest == ".js":
		// Its address is in other people's pages, and is the same for ever.
		w.Header().Set("Access-Control-Allow-Origin", "*")
		e.script.ServeHTTP(w, r)
	case found && (rest == "" || rest[0] == '/'):
		servePage(w, e.page, e.policy)
	default:
		return false
	}
	return true
}
