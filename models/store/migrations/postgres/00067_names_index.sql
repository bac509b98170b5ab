-- +goose NO TRANSACTION
-- +goose Up

-- Names of actions and e-mail addresses by bytes, as lanes and lines are: a change of the locale loses none of them, and lets none be there
-- twice. The constraints that there were, actions_account_id_name_key and users_email_key, are what the release before finds them by: they
-- go with the next release.
DROP INDEX CONCURRENTLY IF EXISTS actions_names;
CREATE UNIQUE INDEX CONCURRENTLY actions_names ON actions (account_id, name COLLATE "C");
DROP INDEX CONCURRENTLY IF EXISTS users_emails;
CREATE UNIQUE INDEX CONCURRENTLY users_emails ON users (email COLLATE "C");

-- +goose Down
DROP INDEX users_emails;
DROP INDEX actions_names;
