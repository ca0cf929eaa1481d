"""The learned ranker as a model at the door: it takes its weights from the database, a training at a time."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import Any

from django.db import DatabaseError, connection

from curation.ranking.learning import _wire
from curation.ranking.learning.checkpoints import State, weights_of
from curation.ranking.learning.weights import HISTORY, Unfit
from curation.ranking.models import Checkpoint
from curation.serving.types import Batching, InferRequest, InvalidRequest, Model, ModelUnavailable, Running, Tensor

logger = logging.getLogger(__name__)

REMEMBERED = 3  # trainings: around a promotion, web processes still ask for the one before


def model() -> Model:
    # Readers' lists share nothing but the way here: who comes alone does not wait for company.
    return Model(_wire.SPEC, Ranker, Batching(window_seconds=0.001, max_rows=8))


class Ranker:
    """Computes contributions with the weights of the training that a request names.

    torch is imported with the first weights: a site on which nothing was trained goes without.
    """

    def __init__(self) -> None:
        self._networks: OrderedDict[int, Any] = OrderedDict()  # the latest asked for last
        for checkpoint in self._serving():
            try:
                self._network(checkpoint)
            except (InvalidRequest, ModelUnavailable) as error:
                logger.warning("%s", error)

    def __call__(self, request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        checkpoint = request.parameters.get(_wire.CHECKPOINT)
        if type(checkpoint) is not int:
            raise InvalidRequest(f"{_wire.CHECKPOINT!r} is the number of a training, not {checkpoint!r}")
        network = self._network(checkpoint)
        lists = _wire.read_requests(request, network.dimension)
        if any(len(each.confidences) != network.scorers for each in lists):
            raise InvalidRequest(f"checkpoint {checkpoint} knows {network.scorers} scorers")
        from curation.ranking.learning._torch_network import contributions

        found = []
        for done, inputs in enumerate(lists):
            running.step(done, len(lists))
            found.append(contributions(network, inputs))
        return _wire.answer_of(found)

    def _network(self, checkpoint: int) -> Any:
        if checkpoint not in self._networks:
            self._networks[checkpoint] = self._loaded(checkpoint)
        self._networks.move_to_end(checkpoint)
        while len(self._networks) > REMEMBERED:
            self._networks.popitem(last=False)
        return self._networks[checkpoint]

    def _loaded(self, checkpoint: int) -> Any:
        from curation.ranking.pipelines import FLOOR

        try:
            weights = weights_of(Checkpoint.objects.get(pk=checkpoint), FLOOR)
        except Checkpoint.DoesNotExist:
            raise InvalidRequest(f"there is no checkpoint {checkpoint}") from None
        except Unfit as error:
            raise InvalidRequest(f"checkpoint {checkpoint} cannot be used: {error}") from None
        except DatabaseError as error:
            raise ModelUnavailable(f"the database does not give checkpoint {checkpoint}: {error}") from None
        finally:
            connection.close()  # this thread's own, and it asks once in a training
        from curation.ranking.learning._torch_network import Network

        return Network(weights, [scorer.name for scorer, _ in FLOOR.scorers].index(HISTORY))

    def _serving(self) -> list[int]:
        """What is sure to be asked for; nothing where the database cannot tell, for the server starts without one."""
        try:
            return list(Checkpoint.objects.filter(state=State.SERVING).values_list("pk", flat=True))
        except DatabaseError:
            return []
        finally:
            connection.close()
