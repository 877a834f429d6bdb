-- What the mirror of the control table silences holds now.
SELECT
    t.silence_id AS silence_id,
    t.matchers AS matchers,
    t.starts_at AS starts_at,
    t.ends_at AS ends_at,
    t.author AS author,
    t.comment AS comment
FROM ledger.silences AS t
ORDER BY t.silence_id
