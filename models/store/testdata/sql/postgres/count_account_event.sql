-- Through callbacks_account_kinds, callbacks_account_ongoing, callbacks_pkey
SELECT page.*
FROM (
  SELECT "id"
  FROM "accounts"
  WHERE (id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  WITH RECURSIVE asked (of_status, of_event) AS (SELECT * FROM unnest($6::text[], $7::text[])),
  kinds (of_status, of_event, code) AS (
    SELECT of_status, of_event, (
      SELECT coalesce(http_status, -1)
      FROM callbacks
      WHERE account_id = owners.id AND status IN ('SUCCESS', 'FAILED') AND status = of_status AND event = of_event
      ORDER BY coalesce(http_status, -1)
      LIMIT 1
    )
    FROM asked
    UNION ALL
    SELECT of_status, of_event, (
      SELECT coalesce(http_status, -1)
      FROM callbacks
      WHERE account_id = owners.id AND status IN ('SUCCESS', 'FAILED') AND status = of_status AND event = of_event
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
    CROSS JOIN LATERAL (
      SELECT id, created_at
      FROM callbacks
      WHERE account_id = owners.id AND created_at >= $8 AND (created_at, id) < ($9, $10)
          AND status IN ('SUCCESS', 'FAILED') AND status = of_status AND event = of_event
          AND coalesce(http_status, -1) = code
      ORDER BY created_at DESC, id DESC
      LIMIT $11
    ) AS of_kind
  ),
  ongoing AS (
    SELECT id, created_at
    FROM callbacks
    WHERE account_id = owners.id AND created_at >= $12 AND (created_at, id) < ($13, $14) AND finished_at IS NULL
    ORDER BY created_at DESC, id DESC
    LIMIT $15
  )
  SELECT CAST(owners.id AS BIGINT) AS owner, (SELECT count(*) FROM ongoing) AS looked,
      (SELECT count(*) FROM (SELECT id FROM ended LIMIT $16) AS counted) + (
    SELECT count(*)
    FROM ongoing
    CROSS JOIN callbacks
    WHERE callbacks.id = ongoing.id AND CASE WHEN event IN ($17) THEN TRUE END
  ) AS count
) AS page
