-- +goose Up

-- The oldest hours, which go first, by an expression: no index without it must seem as good to who reads those of an owner.
CREATE INDEX callback_health_hours_purge ON callback_health_hours ((hour + 0));

-- +goose Down
DROP INDEX callback_health_hours_purge;
