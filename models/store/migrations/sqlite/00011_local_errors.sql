-- +goose Up

-- Since when the attempts of a callback or a batch fail because this side lacks something.
ALTER TABLE callbacks ADD COLUMN local_since BIGINT;
ALTER TABLE run_batches ADD COLUMN local_since BIGINT;

-- +goose Down
ALTER TABLE run_batches DROP COLUMN local_since;
ALTER TABLE callbacks DROP COLUMN local_since;
