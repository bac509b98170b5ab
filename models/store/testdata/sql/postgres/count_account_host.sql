-- Through callbacks_account_hosts, callbacks_account_ongoing, callbacks_pkey
SELECT page.*
FROM (
  SELECT "id"
  FROM "accounts"
  WHERE (id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  WITH RECURSIVE hosts (of_host) AS (
    SELECT CAST($6 AS TEXT) COLLATE "C"
    UNION ALL
    SELECT ($7 || ':') COLLATE "C"
    UNION ALL
    SELECT (
      SELECT target_host COLLATE "C"
      FROM callbacks
      WHERE account_id = owners.id AND status NOT IN ('PENDING', 'RUNNING') AND target <> 'SSO_CLIENT'
          AND target_host COLLATE "C" > of_host AND target_host COLLATE "C" < $8 || ';'
      ORDER BY target_host COLLATE "C"
      LIMIT 1
    )
    FROM hosts
    WHERE of_host <> $9
  ),
  kinds (of_host) AS (
    SELECT of_host
    FROM hosts
    WHERE (of_host = $10 OR rtrim(of_host, '0123456789') = $11 || ':')
    LIMIT 1000
  ),
  ended AS (
    SELECT id, created_at
    FROM kinds
    CROSS JOIN LATERAL (
      SELECT id, created_at
      FROM callbacks
      WHERE account_id = owners.id AND created_at >= $12 AND (created_at, id) < ($13, $14)
          AND status NOT IN ('PENDING', 'RUNNING') AND target <> 'SSO_CLIENT' AND target_host COLLATE "C" = of_host
      ORDER BY created_at DESC, id DESC
      LIMIT $15
    ) AS of_kind
  ),
  ongoing AS (
    SELECT id, created_at
    FROM callbacks
    WHERE account_id = owners.id AND created_at >= $16 AND (created_at, id) < ($17, $18) AND finished_at IS NULL
    ORDER BY created_at DESC, id DESC
    LIMIT $19
  )
  SELECT CAST(owners.id AS BIGINT) AS owner, (SELECT count(*) FROM ongoing) AS looked,
      (SELECT count(*) FROM (SELECT id FROM ended LIMIT $20) AS counted) + (
    SELECT count(*)
    FROM ongoing
    CROSS JOIN callbacks
    WHERE callbacks.id = ongoing.id
        AND CASE WHEN (target_host = $21 OR rtrim(target_host, '0123456789') = $22 || ':')
        AND NOT target = 'SSO_CLIENT' THEN TRUE END
  ) AS count
) AS page
