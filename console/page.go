package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"text/template"
)

// pageTemplate is made of what is embedded alone, and nothing is escaped. It is the page before its code runs. What it says by itself is for those who see nothing else: the code puts
// its own in its place, and until then it appears after some seconds, by console.css.
var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Ringback</title>
<link rel="icon" href="{{.Base}}icon.svg">
<link rel="stylesheet" href="{{.Base}}console.css">
{{- if .Map}}
<script type="importmap">{{.Map}}</script>
{{- end}}
{{- range .Preloads}}
<link rel="modulepreload" href="{{.Address}}" integrity="{{.Integrity}}" crossorigin>
{{- end}}
<link rel="modulepreload" href="{{.Base}}shared.js">
<script type="module" src="{{.Base}}console.js"></script>
</head>
<body>
<div id="app">
<main class="unloaded">
<h1>Ringback</h1>
<noscript><p>This page needs JavaScript.</p></noscript>
{{- if .Public}}
<p>This page has not appeared: some of its files come from <code>cdn.jsdelivr.net</code>, which your browser does not reach.</p>
<p>To serve them from here, with npm: run <code>make console</code> in the repository and start the server again.</p>
{{- else}}
<p>This page has not appeared. Reload it; if that does not help, your browser is older than the page needs.</p>
{{- end}}
<p>The API itself is at <code>/graphql</code>, and the Explorer at <a href="/explorer">/explorer</a>.</p>
</main>
</div>
</body>
</html>
`))

// importMap is what a browser reads of it: https://html.spec.whatwg.org/multipage/webappapis.html#import-maps.
type importMap struct {
	Imports   map[string]string `json:"imports"`
	Integrity map[string]string `json:"integrity"`
}

// write makes the page once, and the policy that lets it run its own files, the libraries and nothing else.
func (c *Console) write(base string, libraries []library) error {
	data := struct {
		Base     string
		Map      string
		Preloads []libraryFile
		Public   bool
	}{Base: "/console/" + base, Public: c.Libraries == Public}
	scripts := "'self'"
	if c.Libraries != Bundled {
		m := importMap{Imports: map[string]string{}, Integrity: map[string]string{}}
		for _, l := range libraries {
			m.Imports[l.Name] = l.base + l.Files[0].Address
			for _, file := range l.Files {
				address := l.base + file.Address
				m.Integrity[address] = file.Integrity
				data.Preloads = append(data.Preloads, libraryFile{Address: address, Integrity: file.Integrity})
				if c.Libraries == Public {
					scripts += " " + address
				}
			}
		}
		text, err := json.Marshal(m)
		if err != nil {
			return err
		}
		data.Map = string(text) // json escapes < and >
		sum := sha256.Sum256(text)
		scripts += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	var page bytes.Buffer
	if err := pageTemplate.Execute(&page, data); err != nil {
		return err
	}
	c.page = page.Bytes()
	c.policy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
	if c.Libraries != Bundled {
		c.policy = strings.Replace(c.policy, ";", "; script-src "+scripts+";", 1)
	}
	return nil
}
