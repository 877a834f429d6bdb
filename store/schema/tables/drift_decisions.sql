-- What people decided about drift: alarms confirmed or dismissed, hours left out of baselines, baselines pinned.
CREATE TABLE ledger.drift_decisions (
    decision_id VARCHAR NOT NULL, -- random
    action VARCHAR NOT NULL, -- confirm, dismiss, exclude, pin, accept or unpin
    alarm_id VARCHAR, -- of confirm and dismiss
    series VARCHAR, -- series it is about; NULL: all
    since_at TIMESTAMP, -- of exclude, pin and accept: first hour
    until_at TIMESTAMP, -- of exclude and pin: hour after the last
    reason VARCHAR, -- in the words of who decided
    author VARCHAR, -- who
    decided_at TIMESTAMP NOT NULL -- when
);
