-- Through callbacks_project_finished
SELECT page.*
FROM (
  SELECT "id"
  FROM "projects"
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  SELECT callbacks.id, uid, ref, event, status, target, content_type, account_id, project_id, sso_client_id, crawl_id,
      report_download_id, run_id, batch_id, job_id, created_by_user_id, replay_of_id, replayed_by_user_id, cause_id,
      recovered, dedup_key, ordering_key, held, attempt_count, failure_count, panic_count, interruption_count,
      unreadable_since, next_attempt_at, lease_until, http_status, error_code, callbacks.created_at, finished_at,
      payload_purged_at, CASE WHEN NOT target = 'SSO_CLIENT' THEN target_url END AS target_url,
      CASE WHEN NOT target = 'SSO_CLIENT' THEN lane END AS lane,
      CASE WHEN NOT target = 'SSO_CLIENT' THEN error_message END AS error_message
  FROM callbacks
  WHERE project_id = owners.id AND finished_at + 0 >= $6 AND (finished_at + 0, id) < ($7, $8)
      AND finished_at IS NOT NULL
  ORDER BY finished_at + 0 DESC, id DESC
  LIMIT $9
) AS page
