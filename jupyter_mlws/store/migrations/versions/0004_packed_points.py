"""Packed points, which older programs would not see."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add what the fourth schema adds; points are packed as more are logged, and not here."""
    op.create_table(
        "metric_packs",
        sa.Column("run_number", BIG, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("start", BIG, autoincrement=False, nullable=False),
        sa.Column("point_count", BIG, nullable=False),
        sa.Column("format", BIG, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name=op.f("fk_metric_packs_run_number_runs")),
        sa.PrimaryKeyConstraint("run_number", "name", "start", name=op.f("pk_metric_packs")),
    )
    op.create_table(
        "metric_outlines",
        sa.Column("run_number", BIG, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("width", BIG, autoincrement=False, nullable=False),
        sa.Column("start", BIG, autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_number"], ["runs.number"], name=op.f("fk_metric_outlines_run_number_runs")),
        sa.PrimaryKeyConstraint("run_number", "name", "width", "start", name=op.f("pk_metric_outlines")),
    )
