-- Through runs_schedule_page
SELECT schedule_id AS owner, count(*) AS count
FROM "runs"
WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4)))
    AND status IN ($5) AND action_id IN (
  SELECT "id"
  FROM "actions"
  WHERE actions.account_id = runs.account_id AND name COLLATE "C" IN ($6)
) AND created_at >= $7 AND created_at < $8 AND schedule_id IN ($9)
GROUP BY "schedule_id"
