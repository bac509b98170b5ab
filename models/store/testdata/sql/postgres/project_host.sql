-- Through callbacks_pkey, callbacks_project_hosts, callbacks_project_ongoing
SELECT page.*
FROM (
  SELECT "id"
  FROM "projects"
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  WITH RECURSIVE kinds (of_host) AS (SELECT * FROM unnest($6::text[])),
  ended AS (
    SELECT id, created_at
    FROM kinds
    CROSS JOIN LATERAL (
      SELECT id, created_at
      FROM callbacks
      WHERE project_id = owners.id AND created_at >= $7 AND (created_at, id) < ($8, $9)
          AND status NOT IN ('PENDING', 'RUNNING') AND target <> 'SSO_CLIENT' AND target_host COLLATE "C" = of_host
      ORDER BY created_at, id
      LIMIT $10
    ) AS of_kind
    ORDER BY created_at, id
    LIMIT $11
  ),
  ongoing AS (
    SELECT id, created_at
    FROM callbacks
    WHERE project_id = owners.id AND created_at >= $12
        AND created_at <= coalesce((SELECT max(created_at) FROM ended HAVING count(*) = $13), $14)
        AND (created_at, id) < ($15, $16) AND finished_at IS NULL
    ORDER BY created_at, id
    LIMIT $17
  ),
  looked AS (
    SELECT id AS entry_id, created_at AS entry_at
    FROM (SELECT id, created_at FROM ended UNION ALL SELECT id, created_at FROM ongoing) AS parts
    ORDER BY created_at, id
    LIMIT $18
  )
  SELECT CAST(owners.id AS BIGINT) AS owner_id, looked, looked_at, looked_id, callbacks.id, uid, ref, event, status,
      target, content_type, account_id, project_id, crawl_id, report_download_id, run_id, batch_id, job_id,
      created_by_user_id, replay_of_id, replayed_by_user_id, cause_id, dedup_key, ordering_key, held, attempt_count,
      failure_count, panic_count, interruption_count, unreadable_since, next_attempt_at, lease_until, http_status,
      error_code, callbacks.created_at, finished_at, payload_purged_at,
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
    WHERE callbacks.id = entry_id AND CASE WHEN target_host IN ($19,$20,$21) AND NOT target = 'SSO_CLIENT' THEN TRUE END
    ORDER BY created_at, callbacks.id
    LIMIT $22
  ) AS chosen ON TRUE
  LEFT JOIN callbacks ON callbacks.id = chosen_id
) AS page
