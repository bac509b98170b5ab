-- Through callbacks_replays
SELECT callbacks.id, uid, ref, event, status, target, content_type, account_id, project_id, sso_client_id, crawl_id,
    report_download_id, run_id, batch_id, job_id, created_by_user_id, replay_of_id, replayed_by_user_id, cause_id,
    recovered, dedup_key, ordering_key, held, attempt_count, failure_count, panic_count, interruption_count,
    unreadable_since, next_attempt_at, lease_until, http_status, error_code, callbacks.created_at, finished_at,
    payload_purged_at, CASE WHEN NOT target = 'SSO_CLIENT' THEN target_url END AS target_url,
    CASE WHEN NOT target = 'SSO_CLIENT' THEN lane END AS lane,
    CASE WHEN NOT target = 'SSO_CLIENT' THEN error_message END AS error_message
FROM `callbacks`
WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?))) AND replay_of_id IN (?)
ORDER BY id
