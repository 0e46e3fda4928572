"""who asked to hear a recording, who allowed it"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0007"
down_revision: str | Sequence[str] | None = "0006"


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "retrieval_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("applicant", text(), nullable=False),
        sa.Column("branches", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("purpose", text(), nullable=False),
        sa.Column("dispute", text(), nullable=True),
        sa.Column("letter", text(), nullable=True),
        sa.Column("why", text(), nullable=False),
        sa.Column("listeners", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("places", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("profile", text(), nullable=False),
        sa.Column("state", text(), nullable=False),
        sa.Column("requested_at", instant, nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("reminded_at", instant, nullable=True),
        sa.Column("begins", instant, nullable=True),
        sa.Column("ends", instant, nullable=True),
        sa.Column("ended_by", text(), nullable=True),
        sa.Column("ended_at", instant, nullable=True),
        sa.Column("ended_why", text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retrieval_requests")),
    )
    op.create_index(op.f("ix_retrieval_requests_applicant"), "retrieval_requests", ["applicant"], unique=False)
    op.create_index("ix_retrieval_requests_state", "retrieval_requests", ["state", "due_at"], unique=False)
    op.create_table(
        "retrieval_recordings",
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("recording", text(), nullable=False),
        sa.Column("call_id", text(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_retrieval_recordings_call_id")),
        sa.ForeignKeyConstraint(
            ["recording"], ["recordings.provider_id"], name=op.f("fk_retrieval_recordings_recording")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["retrieval_requests.id"], name=op.f("fk_retrieval_recordings_request_id")
        ),
        sa.PrimaryKeyConstraint("request_id", "recording", name=op.f("pk_retrieval_recordings")),
    )
    op.create_index(op.f("ix_retrieval_recordings_call_id"), "retrieval_recordings", ["call_id"], unique=False)
    op.create_index(op.f("ix_retrieval_recordings_recording"), "retrieval_recordings", ["recording"], unique=False)
    op.create_table(
        "retrieval_signatures",
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("function", text(), nullable=False),
        sa.Column("signed_by", text(), nullable=False),
        sa.Column("signed_at", instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["retrieval_requests.id"], name=op.f("fk_retrieval_signatures_request_id")
        ),
        sa.PrimaryKeyConstraint("request_id", "function", name=op.f("pk_retrieval_signatures")),
        sa.UniqueConstraint("request_id", "signed_by", name=op.f("uq_retrieval_signatures_request_id_signed_by")),
    )
    op.create_table(
        "privacy_confirmations",
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("listener", text(), nullable=False),
        sa.Column("confirmed_at", instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["retrieval_requests.id"], name=op.f("fk_privacy_confirmations_request_id")
        ),
        sa.PrimaryKeyConstraint("request_id", "listener", name=op.f("pk_privacy_confirmations")),
    )
    op.create_table(
        "plays",
        sa.Column("id", text(), nullable=False),
        sa.Column("recording", text(), nullable=False),
        sa.Column("call_id", text(), nullable=False),
        sa.Column("listener", text(), nullable=False),
        sa.Column("place", text(), nullable=False),
        sa.Column("right_kind", text(), nullable=False),
        sa.Column("right_id", sa.BigInteger(), nullable=False),
        sa.Column("began_at", instant, nullable=False),
        sa.Column("next_byte", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_plays_call_id")),
        sa.ForeignKeyConstraint(["recording"], ["recordings.provider_id"], name=op.f("fk_plays_recording")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plays")),
    )
    op.create_index(op.f("ix_plays_listener"), "plays", ["listener"], unique=False)
    op.create_index(op.f("ix_plays_recording"), "plays", ["recording"], unique=False)


def downgrade() -> None:
    for table in (
        "plays",
        "privacy_confirmations",
        "retrieval_signatures",
        "retrieval_recordings",
        "retrieval_requests",
    ):
        op.drop_table(table)
