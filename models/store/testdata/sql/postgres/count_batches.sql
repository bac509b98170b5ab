-- Through run_batches_run
SELECT run_id AS owner, count(*) AS count
FROM "run_batches"
WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND run_id IN ($5)
GROUP BY "run_id"
