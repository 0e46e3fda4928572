"""What the database says of a recording that a test has put into the real archive itself."""

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa


def put_on_record(
    c: sa.Connection, bucket: str, stored: Any, wrapped: Any, plain: Any, began_on: date, until: datetime
) -> None:
    """The recording RE0 of the fixed day as kept under the data key `key-0`: `stored` is what the archive answered,
    `wrapped` its key, `plain` the sound before it was sealed."""
    from storage.encryption import FORM

    now = {"now": datetime.now(UTC)}
    c.execute(
        sa.text("INSERT INTO data_keys VALUES ('key-0', 'recording:1', :w, :v, :now, :now)"),
        now | {"w": wrapped.data, "v": wrapped.version},
    )
    c.execute(
        sa.text(
            """INSERT INTO archive_objects (kind, recording_id, call_id, began_on, bucket, object_key, version_id, form,
                 data_key_id, content_type, sha256, sha512, bytes, plain_sha256, plain_bytes, retain_until, stored_at,
                 checked_at, retention_at)
               SELECT 'RECORDING', id, call_id, :day, :bucket, :key, :version, :form, 'key-0', :type, :sha256, :sha512,
                 :bytes, :plain, :size, :until, :now, :now, :now FROM recordings WHERE provider_id = 'RE0'"""
        ),
        now
        | {
            "day": began_on, "bucket": bucket, "key": stored.key, "version": stored.version_id,
            "form": FORM, "type": plain.content_type, "sha256": stored.sha256, "sha512": stored.sha512,
            "bytes": stored.size, "plain": plain.sha256, "size": plain.size, "until": until,
        },
    )  # fmt: skip
