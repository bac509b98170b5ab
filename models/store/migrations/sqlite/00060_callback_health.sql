-- +goose Up

-- What became of callbacks, and how the receiver fares, by the hour: of an account, of one of its projects, or of an SSO client's notices.
-- What an hour (its begin) is not of is 0; without failing_since the last attempt has arrived.
CREATE TABLE callback_health_hours (
    sso_client_id   BIGINT NOT NULL,
    account_id      BIGINT NOT NULL,
    project_id      BIGINT NOT NULL,
    hour            BIGINT NOT NULL,
    last_success_at BIGINT,
    failing_since   BIGINT,
    last_failure_at BIGINT,
    tally           BLOB NOT NULL,
    PRIMARY KEY (sso_client_id, account_id, project_id, hour)
) WITHOUT ROWID;

-- What was counted since somebody added up: written in the transaction that ends the callbacks, by nobody changed, and removed when it is
-- added.
CREATE TABLE callback_health_parts (
    id              INTEGER PRIMARY KEY,
    sso_client_id   BIGINT NOT NULL,
    account_id      BIGINT NOT NULL,
    project_id      BIGINT NOT NULL,
    hour            BIGINT NOT NULL,
    last_success_at BIGINT,
    failing_since   BIGINT,
    last_failure_at BIGINT,
    tally           BLOB NOT NULL
);
CREATE INDEX callback_health_parts_owner ON callback_health_parts (sso_client_id, account_id, project_id, id);

-- From when on everything is counted; 0: always. The first worker of this release writes it: the release before counts nothing.
CREATE TABLE callback_health_since (
    id         SMALLINT PRIMARY KEY CHECK (id = 1),
    counted_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE callback_health_since;
DROP TABLE callback_health_parts;
DROP TABLE callback_health_hours;
