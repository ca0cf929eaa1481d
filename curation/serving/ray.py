"""`python -m curation.serving.ray`: the same models as deployments of Ray Serve, behind the same addresses.

For what one machine cannot carry: replicas come and go with the load, on any node of a Ray cluster whose environment
has this code, its settings and the models' files. Ray is imported only inside functions: without this module nobody
needs it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import os
import secrets
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from curation.serving import _registry
from curation.serving._batching import (
    LONGEST_RETRY_SECONDS,
    Batch,
    Waiting,
    Watcher,
    free,
    in_words,
    load,
    sharing,
    too_late,
)
from curation.serving._registry import Registry
from curation.serving.types import (
    Cancelled,
    DeadlineExceeded,
    InferRequest,
    InferResponse,
    Model,
    ModelSpec,
    ModelState,
    ModelUnavailable,
    Overloaded,
    Progress,
    ServingError,
    Tensor,
)

logger = logging.getLogger("curation.serving.ray")

INSTALL = 'Ray is not installed here: pip install "ray[serve]"'
NAMESPACE = "gyeol"
DOOR = "gyeol-door"  # the application that speaks the protocol, and the actor that its parts share
DEPLOYMENT = "model"  # of every other application
LOADING_SECONDS = 600
LOAD_ATTEMPTS = 1  # a corrupt file stays corrupt; POST …/load tries again
FINISHING_SECONDS = 600  # for what an unloaded model still computes: a diffusion on a busy processor takes minutes
ENDING_SECONDS = 10  # for applications to go when this process does
ANSWERING_SECONDS = 10  # for the board's answers, which are ready
HEALTH_SECONDS = 2  # how soon Serve sees that a replica's process has died; whoever it computed for waits for the next
OBJECT_STORE_BYTES = 100 * 1024 * 1024
LOST_REPLICAS = 1  # survived by asking again; a request that ends its replica each time must not do so for ever
TROUBLE = ("DEPLOY_FAILED", "UNHEALTHY")  # what Serve calls it
LOOKING_SECONDS = 0.3  # between two looks at what loads or ends
DOOR_REQUESTS = 10_000  # they only wait; the models' own queues are bounded
# Each request with an id holds one call to the board. Its short calls must never wait for those to end.
BOARD_CALLS = 2 * DOOR_REQUESTS
STATES_SECONDS = 1.0  # how old a cluster's answer about its applications may be
TELLING_SECONDS = 0.1  # between two reports of one computation's progress
BATCHES_AT_THE_THREAD = 64
WEIGHT_OF_THE_LATEST = 0.3  # in the running mean of how long an answer takes
_LOGGING = {"log_level": "WARNING", "enable_access_log": False}
# Nothing is reported to Ray's makers, and each process keeps its log to a file.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_SERVE_LOG_TO_STDERR": "0", "RAY_DEDUP_LOGS": "0"}


@dataclass(frozen=True)
class Scale:
    """How large a deployment may grow, and what each replica of it takes."""

    max_replicas: int = 1
    cpus: float = 0.1
    gpus: Mapping[str, float] = field(default_factory=dict)  # by the model's name


# -- The board: what the parts of the door tell each other ---------------------------------------------------


@dataclass
class Followed:
    """A request that can be followed and called off."""

    name: str
    request_id: str
    progress: Progress = field(default_factory=lambda: Progress(0, 0, "waiting"))
    called_off: asyncio.Event = field(default_factory=asyncio.Event)


class Board:
    """One small actor: how far requests are, which are called off, why models failed, and all counts for Prometheus."""

    def __init__(self) -> None:
        from curation.serving._metrics import Metrics

        self._metrics = Metrics()
        self._asked: dict[tuple[str, str], int] = {}
        self._followed: dict[str, Followed] = {}  # by a key of the door's own: callers may choose one id twice
        self._failures: dict[tuple[str, str], str] = {}  # by model and version

    async def asked(self, name: str, version: str) -> None:
        self._asked[name, version] = self._asked.get((name, version), 0) + 1

    async def answered(self, name: str, version: str, outcome: str) -> None:
        # Never below 0: a board that was started again has not heard of those who asked before.
        self._asked[name, version] = max(0, self._asked.get((name, version), 0) - 1)
        self._metrics.answered(name, version, outcome)

    async def follow(self, key: str, name: str, request_id: str) -> bool:
        """Returns once the request is called off (True) or over (False)."""
        followed = self._followed[key] = Followed(name, request_id)
        await followed.called_off.wait()
        return key in self._followed

    async def tell(self, keys: Sequence[str], progress: Progress) -> None:
        for key in keys:
            if key in self._followed:
                self._followed[key].progress = progress

    async def over(self, key: str) -> None:
        if followed := self._followed.pop(key, None):
            followed.called_off.set()

    async def progress(self, name: str, request_id: str) -> Progress | None:
        """Of the one that is computed, where several have this id."""
        told = [followed.progress for followed in self._named(name, request_id)]
        return next((progress for progress in told if progress.state == "running"), told[0] if told else None)

    async def cancel(self, name: str, request_id: str) -> bool:
        found = self._named(name, request_id)
        for followed in found:
            followed.called_off.set()
        return bool(found)

    def _named(self, name: str, request_id: str) -> list[Followed]:
        return [each for each in self._followed.values() if (each.name, each.request_id) == (name, request_id)]

    async def failed(self, name: str, version: str, reason: str) -> None:
        self._failures[name, version] = reason

    async def failures(self) -> dict[tuple[str, str], str]:
        return self._failures

    async def loaded(self, name: str, version: str, seconds: float) -> None:
        self._failures.pop((name, version), None)
        self._metrics.loaded(name, version, seconds)

    async def computed(self, name: str, version: str, rows: int, queued: Sequence[float], seconds: float) -> None:
        self._metrics.computed(name, version, rows, queued, seconds)

    async def metrics(self, states: Sequence[ModelState]) -> bytes:
        return self._metrics.text(states, self._asked)


class BoardWatcher(Watcher):
    """Tells the board and waits for nothing."""

    def __init__(self, board: Any) -> None:
        self._board = board

    def loaded(self, name: str, version: str, seconds: float) -> None:
        self._board.loaded.remote(name, version, seconds)

    def computed(self, name: str, version: str, rows: int, queued: Sequence[float], seconds: float) -> None:
        self._board.computed.remote(name, version, rows, queued, seconds)

    def answered(self, name: str, version: str, outcome: str) -> None:
        self._board.answered.remote(name, version, outcome)


def _board() -> Any:
    import ray

    options = {"num_cpus": 0, "lifetime": "detached", "max_restarts": -1, "max_concurrency": BOARD_CALLS}
    return ray.remote(Board).options(name=DOOR, namespace=NAMESPACE, get_if_exists=True, **options).remote()


# -- Replicas: one version of a model in a process of the cluster --------------------------------------------


class Replica:
    """Computes on one thread of its own, never on the event loop that Serve's health checks need."""

    def __init__(self, name: str, version: str) -> None:
        _set_up_in_cluster()
        from ray import serve

        self._model = model = _registry.models().model(name, version)
        self._board = _board()
        self._watcher = BoardWatcher(self._board)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"model-{name}")
        self._pending: list[Waiting] = []
        self._told_at = 0.0
        try:
            self._compute = self._thread.submit(load, model, self._watcher).result()
        except BaseException as error:
            self._board.failed.remote(name, version, f"it could not be loaded: {in_words(error)}")
            raise

        @serve.batch(
            max_batch_size=model.batching.max_rows,
            batch_wait_timeout_s=model.batching.window_seconds,
            batch_size_fn=self._size,
            max_concurrent_batches=BATCHES_AT_THE_THREAD,
        )
        async def together(batch: list[Waiting]) -> list[None]:
            # What was gathered while the thread computed is gathered once more, into as few computations as fit.
            self._pending.extend(batch)
            await asyncio.get_running_loop().run_in_executor(self._thread, self._compute_pending)
            return [None] * len(batch)

        self._together = together

    async def answer(self, request: InferRequest) -> tuple[Tensor, ...] | ServingError:
        """An error is an answer: raised, Ray would wrap it in pages of its own."""
        try:
            waiting = Waiting(request, self._model)
        except ServingError as error:
            return error
        try:
            await self._together(waiting)
            return waiting.result(0)
        except ServingError as error:
            return error
        finally:
            waiting.cancel()  # without effect where there is an answer: the caller went away

    def _size(self, batch: list[Waiting]) -> int:
        """In rows, with costs put to their scale. Whoever alone is too large counts as just fitting."""
        batching = self._model.batching
        shares = [sum(each.rows for each in batch) / batching.max_rows]
        if batching.max_cost is not None:
            shares.append(sum(each.cost for each in batch) / batching.max_cost)
        size = math.ceil(max(shares) * batching.max_rows)
        return min(size, batching.max_rows) if len(batch) == 1 else size

    def _compute_pending(self) -> None:
        while self._pending:
            waiting = list(self._pending)
            together, _ = sharing(waiting, self._model.batching)
            for each in together:
                self._pending.remove(each)
            began = time.monotonic()
            Batch(together, tell=self._tell).compute(self._compute)
            self._watcher.computed(
                self._model.spec.name,
                self._model.spec.version,
                sum(each.rows for each in together),
                [began - each.arrived for each in together],
                time.monotonic() - began,
            )

    def _tell(self, waiting: Sequence[Waiting], progress: Progress) -> None:
        keys = [each.request.id for each in waiting if each.request.id]  # which the door has put there
        if keys and time.monotonic() - self._told_at >= TELLING_SECONDS:
            self._told_at = time.monotonic()
            self._board.tell.remote(keys, progress)

    def __del__(self) -> None:
        free(getattr(self, "_compute", None))


