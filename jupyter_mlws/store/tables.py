"""The tables, schema 4.

Rows refer to a run by its number, which is small and never reused; people and programs outside refer to it by its id.
Wide facts that nobody searches are JSON in `submissions`, shared by all children of a sweep; whatever is filtered or
sorted is a column or a row with an index. Every list is read by keyset, newest first, so its cost does not grow with
the table.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from jupyter_mlws.store.types import BIG, TEXT, Json, Moment, Number

__all__ = [
    "COMPATIBLE_SINCE",
    "SCHEMA_VERSION",
    "SCHEMA_VERSIONS",
    "alembic_version",
    "changes",
    "counters",
    "deleted_runs",
    "environment_labels",
    "environment_locks",
    "environments",
    "experiment_tags",
    "experiments",
    "mailbox_requests",
    "metadata",
    "metric_chunks",
    "metric_latest",
    "metric_outlines",
    "metric_packs",
    "metric_values",
    "model_aliases",
    "model_files",
    "model_tags",
    "models",
    "run_cards",
    "run_files",
    "run_params",
    "run_tags",
    "runs",
    "snapshots",
    "stream_offsets",
    "submissions",
    "typed_metrics",
]

# Oldest first; the last one is what the tables below are.
SCHEMA_VERSIONS = ("0001", "0002", "0003", "0004")
SCHEMA_VERSION = SCHEMA_VERSIONS[-1]
# Programs that know this version or a later one may read and write what we write: no migration since has done more
# than add to it. Those that know only 0003 would not see the points that have been packed.
COMPATIBLE_SINCE = "0004"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# The table in which Alembic keeps the version; made by us in a fresh database, without importing Alembic.
alembic_version = Table(
    "alembic_version",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

# Numbers that only grow: of runs, changes and the like. The row's lock orders writers where there can be several.
counters = Table(
    "counters",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("value", BIG, nullable=False),
)

experiments = Table(
    "experiments",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("name", TEXT, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("run_count", BIG, nullable=False),
    Column("description", TEXT),
    Column("archived_at", Moment),
    Column("deleted_at", Moment),
)

experiment_tags = Table(
    "experiment_tags",
    metadata,
    Column("experiment_id", BIG, ForeignKey("experiments.id"), primary_key=True, autoincrement=False),
    Column("name", TEXT, primary_key=True),
    Column("value", TEXT, nullable=False),
    Index(None, "name", "value", "experiment_id"),
    sqlite_with_rowid=False,
)

submissions = Table(
    "submissions",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("body", TEXT, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", TEXT, primary_key=True),
    Column("file_count", BIG, nullable=False),
    Column("size_bytes", BIG, nullable=False),
    Column("created_at", Moment, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("number", BIG, primary_key=True, autoincrement=False),
    Column("id", TEXT, nullable=False, unique=True),
    Column("experiment_id", BIG, ForeignKey("experiments.id"), nullable=False),
    Column("submission_id", BIG, ForeignKey("submissions.id"), nullable=False),
    Column("parent_number", BIG, ForeignKey("runs.number")),
    Column("kind", TEXT, nullable=False),
    Column("status", TEXT, nullable=False),
    Column("status_sequence", BIG, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("user", TEXT, nullable=False),
    Column("host", TEXT, nullable=False),
    Column("compute_target", TEXT, nullable=False),
    Column("environment", TEXT, nullable=False),
    Column("attempt", BIG, nullable=False),
    Column("owner", TEXT, nullable=False),
    Column("claimed_at", Moment),
    Column("waiting_for", TEXT, nullable=False),
    Column("parallel", BIG),
    Column("child_count", BIG, nullable=False),
    Column("children_ended", BIG, nullable=False),
    Column("display_name", TEXT, nullable=False),
    Column("description", TEXT, nullable=False),
    Column("document", TEXT, nullable=False),
    Column("document_id", TEXT, nullable=False),
    Column("snapshot_id", TEXT, ForeignKey("snapshots.id"), index=True),
    Column("submission_key", TEXT, unique=True),
    Column("properties", Json),
    Column("error", Json),
    Column("warnings", Json),
    # What a search looks into, lower case; see run_record.search_text.
    Column("search_text", TEXT, nullable=False),
    Index(None, "parent_number", "number"),
    Index(None, "parent_number", "status"),
    Index(None, "experiment_id", "number"),
    Index(None, "experiment_id", "parent_number", "number"),
    Index(None, "document", "number"),
    Index(None, "document_id", "number"),
    Index(None, "status", "number"),
    Index(None, "submission_id"),
)

# The trash: runs that nobody sees any more, until they are removed for good. Beside the runs and not a column of them,
# so that an upgrade need not copy a million of them. `experiment_id` says that the whole experiment was deleted.
deleted_runs = Table(
    "deleted_runs",
    metadata,
    Column("run_number", BIG, ForeignKey("runs.number"), primary_key=True, autoincrement=False),
    Column("deleted_at", Moment, nullable=False),
    Column("experiment_id", BIG, ForeignKey("experiments.id")),
    Index(None, "deleted_at"),
)


def _labels(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("run_number", BIG, ForeignKey("runs.number"), primary_key=True, autoincrement=False),
        Column("name", TEXT, primary_key=True),
        Column("value", TEXT, nullable=False),
        Index(None, "name", "value", "run_number"),
        sqlite_with_rowid=False,
    )


run_tags = _labels("run_tags")
run_params = _labels("run_params")

run_files = Table(
    "run_files",
    metadata,
    Column("run_number", BIG, ForeignKey("runs.number"), primary_key=True, autoincrement=False),
    Column("kind", TEXT, primary_key=True),
    Column("name", TEXT, primary_key=True),
    Column("size_bytes", BIG, nullable=False),
    Column("digest", TEXT, nullable=False, index=True),
    Column("mode", BIG, nullable=False),
    Column("modified_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# All that a list shows of a run, in one piece; see `run_cards`. A copy, so it refers to nobody and nobody to it.
run_cards = Table(
    "run_cards",
    metadata,
    Column("run_number", BIG, primary_key=True, autoincrement=False),
    Column("status", TEXT, nullable=False),
    Column("experiment_id", BIG, nullable=False),
    Column("submission_id", BIG, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# One row per run and key, for lists, sorting and filtering. `ordinal` counts the keys of a run as they first appeared,
# those of system metrics from 2^40 on; `tail_start` is where the chunk begins that the next point goes into.
metric_latest = Table(
    "metric_latest",
    metadata,
    Column("run_number", BIG, ForeignKey("runs.number"), primary_key=True, autoincrement=False),
    Column("name", TEXT, primary_key=True),
    Column("ordinal", BIG, nullable=False),
    Column("point_count", BIG, nullable=False),
    Column("tail_start", BIG, nullable=False),
    Column("last", Number),
    Column("last_step", BIG, nullable=False),
    Column("minimum", Number),
    Column("maximum", Number),
    Column("updated_at", Moment, nullable=False),
    Index(None, "run_number", "ordinal", unique=True),
    Index(None, "name", "last", "run_number"),
    sqlite_with_rowid=False,
)

# The newest points: little-endian int64 steps, float64 times (unix seconds) and values. `start` is the place of the
# chunk's first point in its series; a chunk is rewritten while it is the last one, and never again. The summary stands
# before the bytes, so that reading it alone does not touch them.
metric_chunks = Table(
    "metric_chunks",
    metadata,
    Column("run_number", BIG, ForeignKey("runs.number"), primary_key=True, autoincrement=False),
    Column("name", TEXT, primary_key=True),
    Column("start", BIG, primary_key=True, autoincrement=False),
    Column("point_count", BIG, nullable=False),
    Column("nan_count", BIG, nullable=False),
    Column("minimum", Number),
    Column("maximum", Number),
    Column("total", Number),
    Column("last", Number),
    Column("last_step", BIG, nullable=False),
    Column("last_time", Number),
    Column("step_bytes", LargeBinary, nullable=False),
    Column("time_bytes", LargeBinary, nullable=False),
    Column("value_bytes", LargeBinary, nullable=False),
)

# All points before them, once there were enough for it to pay: see `pack_format`, whose version is `format`.
metric_packs = Table(
    "metric_packs",
    metadata,
    Column("run_number", BIG, ForeignKey("runs.number"), primary_key=True, autoincrement=False),
    Column("name", TEXT, primary_key=True),
    Column("start", BIG, primary_key=True, autoincrement=False),
    Column("point_count", BIG, nullable=False),
    Column("format", BIG, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# What a chart needs of packed points, at several resolutions: a row has the parts of a pack, each of `width` points;
# see `outlines`.
metric_outlines = Table(
    "metric_outlines",
    metadata,
    Column("run_number", BIG, ForeignKey("runs.number"), primary_key=True, autoincrement=False),
    Column("name", TEXT, primary_key=True),
    Column("width", BIG, primary_key=True, autoincrement=False),
    Column("start", BIG, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

# Metrics that are more than numbers (rows, tables, images, confusion matrices and the like): one row per run and name.
typed_metrics = Table(
    "typed_metrics",
    metadata,
    Column("run_number", BIG, ForeignKey("runs.number"), primary_key=True, autoincrement=False),
    Column("name", TEXT, primary_key=True),
    Column("type", TEXT, nullable=False),
    Column("ordinal", BIG, nullable=False),
    Column("value_count", BIG, nullable=False),
    Column("updated_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# Their values, in the order of their logging: a JSON array of `value_count` of them, from the one at place `start`.
metric_values = Table(
    "metric_values",
    metadata,
    Column("run_number", BIG, ForeignKey("runs.number"), primary_key=True, autoincrement=False),
    Column("name", TEXT, primary_key=True),
    Column("start", BIG, primary_key=True, autoincrement=False),
    Column("value_count", BIG, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

stream_offsets = Table(
    "stream_offsets",
    metadata,
    Column("run_number", BIG, ForeignKey("runs.number"), primary_key=True, autoincrement=False),
    Column("stream", TEXT, primary_key=True),
    Column("consumed", BIG, nullable=False),
    sqlite_with_rowid=False,
)

models = Table(
    "models",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("name", TEXT, nullable=False),
    Column("version", BIG, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("run_number", BIG, ForeignKey("runs.number"), index=True),
    Column("description", TEXT, nullable=False),
    Column("registration_key", TEXT, unique=True),
    Column("properties", Json),
    Column("framework", TEXT),
    Column("framework_version", TEXT),
    Column("updated_at", Moment),
    Column("deleted_at", Moment),
    Index(None, "name", "version", unique=True),
    Index(None, "name", "id"),
)

model_tags = Table(
    "model_tags",
    metadata,
    Column("model_id", BIG, ForeignKey("models.id"), primary_key=True, autoincrement=False),
    Column("name", TEXT, primary_key=True),
    Column("value", TEXT, nullable=False),
    sqlite_with_rowid=False,
)

# A word that names one version of a model ("production"), and can be given to another.
model_aliases = Table(
    "model_aliases",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("alias", TEXT, primary_key=True),
    Column("version", BIG, nullable=False),
    sqlite_with_rowid=False,
)

model_files = Table(
    "model_files",
    metadata,
    Column("model_id", BIG, ForeignKey("models.id"), primary_key=True, autoincrement=False),
    Column("path", TEXT, primary_key=True),
    Column("size_bytes", BIG, nullable=False),
    Column("digest", TEXT, nullable=False, index=True),
    sqlite_with_rowid=False,
)

environments = Table(
    "environments",
    metadata,
    Column("id", BIG, primary_key=True),
    Column("name", TEXT, nullable=False),
    Column("version", BIG, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("user", TEXT, nullable=False),
    Column("description", TEXT, nullable=False),
    Column("spec", Json, nullable=False),
    Column("spec_digest", TEXT, nullable=False),
    Index(None, "name", "version", unique=True),
)

environment_labels = Table(
    "environment_labels",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("label", TEXT, primary_key=True),
    Column("version", BIG, nullable=False),
    sqlite_with_rowid=False,
)

# What a version was resolved to, once for each kind of machine: whoever builds it there builds the same.
environment_locks = Table(
    "environment_locks",
    metadata,
    Column("environment_id", BIG, ForeignKey("environments.id"), primary_key=True, autoincrement=False),
    Column("system", TEXT, primary_key=True),
    Column("python", TEXT, nullable=False),
    Column("digest", TEXT, nullable=False),
    Column("body", Text, nullable=False),
    sqlite_with_rowid=False,
)

# What changed, each subject once, under a cursor that only grows.
changes = Table(
    "changes",
    metadata,
    Column("kind", TEXT, primary_key=True),
    Column("subject", TEXT, primary_key=True),
    Column("cursor", BIG, nullable=False, unique=True),
    sqlite_with_rowid=False,
)

# Requests of scripts that were answered: the same request is never carried out twice.
mailbox_requests = Table(
    "mailbox_requests",
    metadata,
    Column("run_number", BIG, ForeignKey("runs.number"), primary_key=True, autoincrement=False),
    Column("request_id", TEXT, primary_key=True),
    Column("reply", Json),
    Column("handled_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)
