-- Through run_batches_pkey, run_batches_run
SELECT *
FROM `run_batches`
WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?))) AND id IN (
  SELECT id
  FROM (
    SELECT id,
        sum(CASE WHEN id = ? THEN 0 ELSE result_count END) OVER (PARTITION BY run_id ORDER BY id) - result_count AS results_before
    FROM `run_batches`
    WHERE run_id IN (?) AND id >= ? AND result_count > 0 AND results IS NOT NULL
  ) AS running
  WHERE results_before < ?
)
ORDER BY id
