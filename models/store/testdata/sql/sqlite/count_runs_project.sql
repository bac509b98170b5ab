-- Through runs_project_page
SELECT project_id AS owner, count(*) AS count
FROM `runs`
WHERE (account_id IN (SELECT account_id FROM memberships WHERE user_id = ? AND role IN (?,?,?))) AND project_id IN (?)
GROUP BY `project_id`
