-- Resource attributes, each distinct set once.
CREATE TABLE ledger.resources (
    resource_id UBIGINT NOT NULL, -- hash of the set
    attributes MAP(VARCHAR, VARCHAR) -- all resource attributes as text; arrays and kvlists as JSON
);
