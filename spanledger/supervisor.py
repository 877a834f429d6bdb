"""Keeps the front and the core process running: `python -P -m spanledger.supervisor PLAN`.

It imports next to nothing, because it lives as long as the installation does. PLAN is the JSON of a `Plan`.
A child that dies is started again with backoff; one that keeps dying ends everything with exit code 1.
SIGTERM or SIGINT stops the front first, so that the core can load what was acknowledged, then the core.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TextIO

MAX_DEATHS = 5
DEATH_WINDOW_S = 60.0
FIRST_BACKOFF_S = 0.1
LAST_BACKOFF_S = 5.0
STOP_TIMEOUT_S = 60.0
READY_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class ChildPlan:
    """How to start a child; `{wake_read}`, `{wake_write}` and `{life}` in `argv` become descriptors."""

    name: str
    argv: list[str]
    ready_address: str
    """`host:port` that answers `GET ready_path` with 200 when the child can work."""
    ready_path: str


@dataclass(frozen=True)
class Plan:
    """What to supervise, in the order of stopping, and what to say when all of it is ready."""

    children: list[ChildPlan]
    banner: str
    then: list[str] | None = None
    """A command to run beside the children once they are ready, such as the simulated agents."""

    def to_json(self) -> str:
        """Return the command-line form."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read the command-line form."""
        fields = json.loads(text)
        return cls([ChildPlan(**child) for child in fields["children"]], fields["banner"], fields["then"])


@dataclass
class Pipes:
    """Descriptors that outlive a child: to wake the core, and to see that the supervisor is gone."""

    wake_read: int
    wake_write: int
    life_read: int
    life_write: int

    @classmethod
    def open(cls) -> Pipes:
        """Make both pipes, non-blocking where a writer must never wait."""
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_read, False)
        os.set_blocking(wake_write, False)
        return cls(wake_read, wake_write, *os.pipe())


@dataclass
class Child:
    """One supervised process."""

    plan: ChildPlan
    pipes: Pipes
    process: asyncio.subprocess.Process | None = None
    deaths: deque[float] = field(default_factory=deque[float])

    async def start(self) -> asyncio.subprocess.Process:
        """Start the process with its descriptors."""
        numbers = {
            "{wake_read}": self.pipes.wake_read,
            "{wake_write}": self.pipes.wake_write,
            "{life}": self.pipes.life_read,
        }
        argv, passed = [], []
        for part in self.plan.argv:
            for name, number in numbers.items():
                if name in part:
                    part = part.replace(name, str(number))
                    passed.append(number)
            argv.append(part)
        self.process = await asyncio.create_subprocess_exec(*argv, pass_fds=passed, start_new_session=True)
        return self.process

    def keeps_dying(self, now: float) -> bool:
        """Record a death and say whether there were too many of late."""
        self.deaths.append(now)
        while self.deaths and now - self.deaths[0] > DEATH_WINDOW_S:
            self.deaths.popleft()
        return len(self.deaths) >= MAX_DEATHS

    async def stop(self) -> None:
        """Ask the process to end, and end it when it does not."""
        process = self.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await process.wait()


class Supervisor:
    """Runs a plan until it is told to stop or a child keeps dying."""

    def __init__(self, plan: Plan, *, out: TextIO = sys.stdout) -> None:
        self._plan = plan
        self._out = out
        pipes = Pipes.open()
        self._children = [Child(child, pipes) for child in plan.children]
        self._stopping = asyncio.Event()
        self._exit_code = 0

    async def run(self) -> int:
        """Supervise; return the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        keepers = [asyncio.create_task(self._keep(child)) for child in reversed(self._children)]
        ready = asyncio.create_task(self._announce())
        await self._stopping.wait()
        ready.cancel()
        for child in self._children:
            await child.stop()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(ready, *keepers, return_exceptions=True)
        return self._exit_code

    async def _keep(self, child: Child) -> None:
        while not self._stopping.is_set():
            process = await child.start()
            code = await process.wait()
            if self._stopping.is_set():
                return
            if code == 2 or child.keeps_dying(time.monotonic()):
                self._say(
                    f"the {child.plan.name} process ended with {code} and is given up; its log says why"
                )
                self._exit_code = 1
                self._stopping.set()
                return
            pause = min(FIRST_BACKOFF_S * 2 ** (len(child.deaths) - 1), LAST_BACKOFF_S)
            self._say(f"the {child.plan.name} process ended with {code}; it starts again in {pause:.1f} s")
            await asyncio.sleep(pause)

    async def _announce(self) -> None:
        started = time.monotonic()
        for child in self._plan.children:
            while not await _answers(child.ready_address, child.ready_path):
                if time.monotonic() - started > READY_TIMEOUT_S:
                    self._say(
                        f"the {child.name} process is not ready in {READY_TIMEOUT_S:.0f} s; its log says why"
                    )
                    return
                await asyncio.sleep(0.05)
        self._out.write(self._plan.banner.replace("{seconds}", f"{time.monotonic() - started:.1f}"))
        self._out.flush()
        if self._plan.then:
            companion = Child(ChildPlan("companion", self._plan.then, "", ""), self._children[0].pipes)
            self._children.insert(0, companion)
            await companion.start()

    def _say(self, text: str) -> None:
        sys.stderr.write(f"spanledger: {text}\n")


async def _answers(address: str, path: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except OSError:
        return False
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
        return b" 200 " in await asyncio.wait_for(reader.readline(), 2)
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()


def main() -> int:
    """Run the plan given as the only argument."""
    return asyncio.run(Supervisor(Plan.from_json(sys.argv[1])).run())


if __name__ == "__main__":
    sys.exit(main())
