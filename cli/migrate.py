"""`huifang migrate`: bring the database and the archive's bucket to what this version needs."""

from cli.output import command, emit, text
from settings import Settings


def make_usable(settings: Settings) -> None:
    """Run the missing migrations, then make the buckets with Object Lock if they are missing, and let each prove that it
    keeps what it locks. Raises ArchiveError, ArchiveUnsafe for one that does not."""
    from storage.archive import Archive, ArchiveUnsafe
    from storage.migrate import upgrade
    from storage.worm_canary import self_test

    upgrade(settings.database_url.get_secret_value())
    stores = [Archive(settings)] + ([Archive(settings, second=True)] if settings.s3_copy_bucket else [])
    for store in stores:
        store.ensure_bucket()
        report = self_test(store)
        if not report.kept:
            raise ArchiveUnsafe(f"bucket {store.bucket} does not keep: {', '.join(report.broken)}")


@command(
    example="huifang migrate",
    zh="把数据库和录音存储桶升级到本版本所需的状态；可重复执行。huifang up 会自动执行，多机部署时启动前执行一次。",
)
def migrate() -> None:
    """Bring the database and the bucket to what this version needs. `huifang up` does so by itself."""
    from settings import settings

    make_usable(settings())
    emit({"ok": True}, text("数据库与录音存储已就绪。", "Database and archive are ready."))
