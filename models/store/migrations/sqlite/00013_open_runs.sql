-- +goose Up

-- What an account's runs hold that have not ended is counted anew once an hour.
CREATE INDEX runs_open ON runs (account_id) WHERE finished_at IS NULL;

-- +goose Down
DROP INDEX runs_open;
