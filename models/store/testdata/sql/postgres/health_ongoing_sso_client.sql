-- Through callbacks_notices_ongoing
SELECT page.*
FROM (SELECT "id" FROM "sso_clients" WHERE id IN ($1) AND $2) AS owners
CROSS JOIN LATERAL (
  SELECT CAST(owners.id AS BIGINT) AS owner, count(*) AS looked, count(CASE WHEN own
      AND status = 'PENDING' THEN 1 END) AS pending, count(CASE WHEN own
      AND status = 'RUNNING' THEN 1 END) AS running, min(CASE WHEN own
      AND status = 'PENDING' THEN created_at END) AS oldest_pending_at, (SELECT counted_at FROM callback_health_since WHERE id = 1) AS counted_at, false AS paused
  FROM (
    SELECT status, created_at, EXISTS (
      SELECT 1
      FROM accounts
      WHERE accounts.id = oldest.account_id AND sso_client_id = owners.id
    ) AND NOT substr(dedup_key, 1, 5) = 'test:' AS own
    FROM (
      SELECT account_id, dedup_key, status, created_at
      FROM callbacks
      WHERE target = 'SSO_CLIENT' AND finished_at IS NULL
      ORDER BY created_at
      LIMIT $3
    ) AS oldest
  ) AS looked_at
) AS page
