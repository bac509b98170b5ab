-- Through callbacks_account_ended, callbacks_pkey
SELECT page.*
FROM (
  SELECT `id`
  FROM `accounts`
  WHERE (id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?))) AND id IN (?)
) AS owners
CROSS JOIN (
  WITH RECURSIVE ended AS (
    SELECT id, created_at
    FROM callbacks
    WHERE account_id = ? AND created_at >= ? AND (created_at, id) < (?, ?) AND next_attempt_at IS NULL
        AND lease_until IS NULL
    ORDER BY created_at DESC, id DESC
    LIMIT ?
  ),
  looked AS (
    SELECT id AS entry_id, created_at AS entry_at
    FROM (SELECT id, created_at FROM ended) AS parts
    ORDER BY created_at DESC, id DESC
    LIMIT ?
  )
  SELECT CAST(? AS BIGINT) AS owner, count(*) AS looked, count(CASE WHEN CASE WHEN status IN (?)
      AND (replay_of_id IS NOT NULL) = ? THEN TRUE END AND TRUE THEN 1 END) AS count
  FROM looked
  CROSS JOIN callbacks
  WHERE callbacks.id = entry_id
) AS page
