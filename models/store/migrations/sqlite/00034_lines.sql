-- +goose Up

-- The first of a line that has failed: there are as many as there are receivers that refuse something.
CREATE INDEX callbacks_stuck ON callbacks (id)
    WHERE ordering_key IS NOT NULL AND status = 'PENDING' AND NOT held AND failure_count > 0;

-- +goose Down
DROP INDEX callbacks_stuck;
