"""training copies"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0012"
down_revision: str | Sequence[str] | None = "0011"


def upgrade() -> None:
    text, instant = sqlmodel.sql.sqltypes.AutoString, sa.DateTime(timezone=True)
    none = sa.text("'[]'::jsonb")
    op.create_table(
        "training_copies",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("recording", text(), nullable=False),
        sa.Column("call_id", text(), nullable=False),
        sa.Column("made_by", text(), nullable=False),
        sa.Column("begun_at", instant, nullable=False),
        sa.Column("made_at", instant, nullable=True),
        sa.Column("ends", instant, nullable=False),
        sa.Column("data_key_id", text(), nullable=False),
        sa.Column("bucket", text(), nullable=False),
        sa.Column("object_key", text(), nullable=False),
        sa.Column("content_type", text(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", text(), nullable=True),
        sa.Column("plain_bytes", sa.BigInteger(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("silenced", JSONB(), server_default=none, nullable=False),
        sa.Column("marked", JSONB(), server_default=none, nullable=False),
        sa.Column("ended_by", text(), nullable=True),
        sa.Column("ended_why", text(), nullable=True),
        sa.Column("ended_at", instant, nullable=True),
        sa.Column("gone_at", instant, nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["retrieval_requests.id"], name=op.f("fk_training_copies_request_id")),
        sa.ForeignKeyConstraint(["recording"], ["recordings.provider_id"], name=op.f("fk_training_copies_recording")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_training_copies_call_id")),
        sa.ForeignKeyConstraint(["data_key_id"], ["data_keys.id"], name=op.f("fk_training_copies_data_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_copies")),
    )
    op.create_index(op.f("ix_training_copies_recording"), "training_copies", ["recording"], unique=False)
    there = sa.text("gone_at IS NULL")
    op.create_index("ix_training_copies_there", "training_copies", ["ends"], unique=False, postgresql_where=there)
    op.create_index(
        "uq_training_copies_once", "training_copies", ["request_id", "recording"], unique=True, postgresql_where=there
    )
    op.create_table(
        "training_plays",
        sa.Column("id", text(), nullable=False),
        sa.Column("copy_id", sa.BigInteger(), nullable=False),
        sa.Column("listener", text(), nullable=False),
        sa.Column("place", text(), nullable=False),
        sa.Column("began_at", instant, nullable=False),
        sa.Column("next_byte", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["copy_id"], ["training_copies.id"], name=op.f("fk_training_plays_copy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_plays")),
    )
    op.create_index(op.f("ix_training_plays_copy_id"), "training_plays", ["copy_id"], unique=False)


def downgrade() -> None:
    op.drop_table("training_plays")
    op.drop_table("training_copies")
