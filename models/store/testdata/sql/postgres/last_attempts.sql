-- Through callback_attempts_callback_id_number_key, callback_attempts_pkey, callbacks_pkey
SELECT "callback_attempts"."id","callback_attempts"."uid","callback_attempts"."callback_id","callback_attempts"."number","callback_attempts"."url","callback_attempts"."started_at","callback_attempts"."finished_at","callback_attempts"."duration_micros","callback_attempts"."dns_micros","callback_attempts"."connect_micros","callback_attempts"."tls_micros","callback_attempts"."first_byte_micros","callback_attempts"."http_status","callback_attempts"."error_code","callback_attempts"."error_message","callback_attempts"."warning","callback_attempts"."response_body"
FROM "callback_attempts"
WHERE EXISTS (
  SELECT 1
  FROM "callbacks"
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4)))
      AND callbacks.id = callback_attempts.callback_id
) AND id IN (
  SELECT max(id)
  FROM "callback_attempts"
  WHERE callback_id IN ($5) AND finished_at IS NOT NULL AND (error_code IS NULL OR error_code <> $6)
  GROUP BY "callback_id"
)
