-- Through run_batches_run
SELECT *
FROM (
  SELECT id, uid, account_id, project_id, action_id, run_id, input_id, page, status, attempt_count, failure_count,
      panic_count, interruption_count, unreadable_since, next_attempt_at, lease_until, has_more, empty, result_count,
      error, created_at, started_at, finished_at
  FROM "run_batches"
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4)))
      AND ((run_id, id) > ($5, $6) AND (run_id, id) < ($7, $8))
  ORDER BY run_id, id
  LIMIT $9
) AS page
