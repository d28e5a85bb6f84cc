"""The environment of a run, to look at or to submit others in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_mlws.domain.environment import KERNEL
from jupyter_mlws.errors import NotFound
from jupyter_mlws.sdk.run_facts import RunFacts

if TYPE_CHECKING:
    from jupyter_mlws.sdk.environment import Environment

__all__ = ["RunEnvironment"]


class RunEnvironment(RunFacts):
    """What a run ran in."""

    def get_environment(self) -> Environment:
        """The registered version that the run ran in.

        Of a run in the kernel of its submitter it is the record of what was installed there, which another machine can
        build.

        Raises
        ------
        NotFound
            Nothing was recorded of that kernel, or the version is not in this workspace.
        """
        from jupyter_mlws.sdk.environment import Environment

        name = self._record.environment
        if name == KERNEL:
            name = self._api.runs.reproducibility(self.id).environment
        if not name or name == KERNEL:
            raise NotFound(
                f"{self._name} ran in the kernel of its submitter, and what was installed there was not recorded.",
                hint="Make one of a kernel that has it: Environment.from_existing_kernel(name)",
            )
        return Environment.get(self.workspace, name)
