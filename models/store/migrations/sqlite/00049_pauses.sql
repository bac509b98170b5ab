-- +goose Up

-- Since when a person has the callbacks of a project or an account wait, who, and when the log has told that it lasts.
ALTER TABLE projects ADD COLUMN paused_at BIGINT;
ALTER TABLE projects ADD COLUMN paused_by_user_id BIGINT;
ALTER TABLE projects ADD COLUMN pause_told_at BIGINT;
ALTER TABLE accounts ADD COLUMN paused_at BIGINT;
ALTER TABLE accounts ADD COLUMN paused_by_user_id BIGINT;
ALTER TABLE accounts ADD COLUMN pause_told_at BIGINT;

-- +goose Down
ALTER TABLE accounts DROP COLUMN pause_told_at;
ALTER TABLE accounts DROP COLUMN paused_by_user_id;
ALTER TABLE accounts DROP COLUMN paused_at;
ALTER TABLE projects DROP COLUMN pause_told_at;
ALTER TABLE projects DROP COLUMN paused_by_user_id;
ALTER TABLE projects DROP COLUMN paused_at;
