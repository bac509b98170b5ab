-- Through 
SELECT page.*
FROM (SELECT "id" FROM "sso_clients" WHERE id IN ($1)) AS owners
CROSS JOIN LATERAL (
  SELECT CAST(owners.id AS BIGINT) AS owner, status, finished_at
  FROM (
    SELECT target, dedup_key, status, finished_at
    FROM callbacks
    WHERE false AND next_attempt_at IS NULL AND lease_until IS NULL
    ORDER BY created_at DESC, id DESC
    LIMIT 20
  ) AS last
  WHERE NOT target = 'SSO_CLIENT' AND NOT substr(dedup_key, 1, 5) = 'test:'
  ORDER BY finished_at DESC
  LIMIT 1
) AS page
