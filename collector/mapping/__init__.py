"""Own mappings: attribute names that only one application uses, mapped in the configuration onto the canonical fields.

A mapping becomes a dialect like any other, asked before all of them. `parsing` reads the configuration and is light to
import; `compilation` makes the dialects.
"""
