-- Versions of cost: a new price book, or calls priced again; who made it, when and why.
SELECT
    t.cost_version AS cost_version, -- number of the version; calls carry it
    t.book_version AS book_version, -- version under which the rows of its price book stand in prices
    t.kind AS kind, -- book: new prices; reprice: calls were priced again
    t.made_at AS made_at, -- when
    t.author AS author, -- who
    t.reason AS reason, -- why
    t.fingerprint AS fingerprint, -- of the data and configuration the book is made from
    t.calls AS calls, -- calls whose cost changed
    t.before_usd AS before_usd, -- what they cost before
    t.after_usd AS after_usd -- what they cost since
FROM ledger.cost_versions AS t
