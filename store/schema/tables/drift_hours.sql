-- Hours that the drift detectors have read, and what these held then: whether late data changed them.
CREATE TABLE ledger.drift_hours (
    hour_at TIMESTAMP NOT NULL, -- start of the hour
    figures VARCHAR NOT NULL -- sums over the hour
);
