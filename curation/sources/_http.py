"""The one way to the network: every hop guarded, the connected address checked, size and time bounded."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx
from django.conf import settings

from curation.sources._guard import check_address, check_url, is_opened
from curation.sources.types import Document, FetchFailed, FetchingIsOff

DEADLINE_FACTOR = 3  # × FETCH_TIMEOUT_SECONDS for a whole visit, redirects included
HOST_GAP_SECONDS = 1.0  # between two visits of this process to one public host
HOSTS_REMEMBERED = 2000
CHUNK_BYTES = 64 * 1024
MAX_RETRY_AFTER_SECONDS = 7 * 24 * 3600
PERMANENT = (301, 308)
REDIRECTS = (301, 302, 303, 307, 308)

_transports: dict[str, httpx.BaseTransport] = {}
_last_visits: OrderedDict[str, float] = OrderedDict()
_last_visits_lock = threading.Lock()


def register_transport(host_suffix: str, transport: httpx.BaseTransport) -> None:
    """Documents of `host_suffix` and its subdomains come from `transport`, never from the network."""
    _transports[host_suffix.lower()] = transport


def unregister_transport(host_suffix: str) -> None:
    _transports.pop(host_suffix.lower(), None)


def has_own_transport(url: str) -> bool:
    return _own_transport(url) is not None


def get(
    url: str,
    *,
    accept: str,
    may_fetch: bool,
    etag: str = "",
    last_modified: str = "",
    within: float | None = None,
) -> Document:
    """A document with status 200 or 304, `within` so many seconds where somebody waits for it.

    Raises FetchFailed, or one of its kinds, with a reason in words.
    """
    deadline = time.monotonic() + (DEADLINE_FACTOR * settings.FETCH_TIMEOUT_SECONDS if within is None else within)
    headers = {"User-Agent": settings.FETCH_USER_AGENT, "Accept": accept, "Accept-Encoding": "gzip"}
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    moved_to, only_permanent = "", True
    for _ in range(settings.FETCH_MAX_REDIRECTS + 1):
        step = _visit(url, headers, deadline, may_fetch)
        if isinstance(step, Document):
            return replace(step, moved_to=moved_to)
        url, status = step
        only_permanent = only_permanent and status in PERMANENT
        if only_permanent:
            moved_to = url
    raise FetchFailed(f"more than {settings.FETCH_MAX_REDIRECTS} redirects")


def unpack(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """The body, decompressed as it arrives; raises FetchFailed as soon as either form is larger than `limit` bytes."""
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise FetchFailed(f"the answer is packed as {encoding[:20]}, which was not asked for")
    inflater = None if encoding in ("", "identity") else zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)
    body, packed_size = bytearray(), 0
    for chunk in chunks:
        packed_size += len(chunk)
        try:
            body += inflater.decompress(chunk, limit + 1 - len(body)) if inflater else chunk
        except zlib.error:
            raise FetchFailed("the packed answer is damaged") from None
        if len(body) > limit or packed_size > limit:
            raise FetchFailed(f"larger than {limit // 1024} KiB")
    return bytes(body)


def _visit(url: str, headers: dict[str, str], deadline: float, may_fetch: bool) -> Document | tuple[str, int]:
    """One request: the document, or where a redirect leads and with which status."""
    transport = _own_transport(url)
    if transport is None:
        if not may_fetch:
            raise FetchingIsOff("fetching from the internet is switched off")
        allowed = settings.FETCH_ALLOW_NETWORKS
        host = check_url(url, allowed=allowed)
        if not is_opened(host, allowed=allowed):
            _wait_for_turn(host, deadline)
        transport = _GuardedTransport(deadline, allowed)
    timeout = httpx.Timeout(settings.FETCH_TIMEOUT_SECONDS)
    try:
        with (
            httpx.Client(transport=transport, timeout=timeout, trust_env=False) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            if response.status_code in REDIRECTS and "location" in response.headers:
                return _redirected(url, response.headers["location"]), response.status_code
            return _read(url, response, deadline)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, UnicodeError) as error:
        raise FetchFailed(_in_words(error)) from None


def _redirected(url: str, location: str) -> str:
    try:
        return urljoin(url, location.strip())
    except ValueError:
        raise FetchFailed("the server redirects to what is no address") from None


def _read(url: str, response: httpx.Response, deadline: float) -> Document:
    headers, status = response.headers, response.status_code
    if status not in (200, 304):
        raise FetchFailed(
            f"the server answered {status} {response.reason_phrase}".strip(),
            status=status,
            retry_after=_retry_after(headers.get("retry-after", "")),
        )
    encoding = headers.get("content-encoding", "").strip().lower()
    chunks = _until(deadline, response.iter_raw(CHUNK_BYTES))
    body = b"" if status == 304 else unpack(chunks, encoding, settings.FETCH_MAX_BYTES)
    fresh_for = re.search(r"\bmax-age=(\d{1,9})\b", headers.get("cache-control", ""))
    return Document(
        url=url,
        status=status,
        content_type=headers.get("content-type", ""),
        body=body,
        etag=_short(headers.get("etag", ""), 500),
        last_modified=_short(headers.get("last-modified", ""), 100),
        max_age=int(fresh_for[1]) if fresh_for else None,
    )


class _GuardedTransport(httpx.HTTPTransport):
    """A transport that looks names up itself, refuses addresses inside networks, and connects to what it checked."""

    def __init__(self, deadline: float, allowed: Iterable[str]) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        # httpx has no public way to give its pool a network backend.
        self._pool = httpcore.ConnectionPool(
            ssl_context=_tls(), max_connections=1, network_backend=_GuardedBackend(deadline, tuple(allowed))
        )


class _GuardedBackend(httpcore.NetworkBackend):
    def __init__(self, deadline: float, allowed: tuple[str, ...]) -> None:
        self._deadline = deadline
        self._allowed = allowed
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        addresses = self._resolve(host, port)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                # The address that was checked is the address that is connected to: a second look-up could differ.
                # Host header and TLS name still come from the URL.
                stream = self._sockets.connect_tcp(address, port, self._left(timeout), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failure

    def _resolve(self, host: str, port: int) -> list[str]:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError(f"{host} is not known to the name server") from None
        addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
        for address in addresses:  # one inside address is enough to distrust the name
            check_address(address, allowed=self._allowed)
        return addresses

    def _left(self, timeout: float | None) -> float:
        return _seconds_left(self._deadline, timeout, httpcore.ConnectTimeout)


class _TimedStream(httpcore.NetworkStream):
    """A stream that also ends at the visit's deadline: a server that sends a byte now and then cannot hold us."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _seconds_left(self._deadline, timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _seconds_left(self._deadline, timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _seconds_left(self._deadline, timeout, httpcore.ConnectTimeout)
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _seconds_left(deadline: float, timeout: float | None, error: type[Exception]) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise error("the whole visit took too long")
    return left if timeout is None else min(left, timeout)


