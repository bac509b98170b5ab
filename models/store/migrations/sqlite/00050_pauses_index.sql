-- +goose Up

-- What waits for a pause to end is due at the end of the year 9999, so that no other index and no claim meets it. While nobody pauses, this
-- one is empty. The sum is found nowhere else: no index without it must seem as good.
CREATE INDEX callbacks_paused ON callbacks ((project_id + 0), id) WHERE status = 'PENDING' AND next_attempt_at = 253402300799000000;
CREATE INDEX projects_paused ON projects (paused_at) WHERE paused_at IS NOT NULL;
CREATE INDEX accounts_paused ON accounts (paused_at) WHERE paused_at IS NOT NULL;

-- +goose Down
DROP INDEX accounts_paused;
DROP INDEX projects_paused;
DROP INDEX callbacks_paused;
