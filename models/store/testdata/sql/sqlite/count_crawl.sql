-- Through callbacks_crawl_page
SELECT page.*
FROM (
  SELECT `id`
  FROM `crawls`
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?))) AND id IN (?)
) AS owners
CROSS JOIN (
  SELECT CAST(? AS BIGINT) AS owner, count(*) AS count
  FROM (
    SELECT id
    FROM callbacks
    WHERE crawl_id = ? AND created_at >= ? AND (created_at, id) < (?, ?)
    ORDER BY created_at DESC, id DESC
    LIMIT ?
  ) AS counted
) AS page
