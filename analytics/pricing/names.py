"""Which model of the price book a call's names mean; what is not surely known stays unpriced."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from analytics.pricing.clauses import is_version
from analytics.pricing.corrections import DatedName
from analytics.pricing.own import OwnPrices
from store.clock import Clock, utc_now

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
    "aws_bedrock_converse": "aws",
    "alibaba": "dashscope",
    "alibaba_cloud": "dashscope",
    "alibabacloud": "dashscope",
    "aliyun": "dashscope",
    "qwen": "dashscope",
    "amazon": "aws",
    "bedrock_mantle": "aws",
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
    "google_ai": "google",
    "google_genai": "google",
    "google_generative_ai": "google",
    "google.generative_ai": "google",
    "google.vertex": "google",
    "google_vertex": "google",
    "google_vertexai": "google",
    "vertex_ai": "google",
    "vertexai": "google",
    "google_vertex_ai": "google",
    "ibm.watsonx.ai": "watsonx",
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

AZURE_MAKERS = ("openai", "anthropic")
"""Makers whose models cost on Azure what they ask themselves; it asks other prices for DeepSeek's or Moonshot's."""

_ENDPOINTS = (
    "chat",
    "responses",
    "completion",
    "embedding",
    "embeddings",
    "textembedding",
    "reranking",
    "messages",
    "generative_ai",
    "transcription",
    "speech",
    "image",
)
"""What the AI SDK puts behind a provider's name."""

_BEDROCK = re.compile(
    r"(?:(?:us|us-gov|eu|apac|au|jp|in|ca|global)\.)?"
    r"(?:ai21|amazon|anthropic|cohere|deepseek|meta|mistral|moonshotai|nvidia|openai|qwen|writer|zai)\."
)
_DATE_TAIL = re.compile(r"[-@](?:20\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01]))$")
_SNAPSHOT = re.compile(
    r"(?:^|[/.:])(?P<model>[a-z][a-z0-9.-]*?)[-@](?P<day>20\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01]))(?!\d)"
)
_PREVIEW = re.compile(r"(?:^|/)(?P<model>gemini-[a-z0-9.-]+?-(?:preview|exp))-(?P<day>\d{2}-\d{2})(?!\d)")
_DAY_CHARS = len("20260131")
_ARN = re.compile(r"arn:aws[\w-]*:bedrock:[^/]*/(?P<name>.+)")
_AWS_REGION = re.compile(r"^(?:[a-z]{2}(?:-[a-z]+)+-\d/)?(?:\d+-month-commitment/)?")
_GOVCLOUD = re.compile(r"(?:bedrock/)?us-gov[.-]|arn:aws-us-gov:")
"""GovCloud asks other prices than its neighbours: its names mean what is exactly told of them, or nothing."""
_REGIONAL = re.compile(
    r"(?:bedrock/)?(?:[a-z]{2}(?:-[a-z]+)+-\d/|(?:eu|apac|jp|us-gov)\.(?:amazon|meta|nvidia)\.)"
)
"""Names of Bedrock that say a region in which another price is asked."""
_PUBLISHER = re.compile(r"(?:projects/[^/]+/locations/[^/]+/)?publishers/[^/]+/models/")
_COMPACT_DATE = re.compile(r"(-)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


@dataclass(frozen=True)
class DatedModel:
    """A model of the book that a name means for a time only."""

    price_model: str
    rule: str
    valid_from: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True)
class PriceName:
    """The model of the price book that a call's names mean, and by which rule."""

    price_model: str | None
    rule: str
    """own_price, alias, dated_name, response_model, request_model, gap_filler, or why there is none: no_model,
    unknown_provider, unknown_model, unknown_snapshot."""
    dated: tuple[DatedModel, ...] = ()
    """What the names mean instead at some times; the first that holds counts."""


