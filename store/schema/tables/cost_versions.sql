-- Versions of cost: a new price book, or calls priced again; who made it, when and why.
CREATE TABLE ledger.cost_versions (
    cost_version BIGINT NOT NULL, -- number of the version; calls carry it
    book_version BIGINT NOT NULL, -- version under which the rows of its price book stand in prices
    kind VARCHAR NOT NULL, -- book: new prices; reprice: calls were priced again
    made_at TIMESTAMP NOT NULL, -- when
    author VARCHAR NOT NULL, -- who
    reason VARCHAR NOT NULL, -- why
    fingerprint VARCHAR NOT NULL, -- of the data and configuration the book is made from
    calls BIGINT NOT NULL, -- calls whose cost changed
    before_usd DECIMAL(38, 12), -- what they cost before
    after_usd DECIMAL(38, 12) -- what they cost since
);
