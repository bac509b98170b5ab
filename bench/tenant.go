package main

import (
	"context"
	"strconv"
)

// tenant is a customer, made as the platform's back end would make it.
type tenant struct {
	accountID, userID int64
	projectID         int64  // its callbacks go to the receiver
	otherProjectID    int64  // has a history
	session           string // of the user, who is Admin
}

// made is an entity that a mutation has made.
type made struct{ RawID string }

func (m made) number() (int64, error) { return strconv.ParseInt(m.RawID, 10, 64) }

func makeTenant(ctx context.Context, platform *client, hook string) (*tenant, error) {
	account, err := makeAccount(ctx, platform, "123123")
	if err != nil {
		return nil, err
	}
	user, err := ask[struct{ CreateUser struct{ User made } }](ctx, platform,
		`mutation($account: ObjectID!) { createUser(input: {email: "bench@example.com", firstName: "Ada", lastName: "Example", partnerUserId: "3333312",
			accounts: [{accountId: $account, role: Admin}]}) { user { rawID } } }`, map[string]any{"account": account})
	if err != nil {
		return nil, err
	}
	t := &tenant{accountID: account}
	if t.userID, err = user.CreateUser.User.number(); err != nil {
		return nil, err
	}
	if t.projectID, err = t.makeProject(ctx, platform, hook); err != nil {
		return nil, err
	}
	if t.otherProjectID, err = t.makeProject(ctx, platform, hook); err != nil {
		return nil, err
	}
	return t, t.logIn(ctx, platform)
}

// makeAccount makes one that its partner knows under this id.
func makeAccount(ctx context.Context, platform *client, partnerID string) (int64, error) {
	account, err := ask[struct{ CreateAccount struct{ Account made } }](ctx, platform,
		`mutation($partner: String) { createAccount(input: {name: "Acme", partnerAccountId: $partner}) { account { rawID } } }`,
		map[string]any{"partner": partnerID})
	if err != nil {
		return 0, err
	}
	return account.CreateAccount.Account.number()
}

func (t *tenant) makeProject(ctx context.Context, platform *client, hook string) (int64, error) {
	project, err := ask[struct{ CreateProject struct{ Project made } }](ctx, platform,
		`mutation($input: CreateProjectInput!) { createProject(input: $input) { project { rawID } } }`,
		map[string]any{"input": map[string]any{
			"accountId": t.accountID, "name": "Shop", "primaryDomain": "https://www.example.com/", "apiCallbackUrl": hook,
			"apiCallbackHeaders": []map[string]string{{"key": "Authorization", "value": "Bearer your-token"}},
		}})
	if err != nil {
		return 0, err
	}
	return project.CreateProject.Project.number()
}

// logIn makes a session: a customer's reads are not the platform's.
func (t *tenant) logIn(ctx context.Context, platform *client) error {
	key, err := ask[struct{ CreateUserKey struct{ ID, Secret string } }](ctx, platform,
		`mutation($user: ObjectID!) { createUserKey(input: {userId: $user}) { id secret } }`, map[string]any{"user": t.userID})
	if err != nil {
		return err
	}
	session, err := ask[struct{ CreateSessionUsingUserKey struct{ Token string } }](ctx, platform,
		`mutation($id: ObjectID!, $secret: String!) { createSessionUsingUserKey(input: {userKeyId: $id, secret: $secret}) { token } }`,
		map[string]any{"id": key.CreateUserKey.ID, "secret": key.CreateUserKey.Secret})
	t.session = session.CreateSessionUsingUserKey.Token
	return err
}
