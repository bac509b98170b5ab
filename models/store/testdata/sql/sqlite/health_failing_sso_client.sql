-- Through callback_health_hours_pkey
SELECT page.*
FROM (SELECT `id` FROM `sso_clients` WHERE id IN (?)) AS owners
CROSS JOIN (
  SELECT CAST(? AS BIGINT) AS owner, min(failing_since) AS failing_since
  FROM callback_health_hours
  WHERE sso_client_id = ? AND account_id = 0 AND project_id = 0 AND hour >= COALESCE((
    SELECT hour
    FROM callback_health_hours
    WHERE sso_client_id = ? AND account_id = 0 AND project_id = 0 AND last_success_at IS NOT NULL
    ORDER BY hour DESC
    LIMIT 1
  ), 0)
) AS page
