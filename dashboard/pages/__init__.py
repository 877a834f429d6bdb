"""The pages, one module each; every one has a `render` that draws it."""
