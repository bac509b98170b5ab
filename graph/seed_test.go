package graph_test

import (
	"os"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
)

// configureURL is the operation of the published documentation, byte for byte.
const configureURL = `mutation ConfigureApiCallbackUrl($input: UpdateProjectInput!) {
updateProject(input: $input) {
project {
id
apiCallbackUrl
apiCallbackHeaders {
key
value
}
}
}
}`

const configureURLBody = `{ "input": { "projectId": "TjAwNlByb2plY3QxMjM", "apiCallbackUrl": "https://www.example.com/webhook", ` +
	`"apiCallbackHeaders": [ { "key": "Authorization", "value": "Bearer your-token" } ] } }`

// The golden file is the published answer; -update must never be needed for it.
func TestThePublishedExampleGivesThePublishedAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, who := range map[string]caller{"admin": w.admin(), "editor": w.editor(), "platform": platform()} {
		a := w.post(who, `{"query":`+quote(configureURL)+`,"variables":`+configureURLBody+`}`)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, "configure_api_callback_url.json", a.Body)
		})
	}
}

func TestThePublishedAnswerIsTheGoldenFile(t *testing.T) {
	t.Parallel()
	const published = `{ "data": { "updateProject": { "project": { "id": "TjAwNlByb2plY3QxMjM", "apiCallbackUrl": ` +
		`"https://www.example.com/webhook", "apiCallbackHeaders": [ { "key": "Authorization", "value": "Bearer your-token" } ] } } } }`
	file, err := os.ReadFile("testdata/configure_api_callback_url.json")
	modelstest.NoError(t, err)
	if squeeze(published) != squeeze(string(file)) {
		t.Errorf("golden file:\n%s\npublished:\n%s", file, published)
	}
}
