-- Through run_batches_run
SELECT run_id AS owner, count(*) AS count
FROM `run_batches`
WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?))) AND run_id IN (?)
GROUP BY `run_id`
