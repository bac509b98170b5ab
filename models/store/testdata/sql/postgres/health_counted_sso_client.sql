-- Through callback_health_hours_pkey, callback_health_parts_pkey
SELECT page.*
FROM (SELECT "id" FROM "sso_clients" WHERE id IN ($1)) AS owners
CROSS JOIN LATERAL (
  SELECT false AS waits, CAST(owners.id AS BIGINT) AS owner, hour, last_success_at, failing_since, last_failure_at,
      tally
  FROM callback_health_hours
  WHERE sso_client_id = owners.id AND account_id = 0 AND project_id = 0 AND hour >= $2
  UNION ALL
  SELECT *
  FROM (
    SELECT false AS waits, CAST(owners.id AS BIGINT) AS owner, hour, last_success_at, failing_since, last_failure_at,
        tally
    FROM callback_health_hours
    WHERE sso_client_id = owners.id AND account_id = 0 AND project_id = 0 AND hour < $3
    ORDER BY hour DESC
    LIMIT 1
  ) AS last
  UNION ALL
  SELECT *
  FROM (
    SELECT true AS waits, CAST(owners.id AS BIGINT) AS owner, hour, last_success_at, failing_since, last_failure_at,
        tally
    FROM callback_health_parts
    WHERE sso_client_id = owners.id
    LIMIT $4
  ) AS waiting
) AS page
