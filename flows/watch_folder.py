"""Lists that are dropped into a folder."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from prefect import flow

from clock import system
from settings import settings
from tasks import taking_lists
from tasks.drop_folder import Watch

LOOK_SECONDS = 1.0
# How long a run watches unless told. A schedule starts the next one before this one's time is over.
LENGTH = timedelta(minutes=11)


@flow(name="watch-folder")
async def watch_folder(until: datetime | None = None, folder: str | None = None) -> int:
    """Watch until that instant of the clock; returns how many files were taken or refused."""
    clock = system()
    until = until or clock.now() + LENGTH
    place = Path(folder) if folder else settings().drop_folder
    if place is None:
        return 0  # HUIFANG_DROP_FOLDER is not set: lists come by hand, pull or push
    watch, taken = Watch(place), 0
    while True:
        for path in watch.steady():
            taken += await taking_lists.take_dropped(path, clock.now()) is not None
        if clock.now() >= until:
            return taken
        await asyncio.sleep(LOOK_SECONDS)
