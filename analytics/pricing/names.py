"""Which model of the price book a call's names mean; what is not surely known stays unpriced."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

MAX_NAME_CHARS = 300
MAX_CACHED = 50_000

PROVIDERS = {
    "anthropic": "anthropic",
    "aws.bedrock": "aws",
    "aws_bedrock": "aws",
    "amazon_bedrock": "aws",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "azure": "azure",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "azure_ai": "azure",
    "azure_openai": "azure",
    "az.ai.inference": "azure",
    "az.ai.openai": "azure",
    "fireworks_ai": "fireworks",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "gemini": "google",
    "google_genai": "google",
    "google_vertexai": "google",
    "vertex_ai": "google",
    "vertexai": "google",
    "mistral_ai": "mistral",
    "mistralai": "mistral",
    "moonshot": "moonshotai",
    "moonshot_ai": "moonshotai",
    "together_ai": "together",
    "togetherai": "together",
    "voyage": "voyageai",
    "x_ai": "x-ai",
    "xai": "x-ai",
    "zai": "zai",
}
"""Providers as OTel, LiteLLM and SDKs spell them → as the price book does; others must be spelled alike."""

GATEWAYS = frozenset({"", "litellm", "litellm_proxy", "gateway", "vercel", "portkey", "unknown", "_other"})
"""Not providers: whoever stands behind them follows from the model's name, or not at all."""

MAKERS = ("openai", "anthropic", "google", "mistral", "cohere", "deepseek", "x-ai", "voyageai")
"""Providers of their own models: where a name stands alone and is exactly one of theirs, it is theirs."""

