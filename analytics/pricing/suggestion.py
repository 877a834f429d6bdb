"""What to write into the configuration for models without a price."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final

from analytics.pricing.names import provider_id

SELF_HOSTED: Final = frozenset(
    {
        "ollama", "ollama_chat", "vllm", "hosted_vllm", "lmstudio", "lm_studio", "sglang", "llamacpp", "llama.cpp",
        "llamafile", "localai", "tgi", "text_generation_inference", "triton", "xinference", "mlx", "bentoml",
    }
)  # fmt: skip
"""Servers of models that people run themselves: their price is the machine's."""


def suggest_prices(models: Iterable[tuple[str | None, str | None]]) -> str:
    """Return tables of the configuration for models by (provider, name), each once; amounts are left to fill in.

    An amount that nobody fills in is refused when the configuration is read: no model becomes free by it.

    >>> print(suggest_prices([("vllm", "acme/llama")]))
    [[pricing.hosted]]
    provider = "vllm"
    model = "acme/llama"
    # usd_per_hour = 2.50   # what an hour of the machine costs; take the # away
    <BLANKLINE>
    """
    listed = dict.fromkeys(one for one in models if one[1])
    return "\n".join(line for provider, model in listed for line in _lines_of(provider or "", model or ""))


def _lines_of(provider: str, model: str) -> Iterator[str]:
    spoken = provider.strip().lower()
    named = [f"provider = {json.dumps(provider)}"] if provider else []
    name = json.dumps(model, ensure_ascii=False)
    if spoken in SELF_HOSTED:
        yield from ("[[pricing.hosted]]", *named, f"model = {name}")
        yield "# usd_per_hour = 2.50   # what an hour of the machine costs; take the # away"
    elif provider_id(spoken) == "azure" or model.startswith("arn:"):
        yield from ("[[pricing.alias]]", f"name = {name}", *named)
        yield '# model = "gpt-4o"      # what it stands for; take the # away'
    else:
        yield from ("[[pricing.model]]", *named, f"model = {name}")
        yield "# input = 3.00          # USD per million tokens; take the # away"
        yield "# output = 15.00"
    yield ""
