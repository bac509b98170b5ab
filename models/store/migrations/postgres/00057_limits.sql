-- +goose Up

-- How many callbacks of an account or a project leave at once and in a second, as a person has limited them.
ALTER TABLE projects
    ADD COLUMN api_callback_max_in_flight INTEGER,
    ADD COLUMN api_callback_max_per_second INTEGER;
ALTER TABLE accounts
    ADD COLUMN api_callback_max_in_flight INTEGER,
    ADD COLUMN api_callback_max_per_second INTEGER;

-- +goose Down
ALTER TABLE accounts
    DROP COLUMN api_callback_max_per_second,
    DROP COLUMN api_callback_max_in_flight;
ALTER TABLE projects
    DROP COLUMN api_callback_max_per_second,
    DROP COLUMN api_callback_max_in_flight;
