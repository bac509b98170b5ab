-- Through callback_attempts_callback_id_number_key, callbacks_pkey
SELECT id, response_body AS text
FROM "callback_attempts"
WHERE EXISTS (
  SELECT 1
  FROM "callbacks"
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4)))
      AND callbacks.id = callback_attempts.callback_id AND NOT target = 'SSO_CLIENT'
) AND id = ANY($5)
