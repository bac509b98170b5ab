-- +goose Up

-- Whether a partner began it: of its customers' callbacks the last replay is not the partner's to use up.
ALTER TABLE bulk_replays ADD COLUMN by_partner BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE bulk_replays DROP COLUMN by_partner;
