"""Ad-hoc SQL: what a query may say."""
