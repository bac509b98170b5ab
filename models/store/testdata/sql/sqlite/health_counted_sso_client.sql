-- Through callback_health_hours_pkey, callback_health_parts_owner
SELECT page.*
FROM (SELECT `id` FROM `sso_clients` WHERE id IN (?)) AS owners
CROSS JOIN (
  SELECT false AS waits, CAST(? AS BIGINT) AS owner, hour, last_success_at, failing_since, last_failure_at, tally
  FROM callback_health_hours
  WHERE sso_client_id = ? AND account_id = 0 AND project_id = 0 AND hour >= ?
  UNION ALL
  SELECT *
  FROM (
    SELECT false AS waits, CAST(? AS BIGINT) AS owner, hour, last_success_at, failing_since, last_failure_at, tally
    FROM callback_health_hours
    WHERE sso_client_id = ? AND account_id = 0 AND project_id = 0 AND hour < ?
    ORDER BY hour DESC
    LIMIT 1
  ) AS last
  UNION ALL
  SELECT *
  FROM (
    SELECT true AS waits, CAST(? AS BIGINT) AS owner, hour, last_success_at, failing_since, last_failure_at, tally
    FROM callback_health_parts
    WHERE sso_client_id = ?
    LIMIT ?
  ) AS waiting
) AS page
