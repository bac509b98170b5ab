-- +goose Up

-- One row: when a worker last swept, and until when a lease that has run out does not mean that its worker is gone, since nobody could
-- renew one.
CREATE TABLE sweeps (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    swept_at    INTEGER NOT NULL,
    grace_until INTEGER NOT NULL
);

-- +goose Down
DROP TABLE sweeps;
