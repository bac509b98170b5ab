-- Through batch_attempts_batch_id_number_key, run_batches_pkey
SELECT "batch_attempts"."id","batch_attempts"."uid","batch_attempts"."batch_id","batch_attempts"."number","batch_attempts"."url","batch_attempts"."started_at","batch_attempts"."finished_at","batch_attempts"."duration_micros","batch_attempts"."http_status","batch_attempts"."error_code","batch_attempts"."error_message"
FROM "batch_attempts"
WHERE batch_id IN (
  SELECT "id"
  FROM "run_batches"
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id = ANY($5)
)
ORDER BY id
