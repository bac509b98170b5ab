-- +goose Up

-- Whose webhook a notice goes to, for the list of an SSO client; null: it is no notice, or its account has none. An account has the same one
-- from its creation on, so it is written with the notice by the database itself, also where the release before inserts it.
ALTER TABLE callbacks ADD COLUMN sso_client_id BIGINT;
-- +goose StatementBegin
CREATE FUNCTION set_callback_sso_client() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.sso_client_id := (SELECT accounts.sso_client_id FROM accounts WHERE accounts.id = NEW.account_id);
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER callbacks_of_sso_client BEFORE INSERT ON callbacks
    FOR EACH ROW WHEN (NEW.target = 'SSO_CLIENT') EXECUTE FUNCTION set_callback_sso_client();

-- +goose Down
DROP TRIGGER callbacks_of_sso_client ON callbacks;
DROP FUNCTION set_callback_sso_client();
ALTER TABLE callbacks DROP COLUMN sso_client_id;
