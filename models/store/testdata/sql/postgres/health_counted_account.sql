-- Through callback_health_hours_pkey, callback_health_parts_pkey
SELECT page.*
FROM (
  SELECT "id"
  FROM "accounts"
  WHERE (id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  SELECT false AS waits, CAST(owners.id AS BIGINT) AS owner, hour, last_success_at, failing_since, last_failure_at,
      tally
  FROM callback_health_hours
  WHERE sso_client_id = 0 AND account_id = owners.id AND project_id = 0 AND hour >= $6
  UNION ALL
  SELECT *
  FROM (
    SELECT false AS waits, CAST(owners.id AS BIGINT) AS owner, hour, last_success_at, failing_since, last_failure_at,
        tally
    FROM callback_health_hours
    WHERE sso_client_id = 0 AND account_id = owners.id AND project_id = 0 AND hour < $7
    ORDER BY hour DESC
    LIMIT 1
  ) AS last
  UNION ALL
  SELECT *
  FROM (
    SELECT true AS waits, CAST(owners.id AS BIGINT) AS owner, hour, last_success_at, failing_since, last_failure_at,
        tally
    FROM callback_health_parts
    WHERE sso_client_id = 0 AND account_id = owners.id
    LIMIT $8
  ) AS waiting
) AS page