# -- The engine ----------------------------------------------------------------------------------------------


class RayEngine:
    """Every version of a model is an application of its own: one that fails to load takes none of the others along."""

    def __init__(self, models: Registry, scale: Scale) -> None:
        self.models = models
        self._scale = scale
        self._board = _board()
        self._watcher = BoardWatcher(self._board)
        self._changes = ThreadPoolExecutor(4, thread_name_prefix="changes")
        self._changing = {_key(model): threading.Lock() for model in models}  # one change of a version at a time
        self._looked_at = -math.inf
        self._looking: asyncio.Task[list[ModelState]] | None = None
        self._states: Mapping[tuple[str, str], ModelState] = {}  # as they were then, by model and version
        self._seconds: dict[tuple[str, str], float] = {}  # what an answer takes lately
        self._handles: dict[tuple[str, str], Any] = {}

    def start(self) -> None:
        """Nothing: the command has deployed the models, and a door that starts again must not undo an unloading."""

    def deploy(self, models: Iterable[Model]) -> None:
        """Begins to load them."""
        from ray import serve

        with _asking(), _one_at_a_time:
            targets = [_target(model, self._scale) for model in models]
            if targets:
                serve.run_many(targets, wait_for_ingress_deployment_creation=False, wait_for_applications_running=False)

    def close(self) -> None:
        self._changes.shutdown(wait=False, cancel_futures=True)

    async def answer(self, name: str, version: str, request: InferRequest) -> InferResponse:
        """Of the version named, or of the last registered that has not failed or been unloaded."""
        candidates = [self.models.model(name, version)] if version else self.models.versions(name)[::-1]
        states = await self._lately()
        model = next((model for model in candidates if _is_usable(states[_key(model)])), candidates[0])
        version = model.spec.version
        self._board.asked.remote(name, version)
        with self._watcher.counting(name, version):
            _check_usable(states[_key(model)])
            Waiting(request, model)  # or it does not fit the model: that need not travel
            return InferResponse(name, version, await self._outputs(model, request), request.id)

    async def _outputs(self, model: Model, request: InferRequest) -> tuple[Tensor, ...]:
        from ray.exceptions import NodeDiedError, ObjectLostError, RayActorError
        from ray.serve.exceptions import BackPressureError

        name, began = model.spec.name, time.monotonic()
        until = None if request.timeout_seconds is None else began + request.timeout_seconds
        key = uuid.uuid4().hex if request.id else ""
        called_off = asyncio.ensure_future(self._called_off(key, name, request.id))
        lost = 0
        try:
            while True:
                computed = asyncio.ensure_future(self._computed(model, replace(request, id=key)))
                left = None if until is None else max(0.0, until - time.monotonic())
                try:
                    await asyncio.wait({computed, called_off}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                    if computed.done():
                        outputs = computed.result()
                        break
                    if called_off.done():
                        raise Cancelled(f"request {request.id!r} was cancelled")
                    raise DeadlineExceeded(too_late(request))
                except (RayActorError, NodeDiedError, ObjectLostError) as error:
                    # What is computed has no side effects, so it may be asked again, of another replica or the next.
                    lost += 1
                    if lost > LOST_REPLICAS:
                        raise ModelUnavailable(f"model {name!r} ended {lost} times over this request") from error
                finally:
                    computed.cancel()
        except BackPressureError:
            retry_after = max(1, min(LONGEST_RETRY_SECONDS, math.ceil(self._seconds.get(_key(model), 1.0))))
            raise Overloaded(f"model {name!r} has too many requests waiting", retry_after) from None
        except (ServingError, asyncio.CancelledError):
            raise
        except Exception as error:  # whatever Ray says of a model that cannot be reached
            logger.warning("model %r is away", name, exc_info=error)
            raise ModelUnavailable(f"model {name!r} is away: {type(error).__name__}") from error
        finally:
            called_off.cancel()
            if key:
                self._board.over.remote(key)
        if isinstance(outputs, ServingError):
            raise outputs
        took = time.monotonic() - began
        lately = self._seconds.get(_key(model), took)
        self._seconds[_key(model)] = lately + WEIGHT_OF_THE_LATEST * (took - lately)
        return outputs

    async def _computed(self, model: Model, request: InferRequest) -> tuple[Tensor, ...] | ServingError:
        """By one replica. Cancelling the task calls the computation off."""
        handle: Any = self._handles.get(_key(model))
        if handle is None:
            handle = await asyncio.to_thread(self._handle, model)
        response = handle.answer.remote(request)
        taken = asyncio.ensure_future(response._to_object_ref())  # once a replica has it
        try:
            # Serve lets a request wait for a replica for ever, also for one that will never come. But what a replica
            # has is finished, though the model be unloaded.
            while not (await asyncio.wait({taken}, timeout=LOOKING_SECONDS))[0]:
                _check_usable((await self._lately())[_key(model)])
            await taken  # or why none will take it
            outputs: tuple[Tensor, ...] | ServingError = await response
        except (asyncio.CancelledError, ModelUnavailable):
            with suppress(Exception):  # it was refused in the same moment
                response.cancel()
            raise
        finally:
            taken.cancel()
        return outputs

    async def _called_off(self, key: str, name: str, request_id: str) -> None:
        """Returns when somebody calls the request off, and never if nobody can: it has no id, or the board is away."""
        try:
            if key and await self._board.follow.remote(key, name, request_id):
                return
        except Exception as error:
            logger.warning("requests cannot be called off: %s", type(error).__name__)
        await asyncio.Event().wait()

    def versions(self, name: str) -> list[ModelSpec]:
        models = self.models.versions(name)
        states = {(state.name, state.version): state for state in self.states()}
        usable = [model for model in models if _is_usable(states[_key(model)])]
        return [model.spec for model in usable or models]

    def states(self) -> list[ModelState]:
        with _one_at_a_time:
            applications = _applications()
            if DOOR not in applications:
                raise ModelUnavailable("Ray Serve does not say what runs")
            found = [(model, applications.get(_application(*_key(model)))) for model in self.models]
            is_trouble = any(each is not None and each.status.value in TROUBLE for _, each in found)
            failures = self._told(self._board.failures.remote()) if is_trouble else {}
            states = [_state(model, each, failures.get(_key(model), "")) for model, each in found]
            self._states = {(state.name, state.version): state for state in states}
            self._looked_at = time.monotonic()
        return states

    def load(self, name: str, version: str = "") -> list[Future[None]]:
        return [self._changes.submit(self._change, self._load, model) for model in self._meant(name, version)]

    def unload(self, name: str, version: str = "") -> list[Future[None]]:
        return [self._changes.submit(self._change, self._unload, model) for model in self._meant(name, version)]

    def progress(self, name: str, request_id: str) -> Progress | None:
        self.models.versions(name)
        progress: Progress | None = self._told(self._board.progress.remote(name, request_id))
        return progress

    def cancel(self, name: str, request_id: str) -> bool:
        self.models.versions(name)
        return bool(self._told(self._board.cancel.remote(name, request_id)))

    def metrics(self) -> bytes:
        """Counts of the whole cluster; those that wait include those that are being computed."""
        return bytes(self._told(self._board.metrics.remote(self.states())))

    # -- Applications ----------------------------------------------------------------------------------------

    async def _lately(self) -> Mapping[tuple[str, str], ModelState]:
        """One look serves all who ask within a moment. A cluster too busy to answer is taken to be as it was."""
        if time.monotonic() - self._looked_at > STATES_SECONDS:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(asyncio.to_thread(self.states))
            try:
                async with asyncio.timeout(ANSWERING_SECONDS):
                    await asyncio.shield(self._looking)
            except (ModelUnavailable, TimeoutError) as error:
                if not self._states:
                    raise ModelUnavailable("the Ray cluster does not answer") from error
                logger.warning("the states of the models are those of a while ago: %s", error or "no answer in time")
                self._looked_at = time.monotonic()
        return self._states

    def _told(self, answer: Any) -> Any:
        import ray

        with _asking():
            return ray.get(answer, timeout=ANSWERING_SECONDS)

    def _handle(self, model: Model) -> Any:
        from ray import serve

        handle = self._handles[_key(model)] = serve.get_deployment_handle(DEPLOYMENT, _application(*_key(model)))
        return handle

    def _meant(self, name: str, version: str) -> list[Model]:
        return [self.models.model(name, version)] if version else self.models.versions(name)

    def _change(self, change: Callable[[Model], None], model: Model) -> None:
        try:
            with self._changing[_key(model)]:
                change(model)
        except ModelUnavailable as error:
            logger.error("%s, version %s: %s", *_key(model), error, exc_info=error.__cause__)
            raise

    def _load(self, model: Model) -> None:
        state = self._look(model)
        if state.state == "failed":
            self._unload(model)  # Serve would find nothing changed and leave it as it is
        if not _is_usable(state):
            self.deploy([model])
        _wait_until(lambda: self._look(model).state != "loading", LOADING_SECONDS)
        state = self._look(model)
        if state.state != "ready":
            raise ModelUnavailable(f"model {model.spec.name!r}: {state.reason or 'it is still loading'}")

    def _unload(self, model: Model) -> None:
        from ray import serve

        self._handles.pop(_key(model), None)
        with _asking():
            serve.delete(_application(*_key(model)), _blocking=False)
        _wait_until(lambda: self._look(model).state == "unloaded", ENDING_SECONDS)  # nobody is sent there any more
        if not _wait_until(lambda: _application(*_key(model)) not in _applications(), FINISHING_SECONDS):
            raise ModelUnavailable(f"model {model.spec.name!r}: its replicas do not end")

    def _look(self, model: Model) -> ModelState:
        return next(state for state in self.states() if (state.name, state.version) == _key(model))


def _key(model: Model) -> tuple[str, str]:
    return model.spec.name, model.spec.version


def _is_usable(state: ModelState) -> bool:
    return state.state in ("loading", "ready")


def _check_usable(state: ModelState) -> None:
    if not _is_usable(state):
        raise ModelUnavailable(f"model {state.name!r}: {state.reason}")


def _state(model: Model, application: Any, failure: str) -> ModelState:
    """As Serve tells it of the model's application, and the board of the latest loading that failed."""
    name, version = _key(model)
    status = "" if application is None else application.status.value
    deployment = None if application is None else application.deployments.get(DEPLOYMENT)
    replicas: Mapping[str, int] = {} if deployment is None else deployment.replica_states
    match status:
        case "RUNNING":
            return ModelState(name, version, "ready")
        case "UNHEALTHY" if replicas.get("RUNNING"):  # another one has died
            return ModelState(name, version, "ready")
        case "UNHEALTHY" if replicas.get("STARTING") and not failure:  # instead of one that has died
            return ModelState(name, version, "loading")
        case "DEPLOYING" | "NOT_STARTED":
            return ModelState(name, version, "loading")
        case "DEPLOY_FAILED" | "UNHEALTHY":
            return ModelState(name, version, "failed", failure or "no replica of it stays alive")
        case _:
            return ModelState(name, version, "unloaded", "it was unloaded")


# Serve pickles classes by value, and says which in a list that is the whole process's: of two threads that deploy, or
# look, at once, one takes the other's entry away ("… is not registered for pickle by value").
_one_at_a_time = threading.RLock()


@contextmanager
def _asking() -> Iterator[None]:
    """Around what is asked of the cluster: whatever Ray raises means that there is no answer now."""
    try:
        yield
    except ServingError:
        raise
    except Exception as error:
        raise ModelUnavailable(f"the Ray cluster does not answer: {type(error).__name__}") from error


def _applications() -> Mapping[str, Any]:
    """Serve's applications by their names."""
    from ray import serve

    with _asking(), _one_at_a_time:
        applications: Mapping[str, Any] = serve.status().applications
    return applications


def _wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(ModelUnavailable):  # too busy to answer; it is asked again
            if condition():
                return True
        time.sleep(LOOKING_SECONDS)
    return False


def _application(name: str, version: str) -> str:
    return f"{name}:{version}"


def _target(model: Model, scale: Scale) -> Any:
    from ray import serve

    name, version, batching = model.spec.name, model.spec.version, model.batching
    ongoing = min(2 * batching.max_rows, 1 + batching.max_waiting)
    options: dict[str, Any] = {
        "name": DEPLOYMENT,
        "max_ongoing_requests": ongoing,
        "max_queued_requests": max(1, batching.max_waiting + 1 - ongoing),
        "ray_actor_options": {"num_cpus": scale.cpus, "num_gpus": scale.gpus.get(name, 0)},
        "max_constructor_retry_count": LOAD_ATTEMPTS,
        "graceful_shutdown_timeout_s": FINISHING_SECONDS,
        "graceful_shutdown_wait_loop_s": LOOKING_SECONDS,
        "health_check_period_s": HEALTH_SECONDS,
        "logging_config": _LOGGING,
    }
    if scale.max_replicas > 1:
        options["autoscaling_config"] = {
            "min_replicas": 1,
            "max_replicas": scale.max_replicas,
            "target_ongoing_requests": max(1, ongoing // 2),
        }
    deployment: Any = serve.deployment(Replica, **options)
    return serve.RunTarget(deployment.bind(name, version), name=_application(name, version), route_prefix=None)


# -- The door, as a deployment -------------------------------------------------------------------------------


class Door:
    """The protocol's application in a process of the cluster; Serve's own HTTP proxies bring it the requests."""

    def __init__(self, names: Sequence[str], scale: Scale) -> None:
        _set_up_in_cluster()
        self._engine = RayEngine(_chosen(names), scale)

    def __serve_build_asgi_app__(self) -> Any:
        from curation.serving._server import Application

        return Application(self._engine)


def _chosen(names: Sequence[str]) -> Registry:
    """The models of these names, or all. Raises ModelNotFound."""
    registry = _registry.models()
    return Registry(model for name in names for model in registry.versions(name)) if names else registry


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curation.settings")
    import django

    django.setup()


def _set_up_in_cluster() -> None:
    """What is logged goes into Serve's file for this process. What goes to stderr Serve may drop, tracebacks too, and
    Django would close that file.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curation.settings")
    from django.conf import settings

    settings.LOGGING_CONFIG = None
    for handler in logging.getLogger("ray.serve").handlers:
        logging.getLogger().addHandler(handler)
    _set_up()


# -- The command ---------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    _set_up()
    from curation.serving._server import check_port

    try:
        models = _chosen(options.models)
        if not options.address:  # where the proxies of an earlier start may listen already
            check_port(options.host, options.port)
    except (ServingError, ImproperlyConfigured) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    # All of this before Ray is imported, which reads it then. Its processes find the code as this one does.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path.cwd()), os.environ.get("PYTHONPATH", "")]))
    quiet = dict(QUIET)
    if not options.address:
        # A secret of this one cluster's own: Ray would put one into the home folder.
        quiet.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
    for name, value in quiet.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        from ray import serve
    except ImportError:
        sys.stderr.write(INSTALL + "\n")
        return 1
    logging.getLogger("ray.serve").setLevel(logging.WARNING)
    scale = Scale(options.max_replicas, options.cpus, dict(options.gpus))
    if options.address:
        ray.init(address=options.address, namespace=NAMESPACE, logging_level=logging.WARNING, log_to_driver=False)
    else:
        ray.init(
            namespace=NAMESPACE,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            logging_level=logging.WARNING,
            log_to_driver=False,
        )
    ending = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: ending.set())  # only now: Ray has just put a handler of its own there
    try:
        serve.start(
            proxy_location="EveryNode",
            http_options={"host": options.host, "port": options.port},
            logging_config=_LOGGING,
        )
        if options.address:
            _clear(models)  # what an earlier start has left behind there would go on running that one's code
        engine = RayEngine(models, scale)
        engine.deploy(models)
        door: Any = serve.deployment(
            serve.ingress()(Door),
            name="door",
            max_ongoing_requests=DOOR_REQUESTS,
            ray_actor_options={"num_cpus": 0},
            logging_config=_LOGGING,
        )
        serve.run(door.bind(tuple(options.models), scale), name=DOOR, route_prefix="/")
        logger.info("the models answer at http://%s:%d", options.host, options.port)
        _watch(engine, ending)
    finally:
        try:
            if options.address:
                _clear(models)
            else:
                serve.shutdown()
        finally:
            ray.shutdown()
    return 0


def _clear(models: Iterable[Model]) -> None:
    """Takes the door, its models and its board off the cluster. What is still computed then may be finished."""
    import ray
    from ray import serve

    ours = {DOOR, *(_application(model.spec.name, model.spec.version) for model in models)}
    for name in ours & set(_applications()):
        serve.delete(name, _blocking=False)
    _wait_until(lambda: not ours & set(_applications()), ENDING_SECONDS)
    with suppress(ValueError):  # there is none
        ray.kill(ray.get_actor(DOOR, namespace=NAMESPACE))
    _wait_until(lambda: DOOR not in ray.util.list_named_actors(), ENDING_SECONDS)  # its name is free then


def _watch(engine: RayEngine, ending: threading.Event) -> None:
    """Says what changes, until asked to end. A cluster that is too busy to answer is no reason to end it."""
    known: dict[tuple[str, str], ModelState] = {}
    trouble = ""
    while not ending.wait(1.0):
        try:
            states = engine.states()
        except ModelUnavailable as error:
            if str(error) != trouble:
                trouble = str(error)
                logger.warning("%s", trouble)
            continue
        trouble = ""
        for state in states:
            if known.get((state.name, state.version)) != state:
                known[state.name, state.version] = state
                level = logging.ERROR if state.state == "failed" else logging.INFO
                logger.log(level, "%s, version %s: %s", state.name, state.version, state.reason or state.state)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m curation.serving.ray", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8001, help="port to listen on (default: %(default)s)")
    parser.add_argument("--address", default="", help="of a running Ray cluster; without, one starts on this machine")
    parser.add_argument("--models", nargs="*", default=[], metavar="NAME", help="only these; without, all")
    parser.add_argument("--max-replicas", type=int, default=1, help="of each model (default: %(default)s)")
    parser.add_argument("--cpus", type=float, default=0.1, help="that a replica reserves (default: %(default)s)")
    parser.add_argument(
        "--gpus", nargs="*", type=_share, default=[], metavar="NAME=NUMBER", help="that a model's replicas reserve"
    )
    return parser


def _share(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    return name, float(number)


if __name__ == "__main__":
    # The classes travel to other processes by name: as part of `__main__` they would not be found there.
    from curation.serving import ray as this

    sys.exit(this.main())
