-- Through callbacks_pkey, callbacks_project_ended, callbacks_project_ongoing
SELECT page.*
FROM (
  SELECT "id"
  FROM "accounts"
  WHERE id IN (SELECT account_id FROM projects WHERE id = $1) AND id IN ($2)
) AS owners
CROSS JOIN LATERAL (
  WITH RECURSIVE ended AS (
    SELECT id, created_at
    FROM callbacks
    WHERE project_id = $3 AND created_at >= $4 AND (created_at, id) < ($5, $6) AND next_attempt_at IS NULL
        AND lease_until IS NULL
    ORDER BY created_at DESC, id DESC
    LIMIT $7
  ),
  ongoing AS (
    SELECT id, created_at
    FROM callbacks
    WHERE project_id = $8 AND created_at >= coalesce((SELECT min(created_at) FROM ended HAVING count(*) = $9), $10)
        AND (created_at, id) < ($11, $12) AND finished_at IS NULL
    ORDER BY created_at DESC, id DESC
    LIMIT $13
  )
  SELECT callbacks.id, uid, ref, event, status, target, content_type, account_id, project_id, sso_client_id, crawl_id,
      report_download_id, run_id, batch_id, job_id, created_by_user_id, replay_of_id, replayed_by_user_id, cause_id,
      recovered, dedup_key, ordering_key, held, attempt_count, failure_count, panic_count, interruption_count,
      unreadable_since, next_attempt_at, lease_until, http_status, error_code, callbacks.created_at, finished_at,
      payload_purged_at, CASE WHEN NOT target = 'SSO_CLIENT' THEN target_url END AS target_url,
      CASE WHEN NOT target = 'SSO_CLIENT' THEN lane END AS lane,
      CASE WHEN NOT target = 'SSO_CLIENT' THEN error_message END AS error_message
  FROM (
    SELECT id
    FROM (SELECT id, created_at FROM ended UNION ALL SELECT id, created_at FROM ongoing) AS parts
    ORDER BY created_at DESC, id DESC
    LIMIT $14
  ) AS chosen
  CROSS JOIN callbacks
  WHERE callbacks.id = chosen.id
) AS page
