-- Through runs_project_page
SELECT *
FROM (
  SELECT id, uid, account_id, project_id, action_id, schedule_id, created_by_user_id, status, max_results, page_size,
      callback_on, callback_url, input_count, batch_count, open_batch_count, output_count, stored_bytes, error,
      created_at, started_at, finished_at, payload_purged_at
  FROM `runs`
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?)))
      AND project_id = ? AND (created_at, id) < (?, ?)
  ORDER BY created_at DESC, id DESC
  LIMIT 21
) AS page
