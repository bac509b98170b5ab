-- Through callbacks_account_causes, callbacks_pkey
SELECT page.*
FROM (
  SELECT "id"
  FROM "accounts"
  WHERE (id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  WITH RECURSIVE kinds (of_cause) AS (SELECT * FROM unnest($6::text[])),
  ended AS (
    SELECT id, created_at
    FROM kinds
    CROSS JOIN LATERAL (
      SELECT id, created_at
      FROM callbacks
      WHERE account_id = owners.id AND created_at >= $7 AND (created_at, id) < ($8, $9) AND error_code = of_cause
      ORDER BY created_at DESC, id DESC
      LIMIT $10
    ) AS of_kind
    ORDER BY created_at DESC, id DESC
    LIMIT $11
  ),
  looked AS (
    SELECT id AS entry_id, created_at AS entry_at
    FROM (SELECT id, created_at FROM ended) AS parts
    ORDER BY created_at DESC, id DESC
    LIMIT $12
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
    WHERE callbacks.id = entry_id AND CASE WHEN status IN ($13) THEN TRUE END
    ORDER BY created_at DESC, callbacks.id DESC
    LIMIT $14
  ) AS chosen ON TRUE
  LEFT JOIN callbacks ON callbacks.id = chosen_id
) AS page
