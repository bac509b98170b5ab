-- Through callbacks_account_ended, callbacks_account_ongoing
SELECT page.*
FROM (
  SELECT "id"
  FROM "accounts"
  WHERE (id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  SELECT CAST(owners.id AS BIGINT) AS owner, count(*) AS count
  FROM (
    WITH RECURSIVE ended AS (
      SELECT id, created_at
      FROM callbacks
      WHERE account_id = owners.id AND created_at >= $6 AND (created_at, id) < ($7, $8) AND next_attempt_at IS NULL
          AND lease_until IS NULL
      ORDER BY created_at DESC, id DESC
      LIMIT $9
    ),
    ongoing AS (
      SELECT id, created_at
      FROM callbacks
      WHERE account_id = owners.id AND created_at >= $10 AND (created_at, id) < ($11, $12) AND finished_at IS NULL
      ORDER BY created_at DESC, id DESC
      LIMIT $13
    )
    SELECT id, created_at
    FROM ended
    UNION ALL
    SELECT id, created_at
    FROM ongoing
    LIMIT $14
  ) AS counted
) AS page
