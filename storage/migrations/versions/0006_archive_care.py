"""data keys, fixity, holds, disposal"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "data_keys",
        sa.Column("id", text(), nullable=False),
        sa.Column("subject", text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("kek", text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrapped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("destroyed_why", text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_keys")),
        sa.UniqueConstraint("subject", name=op.f("uq_data_keys_subject")),
    )
    op.create_table(
        "archive_objects",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", text(), nullable=False),
        sa.Column("recording_id", sa.BigInteger(), nullable=True),
        sa.Column("call_id", text(), nullable=True),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("bucket", text(), nullable=False),
        sa.Column("object_key", text(), nullable=False),
        sa.Column("version_id", text(), nullable=False),
        sa.Column("form", text(), nullable=False),
        sa.Column("data_key_id", text(), nullable=False),
        sa.Column("content_type", text(), nullable=False),
        sa.Column("sha256", text(), nullable=False),
        sa.Column("sha512", text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("plain_sha256", text(), nullable=False),
        sa.Column("plain_bytes", sa.BigInteger(), nullable=False),
        sa.Column("samples_sha256", text(), nullable=True),
        sa.Column("retain_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", text(), nullable=True),
        sa.Column("second_bucket", text(), nullable=True),
        sa.Column("second_version_id", text(), nullable=True),
        sa.Column("second_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_problem", text(), nullable=True),
        sa.Column("retention_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_archive_objects_call_id")),
        sa.ForeignKeyConstraint(["data_key_id"], ["data_keys.id"], name=op.f("fk_archive_objects_data_key_id")),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name=op.f("fk_archive_objects_recording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_objects")),
        sa.UniqueConstraint(
            "bucket", "object_key", "version_id", name=op.f("uq_archive_objects_bucket_object_key_version_id")
        ),
    )
    op.create_index(op.f("ix_archive_objects_call_id"), "archive_objects", ["call_id"], unique=False)
    op.create_index(
        "ix_archive_objects_check",
        "archive_objects",
        ["checked_at"],
        unique=False,
        postgresql_where=sa.text("disposed_at IS NULL"),
    )
    op.create_index(op.f("ix_archive_objects_data_key_id"), "archive_objects", ["data_key_id"], unique=False)
    op.create_index(op.f("ix_archive_objects_recording_id"), "archive_objects", ["recording_id"], unique=False)
    op.create_index(
        "ix_archive_objects_single",
        "archive_objects",
        ["id"],
        unique=False,
        postgresql_where=sa.text("second_version_id IS NULL AND disposed_at IS NULL"),
    )
    op.create_table(
        "fixity_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("which", text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", text(), nullable=True),
        sa.Column("mended", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["object_id"], ["archive_objects.id"], name=op.f("fk_fixity_checks_object_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fixity_checks")),
    )
    op.create_index(op.f("ix_fixity_checks_object_id"), "fixity_checks", ["object_id"], unique=False)
    op.create_table(
        "worm_canaries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bucket", text(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("answers", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worm_canaries")),
    )
    op.create_table(
        "alarms",
        sa.Column("name", text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("detail", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_alarms")),
    )
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("call_id", text(), nullable=False),
        sa.Column("reason", text(), nullable=False),
        sa.Column("set_by", text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("release_asked_by", text(), nullable=True),
        sa.Column("release_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("release_reason", text(), nullable=True),
        sa.Column("released_by", text(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_legal_holds_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    op.create_index(
        "uq_legal_holds_standing",
        "legal_holds",
        ["call_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "disputes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("policy_no", text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("opened_by", text(), nullable=False),
        sa.Column("closed_by", text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["policy_no"], ["contracts.policy_no"], name=op.f("fk_disputes_policy_no")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    op.create_index(op.f("ix_disputes_policy_no"), "disputes", ["policy_no"], unique=False)
    op.create_table(
        "disposals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("listed_by", text(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_approved_by", text(), nullable=True),
        sa.Column("first_approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_approved_by", text(), nullable=True),
        sa.Column("second_approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("certificate", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposals")),
    )
    op.create_table(
        "disposal_items",
        sa.Column("disposal_id", sa.BigInteger(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("kept_until", sa.Date(), nullable=False),
        sa.Column("outcome", text(), nullable=True),
        sa.ForeignKeyConstraint(["disposal_id"], ["disposals.id"], name=op.f("fk_disposal_items_disposal_id")),
        sa.ForeignKeyConstraint(["object_id"], ["archive_objects.id"], name=op.f("fk_disposal_items_object_id")),
        sa.PrimaryKeyConstraint("disposal_id", "object_id", name=op.f("pk_disposal_items")),
    )
    op.create_table(
        "paper_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("title", text(), nullable=False),
        sa.Column("place", text(), nullable=False),
        sa.Column("keeper", text(), nullable=False),
        sa.Column("archived_on", sa.Date(), nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.Column("entered_by", text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_files")),
    )
    op.create_table(
        "sensitive_stretches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("call_id", text(), nullable=False),
        sa.Column("step", text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_sensitive_stretches_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sensitive_stretches")),
    )
    op.create_index(op.f("ix_sensitive_stretches_call_id"), "sensitive_stretches", ["call_id"], unique=False)
    op.create_table(
        "redactions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("call_id", text(), nullable=False),
        sa.Column("begin_seconds", sa.Float(), nullable=False),
        sa.Column("end_seconds", sa.Float(), nullable=False),
        sa.Column("reason", text(), nullable=False),
        sa.Column("asked_by", text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_by", text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_redactions_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redactions")),
    )
    op.create_index(op.f("ix_redactions_call_id"), "redactions", ["call_id"], unique=False)


def downgrade() -> None:
    op.drop_table("redactions")
    op.drop_table("sensitive_stretches")
    op.drop_table("paper_files")
    op.drop_table("disposal_items")
    op.drop_table("disposals")
    op.drop_table("disputes")
    op.drop_table("legal_holds")
    op.drop_table("alarms")
    op.drop_table("worm_canaries")
    op.drop_table("fixity_checks")
    op.drop_table("archive_objects")
    op.drop_table("data_keys")
