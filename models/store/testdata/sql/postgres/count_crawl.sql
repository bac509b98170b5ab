-- Through callbacks_crawl_page
SELECT page.*
FROM (
  SELECT "id"
  FROM "crawls"
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  SELECT CAST(owners.id AS BIGINT) AS owner, count(*) AS count
  FROM (
    SELECT id
    FROM callbacks
    WHERE crawl_id = owners.id AND created_at >= $6 AND (created_at, id) < ($7, $8)
    ORDER BY created_at DESC, id DESC
    LIMIT $9
  ) AS counted
) AS page
