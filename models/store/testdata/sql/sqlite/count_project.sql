-- Through callbacks_project_ended, callbacks_project_ongoing
SELECT page.*
FROM (
  SELECT `id`
  FROM `projects`
  WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?))) AND id IN (?)
) AS owners
CROSS JOIN (
  SELECT CAST(? AS BIGINT) AS owner, count(*) AS count
  FROM (
    WITH RECURSIVE ended AS (
      SELECT id, created_at
      FROM callbacks
      WHERE project_id = ? AND created_at >= ? AND (created_at, id) < (?, ?) AND next_attempt_at IS NULL
          AND lease_until IS NULL
      ORDER BY created_at DESC, id DESC
      LIMIT ?
    ),
    ongoing AS (
      SELECT id, created_at
      FROM callbacks
      WHERE project_id = ? AND created_at >= ? AND (created_at, id) < (?, ?) AND finished_at IS NULL
      ORDER BY created_at DESC, id DESC
      LIMIT ?
    )
    SELECT id, created_at
    FROM ended
    UNION ALL
    SELECT id, created_at
    FROM ongoing
    LIMIT ?
  ) AS counted
) AS page
