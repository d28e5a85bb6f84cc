"""Environments: additions only."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.BigInteger()


def upgrade() -> None:
    """Add what the third schema adds."""
    op.create_table(
        "environments",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("user", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("spec_digest", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environments")),
    )
    op.create_index(op.f("ix_environments_name_version"), "environments", ["name", "version"], unique=True)
    op.create_table(
        "environment_labels",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", "label", name=op.f("pk_environment_labels")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "environment_locks",
        sa.Column("environment_id", BIG, autoincrement=False, nullable=False),
        sa.Column("system", TEXT, nullable=False),
        sa.Column("python", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name=op.f("fk_environment_locks_environment_id_environments")
        ),
        sa.PrimaryKeyConstraint("environment_id", "system", name=op.f("pk_environment_locks")),
        sqlite_with_rowid=False,
    )
