-- Between which times sessions ended, and how many there are.
SELECT min(t.last_at) AS first_at, max(t.last_at) AS last_end_at, count(*) AS sessions
FROM ledger.sessions AS t
