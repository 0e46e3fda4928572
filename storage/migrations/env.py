"""Alembic's wiring: the address comes from HUIFANG_DATABASE_URL or from the caller."""

from alembic import context
from sqlalchemy import NullPool, create_engine, text
from sqlmodel import SQLModel

import storage.tables  # noqa: F401  (fills the metadata)


def url() -> str:
    given = context.config.get_main_option("sqlalchemy.url")
    if given:
        return given
    from settings import settings

    return settings().database_url.get_secret_value()


def run() -> None:
    # no pool: a connection left behind would keep the database from being copied or dropped
    with create_engine(url(), poolclass=NullPool).connect() as connection:
        context.configure(connection=connection, target_metadata=SQLModel.metadata, compare_type=True)
        with context.begin_transaction():
            # a migration that waits for a lock must not hold up the callbacks behind it
            connection.execute(text("SET LOCAL lock_timeout = '5s'"))
            context.run_migrations()


run()
