-- Through callbacks_account_hosts, callbacks_account_ongoing, callbacks_pkey
SELECT page.*
FROM (
  SELECT "id"
  FROM "accounts"
  WHERE (id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  WITH RECURSIVE kinds (of_host) AS (SELECT * FROM unnest($6::text[])),
  ended AS (
    SELECT id, created_at
    FROM kinds
    CROSS JOIN LATERAL (
      SELECT id, created_at
      FROM callbacks
      WHERE account_id = owners.id AND created_at >= $7 AND (created_at, id) < ($8, $9)
          AND status NOT IN ('PENDING', 'RUNNING') AND target <> 'SSO_CLIENT' AND target_host COLLATE "C" = of_host
      ORDER BY created_at DESC, id DESC
      LIMIT $10
    ) AS of_kind
  ),
  ongoing AS (
    SELECT id, created_at
    FROM callbacks
    WHERE account_id = owners.id AND created_at >= $11 AND (created_at, id) < ($12, $13) AND finished_at IS NULL
    ORDER BY created_at DESC, id DESC
    LIMIT $14
  )
  SELECT CAST(owners.id AS BIGINT) AS owner, (SELECT count(*) FROM ongoing) AS looked,
      (SELECT count(*) FROM (SELECT id FROM ended LIMIT $15) AS counted) + (
    SELECT count(*)
    FROM ongoing
    CROSS JOIN callbacks
    WHERE callbacks.id = ongoing.id AND CASE WHEN target_host IN ($16,$17,$18)
        AND NOT target = 'SSO_CLIENT' THEN TRUE END
  ) AS count
) AS page
