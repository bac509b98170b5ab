-- Through callbacks_account_kinds, callbacks_account_ongoing, callbacks_pkey
SELECT page.*
FROM (
  SELECT `id`
  FROM `accounts`
  WHERE (id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?))) AND id IN (?)
) AS owners
CROSS JOIN (
  WITH RECURSIVE asked (of_status, of_event) AS (VALUES (?, ?), (?, ?)),
  kinds (of_status, of_event, code) AS (
    SELECT of_status, of_event, (
      SELECT coalesce(http_status, -1)
      FROM callbacks
      WHERE account_id = ? AND status IN ('SUCCESS', 'FAILED') AND status = of_status AND event = of_event
      ORDER BY coalesce(http_status, -1)
      LIMIT 1
    )
    FROM asked
    UNION ALL
    SELECT of_status, of_event, (
      SELECT coalesce(http_status, -1)
      FROM callbacks
      WHERE account_id = ? AND status IN ('SUCCESS', 'FAILED') AND status = of_status AND event = of_event
          AND coalesce(http_status, -1) > code
      ORDER BY coalesce(http_status, -1)
      LIMIT 1
    )
    FROM kinds
    WHERE code IS NOT NULL
  ),
  ended AS (
    SELECT id, created_at
    FROM kinds
    CROSS JOIN callbacks
    WHERE account_id = ? AND created_at >= ? AND (created_at, id) < (?, ?) AND status IN ('SUCCESS', 'FAILED')
        AND status = of_status AND event = of_event AND coalesce(http_status, -1) = code
  ),
  ongoing AS (
    SELECT id, created_at
    FROM callbacks
    WHERE account_id = ? AND created_at >= ? AND (created_at, id) < (?, ?) AND finished_at IS NULL
    ORDER BY created_at DESC, id DESC
    LIMIT ?
  )
  SELECT CAST(? AS BIGINT) AS owner, (SELECT count(*) FROM ongoing) AS looked,
      (SELECT count(*) FROM (SELECT id FROM ended LIMIT ?) AS counted) + (
    SELECT count(*)
    FROM ongoing
    CROSS JOIN callbacks
    WHERE callbacks.id = ongoing.id AND CASE WHEN event IN (?) THEN TRUE END
  ) AS count
) AS page
