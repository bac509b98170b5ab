-- +goose Up

-- The Admin who made a portal session, which ends with that role; 0: the platform or a partner's key did.
ALTER TABLE portal_sessions ADD COLUMN user_id BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE portal_sessions DROP COLUMN user_id;
