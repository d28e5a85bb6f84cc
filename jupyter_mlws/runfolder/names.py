"""What the files of a run folder are called. Without imports: the agent's start is measured in milliseconds."""

from __future__ import annotations

__all__ = [
    "AGENT_LOCK",
    "AGENT_LOG",
    "CANCEL_READY",
    "CHILDREN",
    "CODE",
    "CONTROL",
    "ENVIRONMENT_LOG",
    "HEARTBEAT",
    "INPUTS",
    "JOB",
    "JOURNAL",
    "LOGGED_RUN_VARIABLE",
    "LOGS",
    "MAILBOX",
    "OUTPUTS",
    "PROGRESS",
    "REPLIES",
    "REQUESTS",
    "RESULTS",
    "RUN_FOLDER_VARIABLE",
    "RUN_ID_VARIABLE",
    "SECRETS_VARIABLE",
    "STATE",
    "STD_LOG",
    "UPLOADS",
    "VALUES",
    "models_folder",
]

JOB = "job.json"
CONTROL = "control.json"
CANCEL_READY = "cancel.json"
STATE = "state.jsonl"
HEARTBEAT = "heartbeat"
AGENT_LOCK = "agent.lock"
CODE = "code"
INPUTS = "inputs"
OUTPUTS = "outputs"
LOGS = "logs"
STD_LOG = "logs/std.log"
AGENT_LOG = "logs/agent.log"
ENVIRONMENT_LOG = "logs/environment.log"
JOURNAL = "journal"
MAILBOX = "mailbox"
REQUESTS = "mailbox/requests"
REPLIES = "mailbox/replies"
RESULTS = "results"
# How far a run is, where its runner knows.
PROGRESS = "progress.json"
UPLOADS = "uploads"
VALUES = "values"
CHILDREN = "children"

# Every process of a run carries the first; the second leads a script back to its run folder.
RUN_ID_VARIABLE = "MLWS_RUN_ID"
RUN_FOLDER_VARIABLE = "MLWS_RUN_FOLDER"
# In a process that logs a run of its own: for the workers that it spawns.
LOGGED_RUN_VARIABLE = "MLWS_LOGGED_RUN"

# Which secrets a job was handed: the variable of each, by its name, as JSON. No values.
SECRETS_VARIABLE = "MLWS_SECRETS"


def models_folder(name: str, version: int) -> str:
    """Where a model that a script asked for lies below ``inputs/``."""
    return f"models/{name}/{version}"