class NameResolver:
    """Finds models of the book by provider and model names, each distinct triple once a day.

    The day counts, as a snapshot of one that is still to come is refused until then.
    """

    def __init__(
        self,
        own: OwnPrices | None = None,
        names: Sequence[DatedName] = (),
        gaps: Mapping[tuple[str, str], str] | None = None,
        providers: Sequence[Provider] | None = None,
        unsold: Sequence[str] = (),
        snapshots: Mapping[str, frozenset[str]] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._own = own or OwnPrices()
        self._names = names
        self._gaps = gaps or {}
        self._listed = providers
        self._unsold = unsold
        self._snapshots = snapshots or {}
        self._clock = clock
        self._cache: dict[tuple[str | None, ...], PriceName] = {}
        self._providers: dict[str, Provider] | None = None

    def resolve(
        self, provider: str | None, request_model: str | None, response_model: str | None
    ) -> PriceName:
        """Return the book's model: the user's own, else by the model that answered, else by the one asked for."""
        key = (self._today(), provider, request_model, response_model)
        known = self._cache.get(key)
        if known is None:
            if len(self._cache) >= MAX_CACHED:
                self._cache.clear()
            known = self._cache[key] = self._resolve(provider, request_model, response_model)
        return known

    def _resolve(
        self, provider: str | None, request_model: str | None, response_model: str | None
    ) -> PriceName:
        spoken = (provider or "").strip().lower()
        asked = [
            (name.strip().lower(), rule)
            for name, rule in ((response_model, "response_model"), (request_model, "request_model"))
            if name and len(name) <= MAX_NAME_CHARS
        ]
        if not asked:
            return PriceName(None, "unknown_model" if request_model or response_model else "no_model")
        dated = [*self._own_prices(spoken, asked), *self._aliases(spoken, asked)]
        found = self._find(spoken, asked, dated)
        undated = next((one for one in dated if one.valid_from is None and one.valid_until is None), None)
        if undated is None:
            return PriceName(found.price_model, found.rule, tuple(dated))
        return PriceName(undated.price_model, undated.rule, tuple(dated[: dated.index(undated)]))

    def _own_prices(self, spoken: str, asked: Sequence[tuple[str, str]]) -> Iterator[DatedModel]:
        """Yield the user's entries for these names, those that say most first."""
        fitting = [
            entry
            for entry in self._own.models
            if is_provider(entry.provider, spoken) and any(matches(entry.model, name) for name, _ in asked)
        ]
        fitting.sort(key=lambda entry: (entry.provider is None, "*" in entry.model, -len(entry.model)))
        for entry in fitting:
            yield DatedModel(entry.price_model, "own_price", entry.span.valid_from, entry.span.valid_until)

    def _aliases(self, spoken: str, asked: Sequence[tuple[str, str]]) -> Iterator[DatedModel]:
        for alias in self._own.aliases:
            if any(matches(alias.name, name) for name, _ in asked):
                model = alias.model.strip().lower()
                behind: list[DatedModel] = []
                found = self._find(alias.provider or spoken, [(model, "alias")], behind)
                for one in (*self._own_prices(alias.provider or spoken, [(model, "")]), *behind):
                    first = max(filter(None, (one.valid_from, alias.span.valid_from)), default=None)
                    last = min(filter(None, (one.valid_until, alias.span.valid_until)), default=None)
                    if first is None or last is None or first < last:
                        yield DatedModel(one.price_model, one.rule, first, last)
                if found.price_model is not None:
                    yield DatedModel(
                        found.price_model, "alias", alias.span.valid_from, alias.span.valid_until
                    )

    def _find(self, spoken: str, asked: Sequence[tuple[str, str]], dated: list[DatedModel]) -> PriceName:
        """Return what the names mean in the book; what they mean for a time is added to `dated`."""
        rule = "unknown_model"
        for name, found in asked:
            home, bare = self._find_provider(spoken, name)
            maker = provider_id(spoken) if home is None else home.id
            forms = list(_forms_of(bare, maker))
            for form in filter(_REGIONAL.match, forms):
                if regional := self._gaps.get((maker, form.removeprefix("bedrock/"))):
                    return PriceName(regional, "gap_filler")
            # A snapshot is never what the name without its date meant on that day.
            spelled = [form for form in forms if _DATE_TAIL.search(form)] or forms
            for entry in self._names:
                if any(entry.means(maker, spoken, form) for form in spelled):
                    if entry.valid_from is None and entry.valid_until is None:
                        return PriceName(entry.price_model, found)
                    dated.append(
                        DatedModel(entry.price_model, "dated_name", entry.valid_from, entry.valid_until)
                    )
            if home is None:
                rule = "unknown_model" if spoken in GATEWAYS else "unknown_provider"
                continue
            if home.id == "aws" and _GOVCLOUD.match(bare):
                continue
            if self._is_unheard_of(name):
                rule = "unknown_snapshot"
                continue
            for form in forms:
                model = self._find_model(home, form)
                if model is not None:
                    return PriceName(f"{model[0].id}/{model[1].id}", found)
        for name, _ in asked:
            if (gap := self._find_gap(spoken, name)) and not self._is_unheard_of(name):
                return PriceName(gap, "gap_filler")
        return PriceName(None, rule)

    def _find_gap(self, spoken: str, name: str) -> str | None:
        """Return the gap filler's model: the provider said so, or the name does, and the name is exactly one of its."""
        head, _, rest = name.partition("/")
        home = provider_id(spoken)
        pairs = [(home, name)] if spoken not in GATEWAYS else []
        if spoken in GATEWAYS or PROVIDERS.get(head, head) == home:
            pairs.append((PROVIDERS.get(head, head), rest))
        for provider, model in pairs:
            for form in _forms_of(model, provider):
                if found := self._gaps.get((provider, form)):
                    return found
        return None

    def _catalogue(self) -> dict[str, Provider]:
        if self._providers is None:
            if self._listed is None:
                from genai_prices.data_snapshot import get_snapshot

                self._listed = get_snapshot().providers
            self._providers = {provider.id: provider for provider in self._listed}
        return self._providers

    def _find_provider(self, spoken: str, name: str) -> tuple[Provider | None, str]:
        """Return the provider, and the model's name without the provider in front."""
        catalogue = self._catalogue()
        if spoken not in GATEWAYS:
            return catalogue.get(provider_id(spoken)), name
        head, slash, rest = name.partition("/")
        named = catalogue.get(PROVIDERS.get(head, head)) if slash else None
        if named is not None:
            return named, rest
        if _BEDROCK.match(name) and "aws" in catalogue:
            return catalogue["aws"], name
        for provider in catalogue.values():
            if provider.model_match is not None and provider.model_match.is_match(name):
                return provider, name
        for maker in MAKERS:
            found = catalogue.get(maker)
            if found is not None and any(model.id.lower() == name for model in found.models):
                return found, name
        return None, name

    def _find_model(self, provider: Provider, name: str) -> tuple[Provider, ModelInfo] | None:
        others = AZURE_MAKERS if provider.id == "azure" else provider.fallback_model_providers or ()
        for place in (
            provider,
            *(self._catalogue()[other] for other in others if other in self._catalogue()),
        ):
            for model in place.models:
                if model.id.lower() == name:
                    return None if self._is_unsold(place, model) else (place, model)
            for model in place.models:
                if not model.is_match(name):
                    continue
                if is_version(model.match, name):
                    return None if self._is_unsold(place, model) else (place, model)
        return None

    def _is_unheard_of(self, name: str) -> bool:
        """Return whether a name is a snapshot of a day that its maker has no snapshot of: those differ in price.

        Of models whose snapshots nobody listed, as an updated catalogue may bring them, only days to come are refused.
        """
        found = _SNAPSHOT.search(name) or _PREVIEW.search(name)
        if found is None:
            return False
        day = found["day"].replace("-", "")
        if len(day) == _DAY_CHARS and day > self._today():
            return True
        known = self._snapshots.get(found["model"])
        return known is not None and day not in known

    def _today(self) -> str:
        return f"{self._clock():%Y%m%d}"

    def _is_unsold(self, place: Provider, model: ModelInfo) -> bool:
        return any(fnmatchcase(f"{place.id}/{model.id}", pattern) for pattern in self._unsold)


def provider_id(spoken: str) -> str:
    """Return the book's provider of a provider's name as OTel, an SDK or a gateway spells it.

    >>> provider_id("openai.responses"), provider_id("amazon-bedrock"), provider_id("x_ai")
    ('openai', 'aws', 'x-ai')
    """
    for name in (spoken, spoken.replace("-", "_"), spoken.rpartition(".")[0], spoken.partition(".")[0]):
        if name in PROVIDERS:
            return PROVIDERS[name]
    head, dot, tail = spoken.partition(".")
    return head if dot and tail in _ENDPOINTS else spoken


def is_provider(wanted: str | None, spoken: str) -> bool:
    """Return whether a provider is the wanted one, however either is spelled."""
    return wanted is None or wanted == spoken or provider_id(wanted) == provider_id(spoken)


def matches(pattern: str, name: str) -> bool:
    """Return whether a name is the pattern, or one that its asterisks take in."""
    return pattern == name or fnmatchcase(name, pattern)


def _forms_of(name: str, provider: str) -> Iterator[str]:
    """Yield the spellings of a model's name, from what was sent to its bare form."""
    yield name
    bare = name
    arn = _ARN.fullmatch(bare)
    if arn:
        bare = arn["name"]
    bare = _PUBLISHER.sub("", bare, count=1)
    for tail in ("[1m]", ":beta", "@default"):
        bare = bare.removesuffix(tail)
    for head in ("bedrock/", "converse/", "invoke/", "models/", f"{provider}/"):
        bare = bare.removeprefix(head)
    if provider == "aws":
        bare = _AWS_REGION.sub("", bare)
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
