-- Silences, mirrored from the control state.
CREATE TABLE ledger.silences (
    silence_id BIGINT NOT NULL, -- number
    matchers VARCHAR NOT NULL, -- JSON array of {label, op, value}
    starts_at TIMESTAMP NOT NULL, -- from
    ends_at TIMESTAMP NOT NULL, -- until
    author VARCHAR, -- who made it
    comment VARCHAR -- why
);
