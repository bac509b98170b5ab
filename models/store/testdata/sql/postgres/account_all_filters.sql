-- Through callbacks_account_kinds, callbacks_account_ongoing, callbacks_pkey
SELECT page.*
FROM (
  SELECT "id"
  FROM "accounts"
  WHERE (id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  WITH RECURSIVE asked (of_status, of_event) AS (SELECT * FROM unnest($6::text[], $7::text[])),
  kinds AS (SELECT of_status, of_event, nullif(CAST($8 AS BIGINT), -1) AS code FROM asked),
  ended AS (
    SELECT id, created_at
    FROM kinds
    CROSS JOIN LATERAL (
      SELECT id, created_at
      FROM callbacks
      WHERE account_id = owners.id AND created_at >= $9 AND (created_at, id) < ($10, $11)
          AND status IN ('SUCCESS', 'FAILED') AND status = of_status AND event = of_event
          AND coalesce(http_status, -1) = code
      ORDER BY created_at DESC, id DESC
      LIMIT $12
    ) AS of_kind
    ORDER BY created_at DESC, id DESC
    LIMIT $13
  ),
  ongoing AS (
    SELECT id, created_at
    FROM callbacks
    WHERE account_id = owners.id
        AND created_at >= coalesce((SELECT min(created_at) FROM ended HAVING count(*) = $14), $15)
        AND (created_at, id) < ($16, $17) AND finished_at IS NULL
    ORDER BY created_at DESC, id DESC
    LIMIT $18
  ),
  looked AS (
    SELECT id AS entry_id, created_at AS entry_at
    FROM (SELECT id, created_at FROM ended UNION ALL SELECT id, created_at FROM ongoing) AS parts
    ORDER BY created_at DESC, id DESC
    LIMIT $19
  )
  SELECT CAST(owners.id AS BIGINT) AS owner_id, looked, looked_at, looked_id, callbacks.id, uid, ref, event, status,
      target, content_type, account_id, project_id, sso_client_id, crawl_id, report_download_id, run_id, batch_id,
      job_id, created_by_user_id, replay_of_id, replayed_by_user_id, cause_id, recovered, dedup_key, ordering_key,
      held, attempt_count, failure_count, panic_count, interruption_count, unreadable_since, next_attempt_at,
      lease_until, http_status, error_code, callbacks.created_at, finished_at, payload_purged_at,
      CASE WHEN NOT target = 'SSO_CLIENT' THEN target_url END AS target_url,
      CASE WHEN NOT target = 'SSO_CLIENT' THEN lane END AS lane,
      CASE WHEN NOT target = 'SSO_CLIENT' THEN error_message END AS error_message
  FROM (
    SELECT (SELECT count(*) FROM looked) AS looked, (SELECT entry_at FROM looked ORDER BY entry_at,
        entry_id LIMIT 1) AS looked_at, (SELECT entry_id FROM looked ORDER BY entry_at, entry_id LIMIT 1) AS looked_id
  ) AS bound
  LEFT JOIN (
    SELECT callbacks.id AS chosen_id
    FROM looked
    CROSS JOIN callbacks
    WHERE callbacks.id = entry_id AND CASE WHEN status IN ($20,$21) AND event IN ($22)
        AND http_status = $23 THEN TRUE END
    ORDER BY created_at DESC, callbacks.id DESC
    LIMIT $24
  ) AS chosen ON TRUE
  LEFT JOIN callbacks ON callbacks.id = chosen_id
) AS page
