package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/ringback/ringback/models/modelstest"
)

// user and platform are the credentials of the demo tenant's Admin, and of the platform's back end.
func (s *instance) user() http.Header     { return http.Header{"X-Auth-Token": {s.token}} }
func (s *instance) platform() http.Header { return http.Header{"X-Api-Key": {s.key}} }

type anyMap = map[string]any

func (s *instance) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	response, err := s.http.Get(s.base + path)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// post sends an operation and returns the answer as it is.
func (s *instance) post(t *testing.T, who http.Header, query string, variables anyMap) (status int, body []byte) {
	t.Helper()
	text, err := json.Marshal(anyMap{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/graphql", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = who.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}

// ask sends an operation that must succeed, and reads its data into T.
func ask[T any](t *testing.T, s *instance, who http.Header, query string, variables anyMap) T {
	t.Helper()
	data, err := try[T](t, s, who, query, variables)
	if err != nil {
		t.Fatalf("%v\nto: %s", err, query)
	}
	return data
}

// try is ask for an operation that may fail.
func try[T any](t *testing.T, s *instance, who http.Header, query string, variables anyMap) (data T, err error) {
	t.Helper()
	status, body := s.post(t, who, query, variables)
	var answer struct {
		Data   T
		Errors []any
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return data, fmt.Errorf("%w: %s", err, body)
	}
	if status != http.StatusOK || len(answer.Errors) > 0 {
		return data, fmt.Errorf("HTTP %d: %s", status, body)
	}
	return answer.Data, nil
}

// makeTenant makes the demo tenant as a platform's back end would.
func (s *instance) makeTenant(t *testing.T) {
	t.Helper()
	who := s.platform()
	ask[any](t, s, who, `mutation { createSSOClient(input: {name: "Acme SSO", rawID: 1}) { ssoClient { id } } }`, nil)
	ask[any](t, s, who, `mutation { createAccount(input: {name: "Demo account", rawID: 123123, timezone: "Europe/London",
		ssoClientId: 1, partnerAccountId: "123123"}) { account { id } } }`, nil)
	ask[any](t, s, who, `mutation { createUser(input: {email: "demo@example.com", rawID: 123123, firstName: "Demo", lastName: "User",
		partnerUserId: "3333312", accounts: [{accountId: 123123, role: Admin}]}) { user { id } } }`, nil)
	for id, name := range map[int]string{demoProjectID: "Demo project", demoOtherProjectID: "Second demo project"} {
		ask[any](t, s, who, `mutation($id: ObjectID!, $name: String!) { createProject(input: {accountId: 123123, rawID: $id, name: $name,
			primaryDomain: "https://www.example.com/"}) { project { id } } }`, anyMap{"id": id, "name": name})
	}
	id, secret := s.newUserKey(t)
	s.token = s.newSession(t, id, secret)
}

// newUserKey makes a key for the demo user.
func (s *instance) newUserKey(t *testing.T) (id, secret string) {
	t.Helper()
	key := ask[struct{ CreateUserKey struct{ ID, Secret string } }](t, s, s.platform(),
		`mutation { createUserKey(input: {userId: 123123}) { id secret } }`, nil).CreateUserKey
	return key.ID, key.Secret
}

// newSession turns a key into a session token.
func (s *instance) newSession(t *testing.T, id, secret string) string {
	t.Helper()
	return ask[struct{ CreateSessionUsingUserKey struct{ Token string } }](t, s, nil,
		`mutation($id: ObjectID!, $secret: String!) { createSessionUsingUserKey(input: {userKeyId: $id, secret: $secret}) { token } }`,
		anyMap{"id": id, "secret": secret}).CreateSessionUsingUserKey.Token
}

type header struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// newProject makes a project of the demo account that calls back to url; an empty one is none.
func (s *instance) newProject(t *testing.T, url string, headers ...header) (rawID string) {
	t.Helper()
	input := anyMap{
		"accountId": demoAccountID, "name": t.Name(), "primaryDomain": "https://www.example.com/",
		"apiCallbackHeaders": headers,
	}
	if url != "" {
		input["apiCallbackUrl"] = url
	}
	return ask[struct {
		CreateProject struct{ Project struct{ RawID string } }
	}](t, s, s.user(), `mutation($input: CreateProjectInput!) { createProject(input: $input) { project { rawID } } }`,
		anyMap{"input": input}).CreateProject.Project.RawID
}

// newProjectKey makes a key of a project, and returns it with the header that carries it.
func (s *instance) newProjectKey(t *testing.T, projectID any) (key string, who http.Header) {
	t.Helper()
	key = ask[struct{ CreateProjectKey struct{ Key string } }](t, s, s.user(),
		`mutation($id: ObjectID!) { createProjectKey(input: {projectId: $id, name: "CI"}) { key } }`,
		anyMap{"id": projectID}).CreateProjectKey.Key
	return key, http.Header{"X-Api-Key": {key}}
}

// setURL changes where a project calls back to.
func (s *instance) setURL(t *testing.T, projectID any, url string, headers ...header) {
	t.Helper()
	input := anyMap{"projectId": projectID, "apiCallbackUrl": url}
	if headers != nil {
		input["apiCallbackHeaders"] = headers
	}
	ask[any](
		t, s, s.user(), `mutation($input: UpdateProjectInput!) { updateProject(input: $input) { project { id } } }`,
		anyMap{"input": input},
	)
}

// setWebhook says where the partner hears of failures.
func (s *instance) setWebhook(t *testing.T, url string, headers ...header) {
	t.Helper()
	ask[any](t, s, s.platform(), `mutation($input: UpdateSSOClientInput!) { updateSSOClient(input: $input) { ssoClient { id } } }`,
		anyMap{"input": anyMap{"ssoClientId": demoSSOClientID, "webhookUrl": url, "webhookHeaders": headers}})
}

// callback is what the API tells of one.
type apiCallback struct {
	ID, UID, Ref, Event, Status, ContentType, Payload string
	TargetURL, NextAttemptAt                          *string
	AttemptCount                                      int
	HTTPStatus                                        *int
	Error                                             *attemptError
	Attempts                                          struct{ Nodes []attempt }
}

type attempt struct {
	UID               string
	Number            int
	URL, ResponseBody *string
	HTTPStatus        *int
	Error             *attemptError
}

type attemptError struct{ Code, Message string }

// cause is the code of the error; empty where there is none.
func (a attempt) cause() string {
	if a.Error == nil {
		return ""
	}
	return a.Error.Code
}

const callbackFields = ` id uid ref event status contentType payload targetUrl nextAttemptAt attemptCount httpStatus error { code message }
	attempts { nodes { uid number url responseBody httpStatus error { code message } } } `

var lastCrawl atomic.Int64

// newCrawlID is an id that no test has used.
func newCrawlID() int64 { return 1_000_000 + lastCrawl.Add(1) }

// finishCrawl says that a crawl of the demo user has ended well.
func (s *instance) finishCrawl(t *testing.T, crawlID int64, projectID any) apiCallback {
	t.Helper()
	c := s.endCrawl(t, anyMap{"crawlId": crawlID, "projectId": projectID, "createdByUserId": demoUserID})
	if c == nil {
		t.Fatal("no callback is due")
	}
	return *c
}

func (s *instance) endCrawl(t *testing.T, input anyMap) *apiCallback {
	t.Helper()
	return ask[struct {
		FinishCrawl struct{ Callback *apiCallback }
	}](t, s, s.platform(), `mutation($input: FinishCrawlInput!) { finishCrawl(input: $input) { callback {`+callbackFields+`} } }`,
		anyMap{"input": input}).FinishCrawl.Callback
}

func (s *instance) callback(t *testing.T, uid string) apiCallback {
	t.Helper()
	return ask[struct{ GetCallback apiCallback }](t, s, s.user(), `query($uid: ID!) { getCallback(uid: $uid) {`+callbackFields+`} }`,
		anyMap{"uid": uid}).GetCallback
}

// callbacks are all of the demo account, newest first.
func (s *instance) callbacks(t *testing.T) []apiCallback {
	t.Helper()
	return ask[struct {
		GetAccount struct {
			Callbacks struct{ Nodes []apiCallback }
		}
	}](
		t, s, s.user(), `{ getAccount(id: 123123) { callbacks(first: 100) { nodes {`+callbackFields+`} } } }`, nil,
	).GetAccount.Callbacks.Nodes
}

// awaitStatus waits until a callback has a status.
func (s *instance) awaitStatus(t *testing.T, uid, status string) apiCallback {
	t.Helper()
	var c apiCallback
	modelstest.Eventually(
		t, fmt.Sprintf("callback %s is %s", uid, status), func() bool { c = s.callback(t, uid); return c.Status == status },
	)
	return c
}

// awaitAttempts waits until a callback waits after a number of attempts, or has ended after them.
func (s *instance) awaitAttempts(t *testing.T, uid string, number int) apiCallback {
	t.Helper()
	var c apiCallback
	modelstest.Eventually(t, fmt.Sprintf("callback %s has made %d attempts", uid, number), func() bool {
		c = s.callback(t, uid)
		return c.AttemptCount >= number && c.Status != "RUNNING"
	})
	return c
}
