-- +goose Up

-- Who is there: a row for each process, renewed by it every ten seconds. It says which queue it sees and which version it is.
CREATE TABLE processes (
    uid      UUID PRIMARY KEY NOT NULL,
    role     TEXT NOT NULL,
    queue_id TEXT NOT NULL, -- empty: it has not reached Redis yet
    version  TEXT NOT NULL,
    seen_at  BIGINT NOT NULL  -- by the database's clock
);

-- +goose Down
DROP TABLE processes;
