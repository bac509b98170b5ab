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
    CROSS JOIN callbacks ON id IN (
      SELECT id
      FROM callbacks
      WHERE account_id = ? AND created_at >= ? AND (created_at, id) < (?, ?)
          AND status NOT IN ('PENDING', 'RUNNING') AND target <> 'SSO_CLIENT' AND target_host = of_host
      ORDER BY created_at DESC, id DESC
      LIMIT ?
    )
    ORDER BY created_at DESC, id DESC
    LIMIT ?
  ),
  ongoing AS (
    SELECT id, created_at
    FROM callbacks
    WHERE account_id = ? AND created_at >= coalesce((SELECT min(created_at) FROM ended HAVING count(*) = ?), ?)
        AND (created_at, id) < (?, ?) AND finished_at IS NULL
    ORDER BY created_at DESC, id DESC
    LIMIT ?
  ),
  looked AS (
    SELECT id AS entry_id, created_at AS entry_at
    FROM (SELECT id, created_at FROM ended UNION ALL SELECT id, created_at FROM ongoing) AS parts
    ORDER BY created_at DESC, id DESC
    LIMIT ?
  )
  SELECT CAST(? AS BIGINT) AS owner_id, looked, looked_at, looked_id, callbacks.id, uid, ref, event, status, target,
      content_type, account_id, project_id, sso_client_id, crawl_id, report_download_id, run_id, batch_id, job_id,
      created_by_user_id, replay_of_id, replayed_by_user_id, cause_id, recovered, dedup_key, ordering_key, held,
      attempt_count, failure_count, panic_count, interruption_count, unreadable_since, next_attempt_at, lease_until,
      http_status, error_code, callbacks.created_at, finished_at, payload_purged_at,
      CASE WHEN NOT target = 'SSO_CLIENT' THEN target_url END AS target_url,
      CASE WHEN NOT target = 'SSO_CLIENT' THEN lane END AS lane,
      CASE WHEN NOT target = 'SSO_CLIENT' THEN error_message END AS error_message
  FROM (
    SELECT (SELECT count(*) FROM looked) AS looked, (SELECT entry_at FROM looked ORDER BY entry_at,
        entry_id LIMIT 1) AS looked_at, (SELECT entry_id FROM looked ORDER BY entry_at, entry_id LIMIT 1) AS looked_id
  ) AS bound
  LEFT JOIN (
    SELECT callbacks.id AS chosen_id
    FROM looked
    CROSS JOIN callbacks
    WHERE callbacks.id = entry_id AND CASE WHEN (target_host = ? OR rtrim(target_host, '0123456789') = ? || ':')
        AND NOT target = 'SSO_CLIENT' THEN TRUE END
    ORDER BY created_at DESC, callbacks.id DESC
    LIMIT ?
  ) AS chosen ON TRUE
  LEFT JOIN callbacks ON callbacks.id = chosen_id
) AS page
