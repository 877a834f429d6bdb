"""Which calls went to an endpoint bound to a region, as far as their names tell."""

from __future__ import annotations

from typing import Final

import polars as pl

REGIONAL: Final = "regional"
"""The word in a service tier that says so; collectors put it there for what the server's address tells."""
DATA_ZONE: Final = "data zone"
"""What it is on Azure, which asks the makers' prices everywhere else, but not theirs for a region."""

_VERTEX: Final = "(?i)locations/[a-z]"
_VERTEX_ANYWHERE: Final = "(?i)locations/global/"
_BEDROCK: Final = (
    r"(?i)arn:aws[\w-]*:bedrock:[a-z]"
    r"|^(?:bedrock/)?[a-z]{2}(?:-[a-z]+)+-\d/"
    r"|(?:^|/)(?:eu|apac|au|jp|ca)\.(?:amazon|meta|nvidia)\."
)
"""Names that say a region; profiles of a continent do only for models that cost otherwise there under the same name."""
_BEDROCK_LISTED: Final = r"(?i)(?:arn:aws:bedrock:|^(?:bedrock/)?)us-(?:east-[12]|west-2)[:/]"
"""The regions whose prices are the list prices."""


def is_bound(name: pl.Expr) -> pl.Expr:
    """Return whether a model's name binds the call to a region where another price may be asked."""
    is_bound = name.str.contains(_VERTEX) & ~name.str.contains(_VERTEX_ANYWHERE)
    is_bound |= name.str.contains(_BEDROCK) & ~name.str.contains(_BEDROCK_LISTED)
    return is_bound.fill_null(False)
