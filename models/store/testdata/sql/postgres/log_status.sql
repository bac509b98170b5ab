-- Through callbacks_pkey, callbacks_project_log, run_batches_pkey, runs_pkey
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
      CASE WHEN NOT target = 'SSO_CLIENT' THEN error_message END AS error_message, (
    SELECT original.uid
    FROM callbacks AS original
    WHERE original.id = callbacks.replay_of_id
  ) AS parent_uid, (SELECT uid FROM runs WHERE runs.id = callbacks.run_id) AS run_uid,
      (SELECT uid FROM run_batches WHERE run_batches.id = callbacks.batch_id) AS batch_uid, place, candidates
  FROM (
    SELECT id AS chosen_id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS place,
        count(*) OVER () AS candidates
    FROM (
      SELECT *
      FROM (
        SELECT id, created_at
        FROM callbacks
        WHERE project_id = owners.id AND status = $6 AND run_id IS NOT NULL AND cause_id IS NULL
            AND created_at >= $7 AND created_at < $8
        ORDER BY created_at DESC, id DESC
        LIMIT $9
      ) AS part
    ) AS candidates
    ORDER BY place
    LIMIT $10 OFFSET $11
  ) AS chosen
  CROSS JOIN callbacks
  WHERE callbacks.id = chosen_id
) AS page
