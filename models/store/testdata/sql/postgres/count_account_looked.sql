-- Through callbacks_account_ended, callbacks_pkey
SELECT page.*
FROM (
  SELECT "id"
  FROM "accounts"
  WHERE (id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  WITH RECURSIVE ended AS (
    SELECT id, created_at
    FROM callbacks
    WHERE account_id = owners.id AND created_at >= $6 AND (created_at, id) < ($7, $8) AND next_attempt_at IS NULL
        AND lease_until IS NULL
    ORDER BY created_at DESC, id DESC
    LIMIT $9
  ),
  looked AS (
    SELECT id AS entry_id, created_at AS entry_at
    FROM (SELECT id, created_at FROM ended) AS parts
    ORDER BY created_at DESC, id DESC
    LIMIT $10
  )
  SELECT CAST(owners.id AS BIGINT) AS owner, count(*) AS looked, count(CASE WHEN CASE WHEN status IN ($11)
      AND (replay_of_id IS NOT NULL) = $12 THEN TRUE END AND TRUE THEN 1 END) AS count
  FROM looked
  CROSS JOIN callbacks
  WHERE callbacks.id = entry_id
) AS page
