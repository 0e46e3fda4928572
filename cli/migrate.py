"""`huifang migrate`: bring the database and the archive's bucket to what this version needs."""

from cli.output import command, emit, text
from settings import Settings


def make_usable(settings: Settings) -> None:
    """Run the missing migrations, then make the bucket with Object Lock if it is missing. Raises ArchiveError."""
    from storage.archive import Archive
    from storage.migrate import upgrade

    upgrade(settings.database_url.get_secret_value())
    Archive(settings).ensure_bucket()


@command(
    example="huifang migrate",
    zh="把数据库和录音存储桶升级到本版本所需的状态；可重复执行。huifang up 会自动执行，多机部署时启动前执行一次。",
)
def migrate() -> None:
    """Bring the database and the bucket to what this version needs. `huifang up` does so by itself."""
    from settings import settings

    make_usable(settings())
    emit({"ok": True}, text("数据库与录音存储已就绪。", "Database and archive are ready."))
