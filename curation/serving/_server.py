"""The model server: every model of this house behind the Open Inference Protocol, as one small ASGI application.

Nothing here computes. A request waits on its model's worker thread, so the event loop, and with it the health probe,
answers at any time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from curation.serving import _protocol
from curation.serving._batching import Overloaded
from curation.serving._local import LocalDriver
from curation.serving._registry import MODELS
from curation.serving.types import InferResponse, InvalidRequest, ModelNotFound, ModelUnavailable

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 16 * 1024 * 1024

Message = MutableMapping[str, Any]
Answer = tuple[int, dict[str, Any], dict[str, str]]


class BodyTooLarge(InvalidRequest):
    pass


class Application:
    def __init__(self, driver: LocalDriver) -> None:
        self.driver = driver

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        status, document, headers = await self._answer(scope["method"], scope["path"], receive)
        body = _protocol.dump(document)
        fields = {"content-type": "application/json", "content-length": str(len(body)), **headers}
        raw = [(name.encode(), value.encode()) for name, value in fields.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})

    async def _live(
        self, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                for name in self.driver.models:
                    self.driver.worker(name)  # loads on a thread of its own: the port answers at once
                await send({"type": "lifespan.startup.complete"})
            else:
                await asyncio.to_thread(self.driver.close)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, method: str, path: str, receive: Callable[[], Awaitable[Message]]) -> Answer:
        try:
            return await self._route(method, [part for part in path.split("/") if part], receive)
        except ModelNotFound as error:
            return _trouble(404, error)
        except BodyTooLarge as error:
            return _trouble(413, error)
        except InvalidRequest as error:
            return _trouble(400, error)
        except Overloaded as error:
            return _trouble(429, error, {"retry-after": str(error.retry_after_seconds)})
        except ModelUnavailable as error:
            return _trouble(503, error, {"retry-after": "1"})
        except Exception as error:
            logger.exception("%s %s failed", method, path)
            return _trouble(500, error)

    async def _route(self, method: str, parts: list[str], receive: Callable[[], Awaitable[Message]]) -> Answer:
        if (len(parts) == 6 and parts[3] == "versions") or (len(parts) == 5 and parts[3] == "versions"):
            self._check_version(parts[2], parts[4])
            parts = parts[:3] + parts[5:]
        reading = method in ("GET", "HEAD")
        match parts:
            case ["v2"] if reading:
                return 200, {"name": "gyeol", "version": "1", "extensions": []}, {}
            case ["v2", "health", "live"] if reading:
                return 200, {"live": True}, {}
            case ["v2", "health", "ready"] if reading:
                ready = all(self.driver.worker(name).is_ready for name in self.driver.models)
                return (200 if ready else 503), {"ready": ready}, {}
            case ["v2", "models", name] if reading:
                return 200, _protocol.spec_document(self.driver.spec(name)), {}
            case ["v2", "models", name, "ready"] if reading:
                ready = self.driver.worker(name).is_ready
                return (200 if ready else 503), {"name": name, "ready": ready}, {}
            case ["v2", "models", name, "infer"] if method == "POST":
                return 200, await self._infer(name, await _body(receive)), {}
            case ["v2"] | ["v2", "health", "live" | "ready"] | ["v2", "models", _] | ["v2", "models", _, "ready"]:
                return 405, {"error": f"{method} is not for this address; GET is"}, {"allow": "GET, HEAD"}
            case ["v2", "models", _, "infer"]:
                return 405, {"error": f"{method} is not for this address; POST is"}, {"allow": "POST"}
        return 404, {"error": "no such address in the Open Inference Protocol v2"}, {}

    def _check_version(self, name: str, version: str) -> None:
        if self.driver.spec(name).version != version:
            raise ModelNotFound(f"model {name!r} has version {self.driver.spec(name).version}, not {version!r}")

    async def _infer(self, name: str, body: bytes) -> dict[str, Any]:
        worker = self.driver.worker(name)
        document = _protocol.load(body)
        request, wanted = _protocol.read_request(document), _protocol.wanted_outputs(document)
        outputs = await asyncio.wrap_future(worker.submit(request))
        return _protocol.response_document(InferResponse(name, worker.model.spec.version, outputs, request.id), wanted)


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes:
    chunks, size = [], 0
    while True:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise BodyTooLarge(f"the body is larger than {MAX_BODY_BYTES} bytes; send several requests")
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


def _trouble(status: int, error: Exception, headers: dict[str, str] | None = None) -> Answer:
    return status, {"error": str(error) or type(error).__name__}, headers or {}


def _end_with_parent() -> None:
    """A worker whose main process was killed outright would keep the port for ever."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            threading.Event().wait(1.0)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def application() -> Application:
    """What granian's worker process calls, once."""
    _end_with_parent()
    return Application(LocalDriver(MODELS))


def serve(host: str, port: int) -> None:
    """Runs until SIGINT or SIGTERM."""
    from granian.constants import Interfaces
    from granian.server import Server

    Server(
        "curation.serving._server:application",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        factory=True,
        # Batching needs all callers in one process, and the weights should be in memory once.
        workers=1,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        process_name="gyeol-models",
        log_access=False,
    ).serve()
