-- Through callback_attempts_callback_id_number_key, callbacks_pkey
SELECT page.*
FROM (
  SELECT "id"
  FROM "callbacks"
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  SELECT id, uid, callback_id, number, started_at, finished_at, duration_micros, dns_micros, connect_micros,
      tls_micros, first_byte_micros, http_status, error_code, CASE WHEN NOT (
    SELECT target = 'SSO_CLIENT'
    FROM callbacks
    WHERE callbacks.id = callback_attempts.callback_id
  ) THEN url END AS url, CASE WHEN NOT (
    SELECT target = 'SSO_CLIENT'
    FROM callbacks
    WHERE callbacks.id = callback_attempts.callback_id
  ) THEN error_message END AS error_message, CASE WHEN NOT (
    SELECT target = 'SSO_CLIENT'
    FROM callbacks
    WHERE callbacks.id = callback_attempts.callback_id
  ) THEN warning END AS warning, CASE WHEN NOT (
    SELECT target = 'SSO_CLIENT'
    FROM callbacks
    WHERE callbacks.id = callback_attempts.callback_id
  ) THEN connection END AS connection
  FROM callback_attempts
  WHERE callback_id = owners.id AND number > $6 AND number < $7
  ORDER BY number
  LIMIT $8
) AS page
