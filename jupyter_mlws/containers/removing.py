"""Containers that are to go: at once, or as soon as an engine that is away is back."""

from __future__ import annotations

import logging
import threading
import time

from jupyter_mlws.containers import engine
from jupyter_mlws.errors import MlwsError, TargetAway

__all__ = ["PROBE", "remove", "remove_later", "sweep_probes"]

_log = logging.getLogger(__name__)
# Labels a container that only asks which Python an image has.
PROBE = "org.jupyter.mlws.probe"
_PAUSE_S = 0.5
# One that asks has ended long before.
_ASKING_S = 300.0


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


def sweep_probes() -> None:
    """Remove containers that asked for whoever died meanwhile."""
    filters = {"label": f"{PROBE}=1", "status": ["created", "exited", "dead"]}
    for each in engine.connect().containers(all=True, filters=filters):
        if time.time() - float(each.get("Created") or 0) > _ASKING_S:
            remove(each["Id"])
