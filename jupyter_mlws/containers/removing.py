"""Containers that are to go: at once, or as soon as an engine that is away is back."""

from __future__ import annotations

import logging
import threading
import time

from jupyter_mlws.containers import engine
from jupyter_mlws.errors import MlwsError, TargetAway

__all__ = ["HOLDER", "PROBE", "remove", "remove_later", "sweep"]

_log = logging.getLogger(__name__)
# Labels a container that only asks which Python an image has.
PROBE = "org.jupyter.mlws.probe"
# Begins the name of a container that is never started: it takes what an image is made of.
HOLDER = "mlws-image-"
_PAUSE_S = 0.5
# One that asks has ended long before, and one that takes has all.
_ASKING_S = 300.0
_TAKING_S = 3_600.0


def remove(container: str) -> None:
    """Kill and remove a container; one that is gone, or is just being removed, does not matter."""
    import docker.errors

    try:
        engine.connect().remove_container(container, force=True, v=True)
    except docker.errors.NotFound:
        return
    except docker.errors.APIError as error:
        if error.status_code != 409:
            raise


def remove_later(container: str) -> None:
    """Remove a container that nobody needs, now or as soon as its engine is back."""

    def work() -> None:
        while not done():
            time.sleep(_PAUSE_S)

    def done() -> bool:
        try:
            with engine.answers():
                remove(container)
        except TargetAway:
            return False
        except MlwsError as error:
            _log.warning("Container %s cannot be removed: %s", container[:12], error)
        return True

    if not done():
        threading.Thread(target=work, name=f"removal of {container[:12]}", daemon=True).start()


def sweep() -> None:
    """Remove containers by which somebody asked, or made an image, who died meanwhile."""
    kinds = (({"label": f"{PROBE}=1"}, _ASKING_S), ({"name": f"^/{HOLDER}"}, _TAKING_S))
    for kind, long_s in kinds:
        for each in engine.connect().containers(all=True, filters={**kind, "status": ["created", "exited", "dead"]}):
            if time.time() - float(each.get("Created") or 0) > long_s:
                remove(each["Id"])
