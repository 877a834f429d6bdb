-- What the mirror of the control table notes holds now.
SELECT
    t.note_id AS note_id,
    t.run_id AS run_id,
    t.author AS author,
    t.noted_at AS noted_at,
    t.text AS text
FROM ledger.notes AS t
ORDER BY t.note_id, t.run_id, t.noted_at
