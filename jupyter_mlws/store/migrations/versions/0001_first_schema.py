"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Spelled out here, and not taken from the tables' module: a migration stays as it was when the tables go on.
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.BigInteger()
NUMBER = sa.Float(53)


def upgrade() -> None:
    """Make all tables."""
    _changes()
    _counters()
    _experiments()
    _snapshots()
    _submissions()
    _runs()
    _mailbox_requests()
    _metric_chunks()
    _metric_latest()
    _models()
    _run_files()
    _run_params()
    _run_tags()
    _stream_offsets()
    _model_files()
    _model_tags()


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("cursor", BIG, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_changes")),
        sa.UniqueConstraint("cursor", name=op.f("uq_changes_cursor")),
        sqlite_with_rowid=False,
    )


def _counters() -> None:
    op.create_table(
        "counters",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )


def _experiments() -> None:
    op.create_table(
        "experiments",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("run_count", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiments")),
        sa.UniqueConstraint("name", name=op.f("uq_experiments_name")),
    )


def _snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("file_count", BIG, nullable=False),
        sa.Column("size_bytes", BIG, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
    )


def _submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", BIG, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("number", BIG, autoincrement=False, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("experiment_id", BIG, nullable=False),
        sa.Column("submission_id", BIG, nullable=False),
        sa.Column("parent_number", BIG, nullable=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("status_sequence", BIG, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("user", TEXT, nullable=False),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("compute_target", TEXT, nullable=False),
        sa.Column("environment", TEXT, nullable=False),
        sa.Column("attempt", BIG, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("claimed_at", MOMENT, nullable=True),
        sa.Column("waiting_for", TEXT, nullable=False),
        sa.Column("parallel", BIG, nullable=True),
        sa.Column("child_count", BIG, nullable=False),
        sa.Column("children_ended", BIG, nullable=False),
        sa.Column("display_name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("document_id", TEXT, nullable=False),
        sa.Column("snapshot_id", TEXT, nullable=True),
        sa.Column("submission_key", TEXT, nullable=True),
        sa.Column("properties", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("warnings", sa.Text(), nullable=True),
        sa.Column("search_text", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["experiment_id"], ["experiments.id"], name=op.f("fk_runs_experiment_id_experiments")),
        sa.ForeignKeyConstraint(["parent_number"], ["runs.number"], name=op.f("fk_runs_parent_number_runs")),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_runs_snapshot_id_snapshots")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_runs_submission_id_submissions")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_runs")),
        sa.UniqueConstraint("id", name=op.f("uq_runs_id")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_runs_submission_key")),
    )
    op.create_index(op.f("ix_runs_document_id_number"), "runs", ["document_id", "number"], unique=False)
    op.create_index(op.f("ix_runs_document_number"), "runs", ["document", "number"], unique=False)
    op.create_index(op.f("ix_runs_experiment_id_number"), "runs", ["experiment_id", "number"], unique=False)
    op.create_index(
        op.f("ix_runs_experiment_id_parent_number_number"),
        "runs",
        ["experiment_id", "parent_number", "number"],
        unique=False,
    )
    op.create_index(op.f("ix_runs_parent_number_number"), "runs", ["parent_number", "number"], unique=False)
    op.create_index(op.f("ix_runs_parent_number_status"), "runs", ["parent_number", "status"], unique=False)
    op.create_index(op.f("ix_runs_snapshot_id"), "runs", ["snapshot_id"], unique=False)
    op.create_index(op.f("ix_runs_status_number"), "runs", ["status", "number"], unique=False)
    op.create_index(op.f("ix_runs_submission_id"), "runs", ["submission_id"], unique=False)


def _mailbox_requests() -> None:
    op.create_table(
        "mailbox_requests",
        sa.Column("run_number", BIG, autoincrement=False, nullable=False),
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("handled_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name=op.f("fk_mailbox_requests_run_number_runs")),
        sa.PrimaryKeyConstraint("run_number", "request_id", name=op.f("pk_mailbox_requests")),
        sqlite_with_rowid=False,
    )


def _metric_chunks() -> None:
    op.create_table(
        "metric_chunks",
        sa.Column("run_number", BIG, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("start", BIG, autoincrement=False, nullable=False),
        sa.Column("point_count", BIG, nullable=False),
        sa.Column("nan_count", BIG, nullable=False),
        sa.Column("minimum", NUMBER, nullable=True),
        sa.Column("maximum", NUMBER, nullable=True),
        sa.Column("total", NUMBER, nullable=True),
        sa.Column("last", NUMBER, nullable=True),
        sa.Column("last_step", BIG, nullable=False),
        sa.Column("last_time", NUMBER, nullable=True),
        sa.Column("step_bytes", sa.LargeBinary(), nullable=False),
        sa.Column("time_bytes", sa.LargeBinary(), nullable=False),
        sa.Column("value_bytes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name=op.f("fk_metric_chunks_run_number_runs")),
        sa.PrimaryKeyConstraint("run_number", "name", "start", name=op.f("pk_metric_chunks")),
    )


def _metric_latest() -> None:
    op.create_table(
        "metric_latest",
        sa.Column("run_number", BIG, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("ordinal", BIG, nullable=False),
        sa.Column("point_count", BIG, nullable=False),
        sa.Column("tail_start", BIG, nullable=False),
        sa.Column("last", NUMBER, nullable=True),
        sa.Column("last_step", BIG, nullable=False),
        sa.Column("minimum", NUMBER, nullable=True),
        sa.Column("maximum", NUMBER, nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name=op.f("fk_metric_latest_run_number_runs")),
        sa.PrimaryKeyConstraint("run_number", "name", name=op.f("pk_metric_latest")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_metric_latest_name_last_run_number"), "metric_latest", ["name", "last", "run_number"], unique=False
    )
    op.create_index(
        op.f("ix_metric_latest_run_number_ordinal"), "metric_latest", ["run_number", "ordinal"], unique=True
    )


def _models() -> None:
    op.create_table(
        "models",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("run_number", BIG, nullable=True),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("registration_key", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name=op.f("fk_models_run_number_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.UniqueConstraint("registration_key", name=op.f("uq_models_registration_key")),
    )
    op.create_index(op.f("ix_models_name_id"), "models", ["name", "id"], unique=False)
    op.create_index(op.f("ix_models_name_version"), "models", ["name", "version"], unique=True)
    op.create_index(op.f("ix_models_run_number"), "models", ["run_number"], unique=False)


def _run_files() -> None:
    op.create_table(
        "run_files",
        sa.Column("run_number", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("size_bytes", BIG, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("mode", BIG, nullable=False),
        sa.Column("modified_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name=op.f("fk_run_files_run_number_runs")),
        sa.PrimaryKeyConstraint("run_number", "kind", "name", name=op.f("pk_run_files")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_run_files_digest"), "run_files", ["digest"], unique=False)


def _run_params() -> None:
    op.create_table(
        "run_params",
        sa.Column("run_number", BIG, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name=op.f("fk_run_params_run_number_runs")),
        sa.PrimaryKeyConstraint("run_number", "name", name=op.f("pk_run_params")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_run_params_name_value_run_number"), "run_params", ["name", "value", "run_number"], unique=False
    )


def _run_tags() -> None:
    op.create_table(
        "run_tags",
        sa.Column("run_number", BIG, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name=op.f("fk_run_tags_run_number_runs")),
        sa.PrimaryKeyConstraint("run_number", "name", name=op.f("pk_run_tags")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_run_tags_name_value_run_number"), "run_tags", ["name", "value", "run_number"], unique=False
    )


def _stream_offsets() -> None:
    op.create_table(
        "stream_offsets",
        sa.Column("run_number", BIG, autoincrement=False, nullable=False),
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("consumed", BIG, nullable=False),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name=op.f("fk_stream_offsets_run_number_runs")),
        sa.PrimaryKeyConstraint("run_number", "stream", name=op.f("pk_stream_offsets")),
        sqlite_with_rowid=False,
    )


def _model_files() -> None:
    op.create_table(
        "model_files",
        sa.Column("model_id", BIG, autoincrement=False, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("size_bytes", BIG, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_model_files_model_id_models")),
        sa.PrimaryKeyConstraint("model_id", "path", name=op.f("pk_model_files")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_model_files_digest"), "model_files", ["digest"], unique=False)


def _model_tags() -> None:
    op.create_table(
        "model_tags",
        sa.Column("model_id", BIG, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_model_tags_model_id_models")),
        sa.PrimaryKeyConstraint("model_id", "name", name=op.f("pk_model_tags")),
        sqlite_with_rowid=False,
    )