_BEDROCK = re.compile(
    r"(?:(?:us|us-gov|eu|apac|au|jp|in|ca|global)\.)?"
    r"(?:ai21|amazon|anthropic|cohere|deepseek|meta|mistral|moonshotai|nvidia|openai|qwen|writer|zai)\."
)
_DATE_TAIL = re.compile(r"[-@](?:20\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01]))$")
_VERSION_TAIL = re.compile(
    r"(?:[-@:_.]?(?:latest|stable|preview|exp|experimental|beta|\d{4}-\d{2}-\d{2}|\d{2}-\d{2}|\d{2}-\d{4}"
    r"|\d{8}|\d{6}|\d{3,4}|v\d+(?::\d+(?::\d+k)?)?|\d:\d))*"
)
_FINE_TUNE_TAIL = re.compile(r"[\d-]*:[^:]*:[^:]*(?::[^:]*)?")
_REGION_HEAD = re.compile(r"(?:(?:us|us-gov|eu|apac|au|jp|in|ca|global)\.)?(?:[a-z0-9]+\.)?")
_LAST_WORD = re.compile(r"[-@:._]?[^-@:._]*$")
_ARN = re.compile(r"arn:aws[\w-]*:bedrock:[^/]*/(?P<name>.+)")
_PUBLISHER = re.compile(r"(?:projects/[^/]+/locations/[^/]+/)?publishers/[^/]+/models/")
_COMPACT_DATE = re.compile(r"(-)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


@dataclass(frozen=True)
class PriceName:
    """The model of the price book that a call's names mean, and by which rule."""

    price_model: str | None
    rule: str
    """response_model, request_model, or no_model, unknown_provider, unknown_model."""


class NameResolver:
    """Finds models of the catalogue by provider and model names, each distinct triple once."""

    def __init__(self) -> None:
        self._cache: dict[tuple[str | None, str | None, str | None], PriceName] = {}
        self._providers: dict[str, Provider] | None = None

    def resolve(
        self, provider: str | None, request_model: str | None, response_model: str | None
    ) -> PriceName:
        """Return the price book's model: by the model that answered, else by the one asked for."""
        key = (provider, request_model, response_model)
        known = self._cache.get(key)
        if known is None:
            if len(self._cache) >= MAX_CACHED:
                self._cache.clear()
            known = self._cache[key] = self._resolve(provider, request_model, response_model)
        return known

    def _resolve(
        self, provider: str | None, request_model: str | None, response_model: str | None
    ) -> PriceName:
        if not request_model and not response_model:
            return PriceName(None, "no_model")
        rule = "unknown_model"
        for name, found in ((response_model, "response_model"), (request_model, "request_model")):
            if not name or len(name) > MAX_NAME_CHARS:
                continue
            spoken = (provider or "").strip().lower()
            home, name = self._find_provider(spoken, name.strip().lower())
            if home is None:
                rule = "unknown_model" if spoken in GATEWAYS else "unknown_provider"
                continue
            for form in _forms_of(name, home.id):
                model = self._find_model(home, form)
                if model is not None:
                    return PriceName(f"{model[0].id}/{model[1].id}", found)
        return PriceName(None, rule)

    def _catalogue(self) -> dict[str, Provider]:
        if self._providers is None:
            from genai_prices.data_snapshot import get_snapshot

            self._providers = {provider.id: provider for provider in get_snapshot().providers}
        return self._providers

    def _find_provider(self, spoken: str, name: str) -> tuple[Provider | None, str]:
        """Return the provider, and the model's name without the provider in front."""
        catalogue = self._catalogue()
        if spoken not in GATEWAYS:
            return catalogue.get(PROVIDERS.get(spoken, spoken)), name
        head, slash, rest = name.partition("/")
        named = catalogue.get(PROVIDERS.get(head, head)) if slash else None
        if named is not None:
            return named, rest
        if _BEDROCK.match(name):
            return catalogue["aws"], name
        for provider in catalogue.values():
            if provider.model_match is not None and provider.model_match.is_match(name):
                return provider, name
        for maker in MAKERS:
            if any(model.id.lower() == name for model in catalogue[maker].models):
                return catalogue[maker], name
        return None, name

    def _find_model(self, provider: Provider, name: str) -> tuple[Provider, ModelInfo] | None:
        others = provider.fallback_model_providers or ()
        for place in (provider, *(self._catalogue()[other] for other in others)):
            for model in place.models:
                if model.id.lower() == name:
                    return place, model
            for model in place.models:
                if not model.is_match(name):
                    continue
                if any(_is_version_of(*rest) for rest in _rests(model.match, name)):
                    return place, model
        return None


def _forms_of(name: str, provider: str) -> Iterator[str]:
    """Yield the spellings of a model's name, from what was sent to its bare form."""
    yield name
    bare = name
    arn = _ARN.fullmatch(bare)
    if arn:
        bare = arn["name"]
    bare = _PUBLISHER.sub("", bare, count=1)
    bare = bare.removesuffix("[1m]").removesuffix(":beta")
    for head in ("bedrock/", "converse/", "invoke/", "models/", f"{provider}/"):
        bare = bare.removeprefix(head)
    head, slash, rest = bare.partition("/")
    if slash and PROVIDERS.get(head) == provider:
        bare = rest
    if bare != name:
        yield bare
    dashed = _COMPACT_DATE.sub(r"\1\2-\3-\4", bare)
    if dashed != bare:
        yield dashed
    undated = _DATE_TAIL.sub("", bare)
    if undated != bare:
        yield undated


def _rests(clause: Any, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield, for each way the clause matches, the text it names and what stands before and behind it."""
    kind = type(clause).__name__
    if kind == "ClauseOr":
        for part in clause.or_:
            if part.is_match(name):
                yield from _rests(part, name)
    elif kind == "ClauseAnd":
        for part in clause.and_:
            yield from _rests(part, name)
    elif kind == "ClauseEquals":
        yield name, "", ""
    elif kind == "ClauseRegex":
        found = re.search(clause.regex, name)
        if found is not None and found.end() > found.start():
            yield found[0], name[: found.start()], name[found.end() :]
    else:
        text = str(next(iter(vars(clause).values()))).lower()
        at = name.rfind(text) if kind == "ClauseEndsWith" else name.find(text)
        yield text, name[:at], name[at + len(text) :]


def _is_version_of(text: str, before: str, behind: str) -> bool:
    """Return whether the rest of a name is only a region, a date or a version: the same model."""
    if text[-1:].isalnum() and behind[:1].isalnum():
        # The clause names the beginning of a version, such as "-0" of "-001": judge it whole.
        behind = _LAST_WORD.search(text)[0] + behind  # pyright: ignore[reportOptionalSubscript]
    tail = _FINE_TUNE_TAIL if text.startswith("ft:") else _VERSION_TAIL
    return _REGION_HEAD.fullmatch(before) is not None and tail.fullmatch(behind) is not None
