"""Trash, archive, typed metrics, and models with all their facts: additions only."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Add what the second schema adds."""
    _experiments()
    _deleted_runs()
    _run_cards()
    _typed_metrics()
    _models()


def _experiments() -> None:
    with op.batch_alter_table("experiments") as batch:
        batch.add_column(sa.Column("description", TEXT))
        batch.add_column(sa.Column("archived_at", MOMENT))
        batch.add_column(sa.Column("deleted_at", MOMENT))
    op.create_table(
        "experiment_tags",
        sa.Column("experiment_id", BIG, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name=op.f("fk_experiment_tags_experiment_id_experiments")
        ),
        sa.PrimaryKeyConstraint("experiment_id", "name", name=op.f("pk_experiment_tags")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_experiment_tags_name_value_experiment_id"), "experiment_tags", ["name", "value", "experiment_id"]
    )


def _deleted_runs() -> None:
    op.create_table(
        "deleted_runs",
        sa.Column("run_number", BIG, autoincrement=False, nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=False),
        sa.Column("experiment_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name=op.f("fk_deleted_runs_run_number_runs")),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name=op.f("fk_deleted_runs_experiment_id_experiments")
        ),
        sa.PrimaryKeyConstraint("run_number", name=op.f("pk_deleted_runs")),
    )
    op.create_index(op.f("ix_deleted_runs_deleted_at"), "deleted_runs", ["deleted_at"])


def _run_cards() -> None:
    op.create_table(
        "run_cards",
        sa.Column("run_number", BIG, autoincrement=False, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("experiment_id", BIG, nullable=False),
        sa.Column("submission_id", BIG, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_number", name=op.f("pk_run_cards")),
    )


def _typed_metrics() -> None:
    op.create_table(
        "typed_metrics",
        sa.Column("run_number", BIG, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("ordinal", BIG, nullable=False),
        sa.Column("value_count", BIG, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name=op.f("fk_typed_metrics_run_number_runs")),
        sa.PrimaryKeyConstraint("run_number", "name", name=op.f("pk_typed_metrics")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metric_values",
        sa.Column("run_number", BIG, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("start", BIG, autoincrement=False, nullable=False),
        sa.Column("value_count", BIG, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name=op.f("fk_metric_values_run_number_runs")),
        sa.PrimaryKeyConstraint("run_number", "name", "start", name=op.f("pk_metric_values")),
    )


def _models() -> None:
    with op.batch_alter_table("models") as batch:
        batch.add_column(sa.Column("properties", sa.Text()))
        batch.add_column(sa.Column("framework", TEXT))
        batch.add_column(sa.Column("framework_version", TEXT))
        batch.add_column(sa.Column("updated_at", MOMENT))
        batch.add_column(sa.Column("deleted_at", MOMENT))
    op.create_table(
        "model_aliases",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("alias", TEXT, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", "alias", name=op.f("pk_model_aliases")),
        sqlite_with_rowid=False,
    )
