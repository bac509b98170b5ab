-- +goose Up

-- Whose webhook a notice goes to, for the list of an SSO client; null: it is no notice, or its account has none. An account has the same one
-- from its creation on, so it is written with the notice by the database itself.
ALTER TABLE callbacks ADD COLUMN sso_client_id BIGINT;
-- +goose StatementBegin
CREATE TRIGGER callbacks_of_sso_client AFTER INSERT ON callbacks WHEN NEW.target = 'SSO_CLIENT'
BEGIN
    UPDATE callbacks SET sso_client_id = (SELECT accounts.sso_client_id FROM accounts WHERE accounts.id = NEW.account_id) WHERE id = NEW.id;
END;
-- +goose StatementEnd
UPDATE callbacks SET sso_client_id = (SELECT accounts.sso_client_id FROM accounts WHERE accounts.id = callbacks.account_id)
WHERE target = 'SSO_CLIENT';

-- +goose Down
DROP TRIGGER callbacks_of_sso_client;
ALTER TABLE callbacks DROP COLUMN sso_client_id;
