-- Through callbacks_pkey, callbacks_sso_client_kinds
SELECT page.*
FROM (SELECT `id` FROM `sso_clients` WHERE id IN (?)) AS owners
CROSS JOIN (
  WITH RECURSIVE asked (of_status, of_event) AS (VALUES (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?)),
  kinds (of_status, of_event, code) AS (
    SELECT of_status, of_event, (
      SELECT coalesce(http_status, -1)
      FROM callbacks
      WHERE sso_client_id = ? AND status IN ('SUCCESS', 'FAILED') AND status = of_status AND event = of_event
      ORDER BY coalesce(http_status, -1)
      LIMIT 1
    )
    FROM asked
    UNION ALL
    SELECT of_status, of_event, (
      SELECT coalesce(http_status, -1)
      FROM callbacks
      WHERE sso_client_id = ? AND status IN ('SUCCESS', 'FAILED') AND status = of_status AND event = of_event
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
    CROSS JOIN callbacks ON id IN (
      SELECT id
      FROM callbacks
      WHERE sso_client_id = ? AND created_at >= ? AND (created_at, id) < (?, ?) AND status IN ('SUCCESS', 'FAILED')
          AND status = of_status AND event = of_event AND coalesce(http_status, -1) = code
      ORDER BY created_at DESC, id DESC
      LIMIT ?
    )
    ORDER BY created_at DESC, id DESC
    LIMIT ?
  )
  SELECT callbacks.id, uid, ref, event, status, target, content_type, account_id, project_id, sso_client_id, crawl_id,
      report_download_id, run_id, batch_id, job_id, created_by_user_id, replay_of_id, replayed_by_user_id, cause_id,
      recovered, dedup_key, ordering_key, held, attempt_count, failure_count, panic_count, interruption_count,
      unreadable_since, next_attempt_at, lease_until, http_status, error_code, callbacks.created_at, finished_at,
      payload_purged_at, target_url, lane, error_message
  FROM (
    SELECT id
    FROM (SELECT id, created_at FROM ended) AS parts
    ORDER BY created_at DESC, id DESC
    LIMIT ?
  ) AS chosen
  CROSS JOIN callbacks
  WHERE callbacks.id = chosen.id
) AS page
