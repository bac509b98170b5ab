-- Through callbacks_project_ongoing
SELECT page.*
FROM (
  SELECT `id`
  FROM `accounts`
  WHERE id IN (SELECT account_id FROM projects WHERE id = ?) AND id IN (?)
) AS owners
CROSS JOIN (
  SELECT CAST(? AS BIGINT) AS owner, count(*) AS looked, count(CASE WHEN own
      AND status = 'PENDING' THEN 1 END) AS pending, count(CASE WHEN own
      AND status = 'RUNNING' THEN 1 END) AS running, min(CASE WHEN own
      AND status = 'PENDING' THEN created_at END) AS oldest_pending_at, (SELECT counted_at FROM callback_health_since WHERE id = 1) AS counted_at, EXISTS (
    SELECT 1
    FROM projects
    JOIN accounts ON accounts.id = projects.account_id
    WHERE projects.id = ? AND (accounts.paused_at IS NOT NULL OR projects.paused_at IS NOT NULL
        AND projects.deleted_at IS NULL)
  ) AS paused
  FROM (
    SELECT status, created_at, NOT target = 'SSO_CLIENT' AND NOT substr(dedup_key, 1, 5) = 'test:' AS own
    FROM callbacks
    WHERE project_id = ? AND finished_at IS NULL
    ORDER BY created_at, id
    LIMIT ?
  ) AS looked_at
) AS page
