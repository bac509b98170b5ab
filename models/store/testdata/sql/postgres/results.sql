-- Through run_batches_pkey, run_batches_run, runs_pkey
SELECT "run_batches"."id","run_batches"."uid","run_batches"."account_id","run_batches"."project_id","run_batches"."action_id","run_batches"."run_id","run_batches"."input_id","run_batches"."page","run_batches"."status","run_batches"."lane","run_batches"."attempt_count","run_batches"."failure_count","run_batches"."panic_count","run_batches"."interruption_count","run_batches"."unreadable_since","run_batches"."next_attempt_at","run_batches"."lease_until","run_batches"."local_since","run_batches"."has_more","run_batches"."empty","run_batches"."results","run_batches"."result_count","run_batches"."error","run_batches"."created_at","run_batches"."started_at","run_batches"."finished_at"
FROM "run_batches"
WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id = ANY(ARRAY(
  SELECT page.*
  FROM (
    SELECT "id"
    FROM "runs"
    WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $5 AND role IN ($6,$7,$8)))
        AND id = ANY($9)
  ) AS owners
  CROSS JOIN LATERAL (
    SELECT id
    FROM (
      SELECT id,
          sum(CASE WHEN id = $10 THEN 0 ELSE result_count END) OVER (ORDER BY id) - result_count AS results_before
      FROM (
        SELECT id, result_count
        FROM run_batches
        WHERE (run_id, id) >= (owners.id, $11) AND run_id <= owners.id AND result_count > 0 AND results IS NOT NULL
        ORDER BY run_id, id
        LIMIT $12
      ) AS held
    ) AS running
    WHERE results_before < $13
  ) AS page
))
ORDER BY id
