-- +goose Up

-- How often something was done in the present window of a key, and when that began. Rows go when nobody has done it for a day.
CREATE TABLE rates (
    key      TEXT PRIMARY KEY NOT NULL,
    began_at BIGINT NOT NULL,
    uses     BIGINT NOT NULL
);

-- +goose Down
DROP TABLE rates;
