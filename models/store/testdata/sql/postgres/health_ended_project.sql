-- Through callbacks_project_ended
SELECT page.*
FROM (
  SELECT "id"
  FROM "projects"
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  SELECT CAST(owners.id AS BIGINT) AS owner, status, finished_at
  FROM (
    SELECT target, dedup_key, status, finished_at
    FROM callbacks
    WHERE project_id = owners.id AND next_attempt_at IS NULL AND lease_until IS NULL
    ORDER BY created_at DESC, id DESC
    LIMIT 20
  ) AS last
  WHERE NOT target = 'SSO_CLIENT' AND NOT substr(dedup_key, 1, 5) = 'test:'
  ORDER BY finished_at DESC
  LIMIT 1
) AS page
