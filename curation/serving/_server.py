"""The model server: every model of this house behind the Open Inference Protocol, as one small ASGI application.

Nothing here computes. A request waits on its model's worker thread, so the event loop, and with it the health probe,
answers at any time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any
from urllib.parse import unquote

from django.core.exceptions import ImproperlyConfigured

from curation.serving import _protocol
from curation.serving._batching import in_words
from curation.serving._engine import Engine
from curation.serving.types import (
    Cancelled,
    InferRequest,
    InvalidRequest,
    ModelFailed,
    ModelNotFound,
    Overloaded,
    ServingError,
)

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 16 * 1024 * 1024
LARGE_BODY_BYTES = 256 * 1024
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus' own name of its text format

SERVER = {"name": "gyeol", "version": "2", "extensions": ["model_repository", "progress", "cancel", "metrics"]}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Answer = tuple[int, Any, dict[str, str]]


class BodyTooLarge(InvalidRequest):
    pass


class NoSuchAddress(ModelNotFound):
    pass


class Application:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def __call__(self, scope: Message, receive: Receive, send: Callable[[Message], Awaitable[None]]) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        status, body, headers = await self._answer(scope["method"], _parts(scope), receive)
        fields = {"content-type": "application/json", "content-length": str(len(body)), **headers}
        raw = [(name.encode(), value.encode()) for name, value in fields.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})

    async def _live(self, receive: Receive, send: Callable[[Message], Awaitable[None]]) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await asyncio.to_thread(self.engine.start)  # which only begins: the port answers at once
                await send({"type": "lifespan.startup.complete"})
            else:
                await asyncio.to_thread(self.engine.close)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, method: str, parts: list[str], receive: Receive) -> tuple[int, bytes, dict[str, str]]:
        try:
            status, document, headers = await self._route(method, parts, receive)
            return status, document if isinstance(document, bytes) else _protocol.dump(document), headers
        except ServingError as error:
            status, document = _protocol.error_document(error)
            if isinstance(error, BodyTooLarge):
                status = 413
            headers = {"retry-after": str(error.retry_after_seconds)} if isinstance(error, Overloaded) else {}
            return status, _protocol.dump(document), headers
        except Exception as error:
            logger.exception("%s /%s failed", method, "/".join(parts))
            return 500, _protocol.dump({"error": in_words(error)}), {}

    async def _route(self, method: str, parts: list[str], receive: Receive) -> Answer:
        version = ""
        if len(parts) >= 5 and parts[:2] == ["v2", "models"] and parts[3] == "versions":
            version = parts[4]
            self.engine.models.model(parts[2], version)  # or there is no such version
            parts = parts[:3] + parts[5:]
        verb, handle = self._address(parts, version)
        if method != verb and (verb, method) != ("GET", "HEAD"):
            allowed = "GET, HEAD" if verb == "GET" else verb
            return 405, {"error": f"{method} is not for this address; {verb} is"}, {"allow": allowed}
        return await handle(receive)

    def _address(self, parts: list[str], version: str) -> tuple[str, Callable[[Receive], Awaitable[Answer]]]:
        """The method that an address takes, and what answers."""
        match parts:
            case ["v2"]:
                return "GET", _said(SERVER)
            case ["v2", "health", "live"]:
                return "GET", _said({"live": True})
            case ["v2", "health", "ready"]:
                return "GET", self._is_ready
            case ["v2", "models", name]:
                return "GET", partial(self._describe, name, version)
            case ["v2", "models", name, "ready"]:
                return "GET", partial(self._is_model_ready, name, version)
            case ["v2", "models", name, "infer"]:
                return "POST", partial(self._infer, name, version)
            case ["v2", "models", name, "requests", request_id]:
                return "GET", partial(self._progress, name, request_id)
            case ["v2", "models", name, "requests", request_id, "cancel"]:
                return "POST", partial(self._cancel, name, request_id)
            case ["v2", "repository", "index"]:
                return "POST", self._index
            case ["v2", "repository", "models", name, "load" | "unload" as verb]:
                return "POST", partial(self._change, name, verb)
            case ["metrics"]:
                return "GET", self._metrics
        raise NoSuchAddress("no such address in the Open Inference Protocol v2")

    # -- The protocol ----------------------------------------------------------------------------------------

    async def _is_ready(self, receive: Receive) -> Answer:
        """With everything essential: a failed caption model is told in the index, and takes no site off the air."""
        states = await asyncio.to_thread(self.engine.states)
        essential = {(each.spec.name, each.spec.version) for each in self.engine.models if each.is_essential}
        ready = all(each.state == "ready" for each in states if (each.name, each.version) in essential)
        return (200 if ready else 503), {"ready": ready}, {}

    async def _is_model_ready(self, name: str, version: str, receive: Receive) -> Answer:
        version = version or (await asyncio.to_thread(self.engine.versions, name))[-1].version
        states = await asyncio.to_thread(self.engine.states)
        ready = any((each.name, each.version, each.state) == (name, version, "ready") for each in states)
        return (200 if ready else 503), {"name": name, "ready": ready}, {}

    async def _describe(self, name: str, version: str, receive: Receive) -> Answer:
        specs = await asyncio.to_thread(self.engine.versions, name)
        spec = self.engine.models.model(name, version).spec if version else specs[-1]
        return 200, _protocol.spec_document(spec, [each.version for each in specs]), {}

    async def _infer(self, name: str, version: str, receive: Receive) -> Answer:
        self.engine.models.versions(name)  # or there is no such model, whatever the body says
        body = await _body(receive)
        # A large body takes seconds to read; the health probe must not wait for it.
        request, wanted = await asyncio.to_thread(_read, body) if len(body) > LARGE_BODY_BYTES else _read(body)
        answer = asyncio.ensure_future(self.engine.answer(name, version, request))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise Cancelled("the caller has gone")
            return 200, _dumped(name, _protocol.response_document(answer.result(), wanted)), {}
        finally:
            answer.cancel()
            gone.cancel()

    # -- Extensions ------------------------------------------------------------------------------------------

    async def _progress(self, name: str, request_id: str, receive: Receive) -> Answer:
        progress = await asyncio.to_thread(self.engine.progress, name, request_id)
        if progress is None:
            raise ModelNotFound(f"model {name!r} has no request {request_id!r}, or no longer")
        return 200, _protocol.progress_document(progress), {}

    async def _cancel(self, name: str, request_id: str, receive: Receive) -> Answer:
        if not await asyncio.to_thread(self.engine.cancel, name, request_id):
            raise ModelNotFound(f"model {name!r} has no request {request_id!r}, or no longer")
        return 200, {}, {}

    async def _index(self, receive: Receive) -> Answer:
        only_ready = _protocol.load(await _body(receive) or b"{}").get("ready") is True
        states = await asyncio.to_thread(self.engine.states)
        return 200, _protocol.index_document(each for each in states if each.state == "ready" or not only_ready), {}

    async def _change(self, name: str, verb: str, receive: Receive) -> Answer:
        """Loads or unloads, and answers when that is done."""
        version = _protocol.wanted_version(_protocol.load(await _body(receive) or b"{}"))
        change = self.engine.load if verb == "load" else self.engine.unload
        for done in await asyncio.to_thread(change, name, version):
            # Whoever asked may go away; the model is loaded all the same.
            await asyncio.shield(asyncio.wrap_future(done))
        return 200, {}, {}

    async def _metrics(self, receive: Receive) -> Answer:
        return 200, await asyncio.to_thread(self.engine.metrics), {"content-type": METRICS_TYPE}


def _parts(scope: Message) -> list[str]:
    """Of the address, each unquoted by itself: a request's id may hold a slash."""
    raw: bytes | None = scope.get("raw_path")
    if raw is None:
        return [part for part in scope["path"].split("/") if part]
    return [unquote(part) for part in raw.partition(b"?")[0].decode("latin-1").split("/") if part]


