-- Through runs_project_page
SELECT project_id AS owner, count(*) AS count
FROM "runs"
WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = $1 AND role IN ($2,$3,$4)))
    AND project_id IN ($5)
GROUP BY "project_id"
