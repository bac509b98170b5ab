-- Through callback_attempts_callback_id_number_key, callbacks_pkey
SELECT page.*
FROM (
  SELECT "id"
  FROM "callbacks"
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  SELECT owners.id AS owner, count(*) AS count
  FROM callback_attempts
  WHERE callback_id = owners.id
) AS page
