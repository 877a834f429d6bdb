-- Silences.
SELECT
    t.silence_id AS silence_id, -- number
    t.matchers AS matchers, -- JSON array of {label, op, value}
    t.starts_at AS starts_at, -- from
    t.ends_at AS ends_at, -- until
    t.author AS author, -- who made it
    t.comment AS comment -- why
FROM ledger.silences AS t