def _until(deadline: float, chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        if time.monotonic() > deadline:
            raise FetchFailed("the server took too long")
        yield chunk


def _wait_for_turn(host: str, deadline: float) -> None:
    with _last_visits_lock:
        now = time.monotonic()
        turn = max(now, _last_visits.get(host, 0.0) + HOST_GAP_SECONDS)
        if turn > deadline:
            raise FetchFailed(f"too many visits to {host} are waiting")
        _last_visits[host] = turn
        _last_visits.move_to_end(host)
        while len(_last_visits) > HOSTS_REMEMBERED:
            _last_visits.popitem(last=False)
    time.sleep(turn - now)


def _own_transport(url: str) -> httpx.BaseTransport | None:
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return None
    for suffix, transport in _transports.items():
        if f".{host}".endswith(f".{suffix}"):
            return _Kept(transport)
    return None


class _Kept(httpx.BaseTransport):
    """Lets many clients, which close what they were given, use one transport."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._transport.handle_request(request)
        # A response made in this process has often been read already; its stream can still be.
        return httpx.Response(response.status_code, headers=response.headers, stream=response.stream)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _retry_after(value: str) -> int | None:
    """Seconds, from either form of the header (RFC 9110, 10.2.3)."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:10]), MAX_RETRY_AFTER_SECONDS)
    try:
        seconds = parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return max(0, min(int(seconds), MAX_RETRY_AFTER_SECONDS))


def _in_words(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "the server took too long"
    if isinstance(error, httpx.ConnectError):
        return f"no connection: {error}"[:300]
    return f"{type(error).__name__}: {error}".rstrip(": ")[:300]


def _short(value: str, limit: int) -> str:
    """A validator that does not fit in whole is worth nothing."""
    return value if len(value) <= limit and value.isprintable() else ""
