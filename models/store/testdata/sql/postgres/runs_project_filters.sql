-- Through runs_project_page
SELECT *
FROM (
  SELECT id, uid, account_id, project_id, action_id, schedule_id, created_by_user_id, status, max_results, page_size,
      callback_on, callback_url, input_count, batch_count, open_batch_count, output_count, stored_bytes, error,
      created_at, started_at, finished_at, payload_purged_at
  FROM "runs"
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4)))
      AND status IN ($5) AND action_id IN (
    SELECT "id"
    FROM "actions"
    WHERE actions.account_id = runs.account_id AND name COLLATE "C" IN ($6)
  ) AND created_at >= $7 AND created_at < $8 AND project_id = $9
  ORDER BY created_at DESC, id DESC
  LIMIT $10
) AS page
