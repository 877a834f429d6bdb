"""What the pages ask of the store, one module a page; figures come from `analytics.metrics`."""
