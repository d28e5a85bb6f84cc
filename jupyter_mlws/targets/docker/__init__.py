"""The docker target: jobs are containers of the engine on this machine."""

from __future__ import annotations

from jupyter_mlws.targets.docker.target import DockerTarget

__all__ = ["DockerTarget"]
