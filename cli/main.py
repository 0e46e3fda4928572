"""The `huifang` command: a table of subcommands, each imported only when it is called."""

import importlib
import sys
from typing import Any

import click

from cli.output import Failure, Group, add_shared_options, invoke

COMMANDS = {
    "up": "cli.stack_commands:up",
    "down": "cli.stack_commands:down",
    "status": "cli.stack_commands:status",
    "doctor": "cli.doctor:doctor",
    "migrate": "cli.migrate:migrate",
    "demo": "cli.demo:demo",
    "sample-list": "cli.sample_list:sample_list",
    "branches": "cli.lists:branches",
    "import": "cli.lists:import_list",
    "pull": "cli.lists:pull",
    "stand-in-core": "cli.stand_in_core:stand_in_core",
    "calendar": "cli.calendar:calendar",
    "profiles": "cli.profiles:profiles",
    "due": "cli.day:due",
    "run": "cli.day:run",
    "campaign": "cli.campaign:campaign",
    "reconcile": "cli.reconcile:reconcile",
    "judge": "cli.judge:judge",
    "explain": "cli.explain:explain",
    "measures": "cli.measures:measures",
    "report": "cli.report:report",
    "scripts": "cli.scripts:scripts",
    "archive": "cli.archive:archive",
    "evidence": "cli.evidence:evidence",
    "backup": "cli.backup:backup",
    "restore": "cli.backup:restore",
    "carrier": "cli.carrier:carrier",
}

# these make the stack, speak to none of its services or read no setting: the stack's values are not loaded for them
WITHOUT_ENVIRONMENT = {"up", "down", "status", "doctor", "sample-list", "scripts", "carrier"}


class LazyGroup(Group):
    """Imports the module of a subcommand when it is asked for, so that `explain` starts without the web and the flows."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if (place := COMMANDS.get(name)) is None:
            return None
        module_name, attribute = place.split(":")
        try:
            found = getattr(importlib.import_module(module_name), attribute)
        except ModuleNotFoundError as missing:
            if missing.name != module_name:
                raise
            raise Failure(
                f"这个版本没有命令 {name}（找不到模块 {module_name}）。",
                f"This version has no command {name} (module {module_name} is not there).",
            ) from missing
        if name == "carrier":
            # lets the stack hand over the token without showing it in the process list
            found.context_settings.setdefault("auto_envvar_prefix", "HUIFANG_CARRIER")
        return add_shared_options(found)

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        resolved = super().resolve_command(context, args)
        if resolved[0] not in WITHOUT_ENVIRONMENT:
            from cli.environment import load

            load()
        return resolved

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        rows = []
        for name in self.list_commands(context):
            try:
                rows.append((name, self.get_command(context, name).get_short_help_str(80)))
            except Failure as missing:
                rows.append((name, str(missing)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(
    cls=LazyGroup,
    example="huifang demo\nhuifang explain deadline --signed 2026-09-24",
    zh="新契约回访：犹豫期内回访，录音留证二十年。",
)
@click.version_option(package_name="huifang", message="huifang %(version)s")
def root() -> None:
    """New-contract callbacks: called inside the cooling-off period, proved for twenty years."""


def main(argv: list[str] | None = None) -> None:
    sys.exit(invoke(root, argv))


if __name__ == "__main__":
    main()
