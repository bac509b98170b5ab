-- Through callback_attempts_pkey, callbacks_pkey, sqlite_autoindex_callback_attempts_2
SELECT *
FROM `callback_attempts`
WHERE EXISTS (
  SELECT 1
  FROM `callbacks`
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?)))
      AND callbacks.id = callback_attempts.callback_id
) AND id IN (
  SELECT max(id)
  FROM `callback_attempts`
  WHERE callback_id IN (?) AND finished_at IS NOT NULL AND (error_code IS NULL OR error_code <> ?)
  GROUP BY `callback_id`
)
