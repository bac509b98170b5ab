-- Through callbacks_pkey, sqlite_autoindex_callback_attempts_2
SELECT page.*
FROM (
  SELECT `id`
  FROM `callbacks`
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?))) AND id IN (?)
) AS owners
CROSS JOIN (
  SELECT ? AS owner, count(*) AS count
  FROM callback_attempts
  WHERE callback_id = ?
) AS page
