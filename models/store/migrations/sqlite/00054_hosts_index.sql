-- +goose Up

-- What has ended by the host that it went to, in the order of lists, notices apart: where a partner's webhook leads is not for its customers.
CREATE INDEX callbacks_account_hosts ON callbacks (account_id, target_host, created_at, id)
    WHERE status NOT IN ('PENDING', 'RUNNING') AND target <> 'SSO_CLIENT';
CREATE INDEX callbacks_project_hosts ON callbacks (project_id, target_host, created_at, id)
    WHERE status NOT IN ('PENDING', 'RUNNING') AND target <> 'SSO_CLIENT';

-- +goose Down
DROP INDEX callbacks_project_hosts;
DROP INDEX callbacks_account_hosts;
