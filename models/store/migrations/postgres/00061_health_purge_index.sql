-- +goose NO TRANSACTION
-- +goose Up

-- The oldest hours, which go first, by an expression: no index without it must seem as good to who reads those of an owner.
-- One that was begun and not ended is made anew.
DROP INDEX CONCURRENTLY IF EXISTS callback_health_hours_purge;
CREATE INDEX CONCURRENTLY callback_health_hours_purge ON callback_health_hours ((hour + 0));

-- +goose Down
DROP INDEX callback_health_hours_purge;
