-- Through callbacks_lanes, callbacks_pkey
WITH RECURSIVE looked AS (
  SELECT id AS entry_id, created_at AS entry_at
  FROM (
    SELECT id, created_at
    FROM (
      SELECT id, created_at AS created_at
      FROM callbacks
      WHERE callbacks.id > 0 AND status = 'PENDING' AND NOT held AND created_at >= ? AND (created_at, id) < (?, ?)
      ORDER BY lane, next_attempt_at, id
      LIMIT ?
    ) AS part
  ) AS parts
  ORDER BY created_at DESC, id DESC
  LIMIT ?
)
SELECT CAST(0 AS BIGINT) AS owner_id, looked, looked_at, looked_id, callbacks.id, uid, ref, event, status, target,
    content_type, account_id, project_id, sso_client_id, crawl_id, report_download_id, run_id, batch_id, job_id,
    created_by_user_id, replay_of_id, replayed_by_user_id, cause_id, recovered, dedup_key, ordering_key, held,
    attempt_count, failure_count, panic_count, interruption_count, unreadable_since, next_attempt_at, lease_until,
    http_status, error_code, callbacks.created_at, finished_at, payload_purged_at, target_url, lane, error_message
FROM (
  SELECT (SELECT count(*) FROM looked) AS looked, (SELECT entry_at FROM looked ORDER BY entry_at,
      entry_id LIMIT 1) AS looked_at, (SELECT entry_id FROM looked ORDER BY entry_at, entry_id LIMIT 1) AS looked_id
) AS bound
LEFT JOIN (
  SELECT callbacks.id AS chosen_id
  FROM looked
  CROSS JOIN callbacks
  WHERE callbacks.id = entry_id AND CASE WHEN status = 'PENDING' AND NOT held
      AND next_attempt_at < 253402300799000000 THEN TRUE END AND (next_attempt_at, callbacks.id) < (?, ?)
  ORDER BY next_attempt_at DESC, callbacks.id DESC
  LIMIT ?
) AS chosen ON TRUE
LEFT JOIN callbacks ON callbacks.id = chosen_id
