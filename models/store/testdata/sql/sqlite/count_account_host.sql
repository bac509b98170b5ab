-- Through callbacks_account_hosts, callbacks_account_ongoing, callbacks_pkey
SELECT page.*
FROM (
  SELECT `id`
  FROM `accounts`
  WHERE (id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?))) AND id IN (?)
) AS owners
CROSS JOIN (
  WITH RECURSIVE hosts (of_host) AS (
    SELECT CAST(? AS TEXT)
    UNION ALL
    SELECT (? || ':')
    UNION ALL
    SELECT (
      SELECT target_host
      FROM callbacks
      WHERE account_id = ? AND status NOT IN ('PENDING', 'RUNNING') AND target <> 'SSO_CLIENT'
          AND target_host > of_host AND target_host < ? || ';'
      ORDER BY target_host
      LIMIT 1
    )
    FROM hosts
    WHERE of_host <> ?
  ),
  kinds (of_host) AS (
    SELECT of_host
    FROM hosts
    WHERE (of_host = ? OR rtrim(of_host, '0123456789') = ? || ':')
    LIMIT 1000
  ),
  ended AS (
    SELECT id, created_at
    FROM kinds
    CROSS JOIN callbacks
    WHERE account_id = ? AND created_at >= ? AND (created_at, id) < (?, ?) AND status NOT IN ('PENDING', 'RUNNING')
        AND target <> 'SSO_CLIENT' AND target_host = of_host
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
    WHERE callbacks.id = ongoing.id AND CASE WHEN (target_host = ? OR rtrim(target_host, '0123456789') = ? || ':')
        AND NOT target = 'SSO_CLIENT' THEN TRUE END
  ) AS count
) AS page
