-- +goose Up

-- Whether the partner's webhook hears of each failure by a notice of its own, or of many by one.
ALTER TABLE sso_clients ADD COLUMN notice_mode TEXT NOT NULL DEFAULT 'EACH';

-- +goose Down
ALTER TABLE sso_clients DROP COLUMN notice_mode;
