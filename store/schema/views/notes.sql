-- Notes that people wrote on runs.
SELECT
    t.note_id AS note_id, -- number
    t.run_id AS run_id, -- run
    t.author AS author, -- who wrote it
    t.noted_at AS noted_at, -- when
    t.text AS text -- what it says
FROM ledger.notes AS t