def _read(body: bytes) -> tuple[InferRequest, list[str]]:
    document = _protocol.load(body)
    return _protocol.read_request(document), _protocol.wanted_outputs(document)


def _dumped(name: str, document: dict[str, Any]) -> bytes:
    try:
        return _protocol.dump(document)
    except InvalidRequest as error:  # it is not the caller's fault
        raise ModelFailed(f"model {name!r} gave what cannot be told: {error}") from error


def _said(document: dict[str, Any]) -> Callable[[Receive], Awaitable[Answer]]:
    async def handle(receive: Receive) -> Answer:
        return 200, document, {}

    return handle


async def _gone(receive: Receive) -> None:
    """Until the caller closes the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> bytes:
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":  # what came of it is not what was meant
            raise Cancelled("the caller has gone")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise BodyTooLarge(f"the body is larger than {MAX_BODY_BYTES} bytes; send several requests")
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


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
    from curation.serving._local import LocalDriver
    from curation.serving._metrics import Metrics

    _end_with_parent()
    return Application(LocalDriver(watcher=Metrics()))


def check_port(host: str, port: int) -> None:
    """Raises ImproperlyConfigured when this machine cannot listen there."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise ImproperlyConfigured(f"cannot listen on {host}:{port}: {error.strerror}") from None


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
