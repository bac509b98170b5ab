-- Through callback_attempts_uid_key, callbacks_batch, callbacks_job_page, callbacks_pkey, callbacks_replays, callbacks_run_page, callbacks_uid_key, run_batches_uid_key, runs_uid_key
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
        WHERE account_id + 0 = owners.id AND uid = $6 AND created_at >= $7 AND (created_at, id) < ($8, $9)
        ORDER BY created_at DESC, id DESC
        LIMIT $10
      ) AS part UNION
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id
            AND replay_of_id = (SELECT id FROM callbacks AS original WHERE original.uid = $11)
            AND created_at >= $12 AND (created_at, id) < ($13, $14)
        ORDER BY created_at DESC, id DESC
        LIMIT $15
      ) AS part UNION
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id
            AND callbacks.id = (SELECT callback_id FROM callback_attempts AS attempt WHERE attempt.uid = $16)
            AND created_at >= $17 AND (created_at, id) < ($18, $19)
        ORDER BY created_at DESC, id DESC
        LIMIT $20
      ) AS part UNION
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id AND run_id = (SELECT id FROM runs WHERE runs.uid = $21)
            AND created_at >= $22 AND (created_at, id) < ($23, $24)
        ORDER BY created_at DESC, id DESC
        LIMIT $25
      ) AS part UNION
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id AND batch_id = (SELECT id FROM run_batches WHERE run_batches.uid = $26)
            AND created_at >= $27 AND (created_at, id) < ($28, $29)
        ORDER BY created_at DESC, id DESC
        LIMIT $30
      ) AS part UNION
      SELECT id, created_at
      FROM (
        SELECT id, created_at AS created_at
        FROM callbacks
        WHERE account_id + 0 = owners.id AND job_id = (SELECT id FROM jobs WHERE uuid = $31) AND created_at >= $32
            AND (created_at, id) < ($33, $34)
        ORDER BY created_at DESC, id DESC
        LIMIT $35
      ) AS part
    ) AS parts
    ORDER BY created_at DESC, id DESC
    LIMIT $36
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
    LIMIT $37
  ) AS chosen ON TRUE
  LEFT JOIN callbacks ON callbacks.id = chosen_id
) AS page
