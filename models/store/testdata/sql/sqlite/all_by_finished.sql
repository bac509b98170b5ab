-- Through callbacks_ended
SELECT callbacks.id, uid, ref, event, status, target, content_type, account_id, project_id, sso_client_id, crawl_id,
    report_download_id, run_id, batch_id, job_id, created_by_user_id, replay_of_id, replayed_by_user_id, cause_id,
    recovered, dedup_key, ordering_key, held, attempt_count, failure_count, panic_count, interruption_count,
    unreadable_since, next_attempt_at, lease_until, http_status, error_code, callbacks.created_at, finished_at,
    payload_purged_at, target_url, lane, error_message
FROM callbacks
WHERE callbacks.id > 0 AND finished_at >= ? AND (finished_at, id) < (?, ?) AND finished_at IS NOT NULL
ORDER BY finished_at DESC, id DESC
LIMIT ?
