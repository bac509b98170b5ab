-- Through runs_schedule_page
SELECT schedule_id AS owner, count(*) AS count
FROM `runs`
WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?))) AND status IN (?)
    AND action_id IN (
  SELECT `id`
  FROM `actions`
  WHERE actions.account_id = runs.account_id AND name IN (?)
) AND created_at >= ? AND created_at < ? AND schedule_id IN (?)
GROUP BY `schedule_id`
