-- Through callbacks_sso_client_ongoing
SELECT page.*
FROM (SELECT `id` FROM `sso_clients` WHERE id IN (?)) AS owners
CROSS JOIN (
  SELECT CAST(? AS BIGINT) AS owner, count(*) AS looked, count(CASE WHEN own
      AND status = 'PENDING' THEN 1 END) AS pending, count(CASE WHEN own
      AND status = 'RUNNING' THEN 1 END) AS running, min(CASE WHEN own
      AND status = 'PENDING' THEN created_at END) AS oldest_pending_at, (SELECT counted_at FROM callback_health_since WHERE id = 1) AS counted_at, false AS paused
  FROM (
    SELECT status, created_at, NOT substr(dedup_key, 1, 5) = 'test:' AS own
    FROM callbacks
    WHERE sso_client_id = ? AND finished_at IS NULL
    ORDER BY created_at, id
    LIMIT ?
  ) AS looked_at
) AS page
