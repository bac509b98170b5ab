-- Through callbacks_account_kinds
SELECT page.*
FROM (
  SELECT `id`
  FROM `accounts`
  WHERE (id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?))) AND id IN (?)
) AS owners
CROSS JOIN (
  SELECT CAST(? AS BIGINT) AS owner, count(*) AS count
  FROM (
    WITH RECURSIVE asked (of_status, of_event) AS (VALUES (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?)),
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
    )
    SELECT id, created_at
    FROM ended
    LIMIT ?
  ) AS counted
) AS page
