"""What every way to a workspace answers: one suite, bound to the services in process, to HTTP, to whatever comes.

A binding is a fixture `place` and ``class TestMine(ApiSuite): pass``.
"""

from __future__ import annotations

from .about_files import FilesSuite
from .about_logs import LogsSuite
from .about_metrics import MetricsSuite
from .about_models import ModelsSuite
from .about_runs import RunsSuite
from .about_submitting import SubmitSuite
from .about_workspaces import WorkspaceSuite


class ApiSuite(SubmitSuite, RunsSuite, LogsSuite, FilesSuite, MetricsSuite, ModelsSuite, WorkspaceSuite):
    """Everything."""
