-- Through callbacks_account_ended, callbacks_account_ongoing, callbacks_batch, callbacks_crawl_page, callbacks_job_page, callbacks_pkey, callbacks_project_ended, callbacks_project_ongoing, callbacks_report_download, callbacks_run_page
SELECT page.*
FROM (
  SELECT "id"
  FROM "accounts"
  WHERE (id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4))) AND id IN ($5)
) AS owners
CROSS JOIN LATERAL (
  WITH RECURSIVE looked AS (
    SELECT id AS entry_id, created_at AS entry_at
    FROM (
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id AND account_id = $6 AND next_attempt_at IS NULL AND lease_until IS NULL
            AND created_at >= $7 AND (created_at, id) < ($8, $9)
        ORDER BY created_at DESC, id DESC
        LIMIT $10
      ) AS part UNION
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id AND account_id = $11 AND finished_at IS NULL AND created_at >= $12
            AND (created_at, id) < ($13, $14)
        ORDER BY created_at DESC, id DESC
        LIMIT $15
      ) AS part UNION
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id AND batch_id = $16 AND created_at >= $17 AND (created_at, id) < ($18, $19)
        ORDER BY created_at DESC, id DESC
        LIMIT $20
      ) AS part UNION
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id AND callbacks.id = $21 AND created_at >= $22 AND (created_at, id) < ($23, $24)
        ORDER BY created_at DESC, id DESC
        LIMIT $25
      ) AS part UNION
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id AND crawl_id = $26 AND created_at >= $27 AND (created_at, id) < ($28, $29)
        ORDER BY created_at DESC, id DESC
        LIMIT $30
      ) AS part UNION
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id AND job_id = $31 AND created_at >= $32 AND (created_at, id) < ($33, $34)
        ORDER BY created_at DESC, id DESC
        LIMIT $35
      ) AS part UNION
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id AND project_id = $36 AND next_attempt_at IS NULL AND lease_until IS NULL
            AND created_at >= $37 AND (created_at, id) < ($38, $39)
        ORDER BY created_at DESC, id DESC
        LIMIT $40
      ) AS part UNION
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id AND project_id = $41 AND finished_at IS NULL AND created_at >= $42
            AND (created_at, id) < ($43, $44)
        ORDER BY created_at DESC, id DESC
        LIMIT $45
      ) AS part UNION
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id AND report_download_id = $46 AND created_at >= $47
            AND (created_at, id) < ($48, $49)
        ORDER BY created_at DESC, id DESC
        LIMIT $50
      ) AS part UNION
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id AND run_id = $51 AND created_at >= $52 AND (created_at, id) < ($53, $54)
        ORDER BY created_at DESC, id DESC
        LIMIT $55
      ) AS part
    ) AS parts
    ORDER BY created_at DESC, id DESC
    LIMIT $56
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
    WHERE callbacks.id = entry_id
    ORDER BY created_at DESC, callbacks.id DESC
    LIMIT $57
  ) AS chosen ON TRUE
  LEFT JOIN callbacks ON callbacks.id = chosen_id
) AS page
