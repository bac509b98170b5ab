-- Through callbacks_pkey, callbacks_project_hosts, callbacks_project_ongoing
SELECT page.*
FROM (
  SELECT "id"
  FROM "projects"
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
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
      WHERE project_id = owners.id AND status NOT IN ('PENDING', 'RUNNING') AND target <> 'SSO_CLIENT'
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
      WHERE project_id = owners.id AND created_at >= $12 AND (created_at, id) < ($13, $14)
          AND status NOT IN ('PENDING', 'RUNNING') AND target <> 'SSO_CLIENT' AND target_host COLLATE "C" = of_host
      ORDER BY created_at, id
      LIMIT $15
    ) AS of_kind
    ORDER BY created_at, id
    LIMIT $16
  ),
  ongoing AS (
    SELECT id, created_at
    FROM callbacks
    WHERE project_id = owners.id AND created_at >= $17
        AND created_at <= coalesce((SELECT max(created_at) FROM ended HAVING count(*) = $18), $19)
        AND (created_at, id) < ($20, $21) AND finished_at IS NULL
    ORDER BY created_at, id
    LIMIT $22
  ),
  looked AS (
    SELECT id AS entry_id, created_at AS entry_at
    FROM (SELECT id, created_at FROM ended UNION ALL SELECT id, created_at FROM ongoing) AS parts
    ORDER BY created_at, id
    LIMIT $23
  )
  SELECT CAST(owners.id AS BIGINT) AS owner_id, looked, looked_at, looked_id, callbacks.id, uid, ref, event, status,
      target, content_type, account_id, project_id, sso_client_id, crawl_id, report_download_id, run_id, batch_id,
      job_id, created_by_user_id, replay_of_id, replayed_by_user_id, cause_id, recovered, dedup_key, ordering_key,
      held, attempt_count, failure_count, panic_count, interruption_count, unreadable_since, next_attempt_at,
      lease_until, http_status, error_code, callbacks.created_at, finished_at, payload_purged_at,
      CASE WHEN NOT target = 'SSO_CLIENT' THEN target_url END AS target_url,
      CASE WHEN NOT target = 'SSO_CLIENT' THEN lane END AS lane,
      CASE WHEN NOT target = 'SSO_CLIENT' THEN error_message END AS error_message
  FROM (
    SELECT (SELECT count(*) FROM looked) AS looked, (SELECT entry_at FROM looked ORDER BY entry_at DESC,
        entry_id DESC LIMIT 1) AS looked_at, (SELECT entry_id FROM looked ORDER BY entry_at DESC,
        entry_id DESC LIMIT 1) AS looked_id
  ) AS bound
  LEFT JOIN (
    SELECT callbacks.id AS chosen_id
    FROM looked
    CROSS JOIN callbacks
    WHERE callbacks.id = entry_id
        AND CASE WHEN (target_host = $24 OR rtrim(target_host, '0123456789') = $25 || ':')
        AND NOT target = 'SSO_CLIENT' THEN TRUE END
    ORDER BY created_at, callbacks.id
    LIMIT $26
  ) AS chosen ON TRUE
  LEFT JOIN callbacks ON callbacks.id = chosen_id
) AS page
