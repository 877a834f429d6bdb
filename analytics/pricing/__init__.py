"""The price book, the names of models in it, and the cost of calls."""
