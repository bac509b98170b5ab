-- Through callbacks_crawl_page, callbacks_pkey
SELECT page.*
FROM (
  SELECT `id`
  FROM `crawls`
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?))) AND id IN (?)
) AS owners
CROSS JOIN (
  WITH RECURSIVE looked AS (
    SELECT id AS entry_id, created_at AS entry_at
    FROM (
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE crawl_id = ? AND created_at >= ? AND (created_at, id) < (?, ?)
        ORDER BY created_at DESC, id DESC
        LIMIT ?
      ) AS part
    ) AS parts
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
    WHERE callbacks.id = entry_id AND CASE WHEN status IN (?) AND (replay_of_id IS NOT NULL) = ? THEN TRUE END
    ORDER BY created_at DESC, callbacks.id DESC
    LIMIT ?
  ) AS chosen ON TRUE
  LEFT JOIN callbacks ON callbacks.id = chosen_id
) AS page
