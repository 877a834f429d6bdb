-- Judgements on runs, spans and sessions: feedback, evaluations, labels.
CREATE TABLE ledger.scores (
    load_seq BIGINT NOT NULL, -- number of the load that brought the score, 0 for one that was given by API, file or review
    score_id VARCHAR NOT NULL, -- id of the judgement: what comes twice is one
    target VARCHAR NOT NULL, -- run, span or session
    target_id VARCHAR NOT NULL, -- run_id, trace_id-span_id or session_id
    trace_id VARCHAR, -- trace of the span that carried it, else of the target
    span_id VARCHAR, -- span that carried it; NULL when it came another way
    run_id VARCHAR, -- run of the target
    name VARCHAR NOT NULL, -- what was judged
    value DOUBLE, -- number; NULL for labels
    label VARCHAR, -- label; NULL for numbers
    source VARCHAR NOT NULL, -- user, evaluator or human
    explanation VARCHAR USING COMPRESSION zstd, -- the judge's words
    scored_at TIMESTAMP NOT NULL -- when
);
