"""How to connect an agent, as text to copy: the environment, Python, JavaScript, frameworks, coding agents."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Snippet:
    """One way to connect: its name, the text, its language, and what else there is to know."""

    name: str
    text: str
    language: str = "bash"
    note: str = ""


def list_snippets(otlp_http: str, otlp_grpc: str) -> list[Snippet]:
    """Return the ways to connect, with the addresses of this installation in them."""
    environment = (
        f"export OTEL_EXPORTER_OTLP_ENDPOINT={otlp_http}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
    )
    return [
        Snippet(
            "Anything with OpenTelemetry",
            environment,
            note=f"Over gRPC: endpoint {otlp_grpc}, protocol grpc. OpenInference, OpenLLMetry and the GenAI "
            "conventions are understood.",
        ),
        Snippet("Python", _PYTHON.format(url=otlp_http), "python", _NEEDS_PYTHON),
        Snippet("JavaScript", _JAVASCRIPT.format(url=otlp_http), "javascript", _NEEDS_JAVASCRIPT),
        Snippet(
            "LangChain, LlamaIndex, OpenAI SDK",
            _FRAMEWORKS.format(url=otlp_http),
            "python",
            "pip install traceloop-sdk. OpenInference's instrumentors work the same way.",
        ),
        Snippet("OpenAI Agents, Pydantic AI", _LOGFIRE.format(url=otlp_http), "python", _NEEDS_LOGFIRE),
        Snippet(
            "Claude Code",
            _CLAUDE_CODE.format(url=otlp_http),
            note="Set before `claude` is started. Content of prompts is sent only with OTEL_LOG_USER_PROMPTS=1.",
        ),
    ]  # fmt: skip


_NEEDS_PYTHON = "pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http"
_NEEDS_JAVASCRIPT = "npm install @opentelemetry/sdk-node @opentelemetry/exporter-trace-otlp-proto"
_NEEDS_LOGFIRE = "pip install logfire. Nothing is sent to anybody else."

_PYTHON = """from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter("{url}/v1/traces")))
trace.set_tracer_provider(provider)

with trace.get_tracer("my-agent").start_as_current_span("invoke_agent support") as span:
    span.set_attribute("gen_ai.operation.name", "invoke_agent")
    span.set_attribute("gen_ai.agent.name", "support")"""

_JAVASCRIPT = """import {{ NodeSDK }} from "@opentelemetry/sdk-node";
import {{ OTLPTraceExporter }} from "@opentelemetry/exporter-trace-otlp-proto";

const sdk = new NodeSDK({{
  serviceName: "my-agent",
  traceExporter: new OTLPTraceExporter({{ url: "{url}/v1/traces" }}),
}});
sdk.start();"""

_FRAMEWORKS = """from traceloop.sdk import Traceloop

Traceloop.init(app_name="my-agent", api_endpoint="{url}")"""

_LOGFIRE = """import os

os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "{url}"

import logfire

logfire.configure(service_name="my-agent", send_to_logfire=False)
logfire.instrument_openai_agents()  # or instrument_pydantic_ai()"""

_CLAUDE_CODE = """export CLAUDE_CODE_ENABLE_TELEMETRY=1
export OTEL_METRICS_EXPORTER=otlp
export OTEL_LOGS_EXPORTER=otlp
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_ENDPOINT={url}"""
