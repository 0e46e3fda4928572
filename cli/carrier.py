"""`huifang carrier`: the Twilio-compatible carrier alone, until it is told to stop."""

import contextlib
import signal
import socket
from pathlib import Path

import click

from cli.output import command, emit, text


def _account_sid(context, parameter, value: str | None) -> str | None:
    import re

    if value is not None and not re.fullmatch(r"AC[0-9a-f]{32}", value):
        raise click.BadParameter("AC and 32 lower-case hex digits")
    return value


def _auth_token(context, parameter, value: str | None) -> str | None:
    if value is not None and not (value.isascii() and value.isalnum()):
        raise click.BadParameter("letters and digits only")
    return value


def _numbers(context, parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    from telephony.carrier.orders import phone_number

    numbers = tuple(phone_number(value) for value in values)
    if None in numbers:
        raise click.BadParameter("a number with its country code, such as +8675512345678")
    return numbers


def _prefixes(context, parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    prefixes = tuple(value.strip().removeprefix("+") for value in values)
    if not all(prefix.isascii() and prefix.isdecimal() for prefix in prefixes):
        raise click.BadParameter("a plus and digits, such as +850")
    return tuple("+" + prefix for prefix in prefixes)


def _web_address(context, parameter, value: str | None) -> str | None:
    from urllib.parse import urlsplit

    if value is not None and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
        raise click.BadParameter("an address that begins with http:// or https://")
    return value


@command(
    name="carrier",
    zh="在本机运行一个与 Twilio 接口兼容的模拟运营商。不会真的拨打任何人，应答的是模拟客户。",
    example="huifang carrier --port 8010 --speed 60 --seed 7",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Port to listen on; 0 takes a free one."
)
@click.option("--account-sid", callback=_account_sid, help="AC and 32 lower-case hex digits; drawn if not given.")
@click.option(
    "--auth-token",
    callback=_auth_token,
    help="Letters and digits only (also HUIFANG_CARRIER_AUTH_TOKEN); drawn if not given.",
)
@click.option(
    "--speed",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, max=100_000),
    help="Simulated seconds in a real one; at 0 time is moved by hand.",
)
@click.option("--seed", default=0, show_default=True, help="Draws the customers behind the numbers.")
@click.option(
    "--refuse-prefix",
    multiple=True,
    callback=_prefixes,
    help="Numbers that the account may not call (error 21215), such as +850.",
)
@click.option(
    "--own-number",
    multiple=True,
    callback=_numbers,
    help="Caller numbers of the account; without any, every number is.",
)
@click.option(
    "--calls-per-second",
    type=click.FloatRange(0, min_open=True),
    help="How fast calls leave the account's queue, in simulated time; without it at once.",
)
@click.option(
    "--concurrent-calls",
    type=click.IntRange(1),
    help="How many calls the account may have at once; without it any number.",
)
@click.option("--faults", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON table of faults.")
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps calls, recordings and rendered phrases.",
)
@click.option(
    "--public-url",
    callback=_web_address,
    help="How applications reach this carrier, where it differs from how clients do.",
)
def carrier(
    host,
    port,
    account_sid,
    auth_token,
    speed,
    seed,
    refuse_prefix,
    own_number,
    calls_per_second,
    concurrent_calls,
    faults,
    state,
    public_url,
):
    """Run a Twilio-compatible carrier on this machine. Nobody is rung: simulated customers answer."""
    import uvicorn

    from telephony.carrier.app import create_app, load_faults
    from telephony.carrier.exchange import CarrierConfig, new_account_sid, new_auth_token

    try:
        config = CarrierConfig(
            account_sid=account_sid or new_account_sid(),
            auth_token=auth_token or new_auth_token(),
            speed=speed,
            seed=seed,
            refuse_prefixes=refuse_prefix,
            own_numbers=frozenset(own_number),
            calls_per_second=calls_per_second,
            concurrent_calls=concurrent_calls,
            faults=load_faults(faults.read_text("utf-8")) if faults else [],
            state=state,
            public_url=public_url,
        )
        app = create_app(config)
    except ValueError as error:
        raise click.UsageError(f"--faults: {error}" if faults else str(error)) from error
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise click.ClickException(f"{host}:{port} is not free: {error.strerror}") from error
    name = f"[{host}]" if ":" in host else host
    url = f"http://{name}:{listener.getsockname()[1]}"

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self):
            # uvicorn's own raises the signal again after a clean end; being told to stop is no failure here
            before = {sig: signal.signal(sig, self.handle_exit) for sig in (signal.SIGTERM, signal.SIGINT)}
            try:
                yield
            finally:
                for sig, handler in before.items():
                    signal.signal(sig, handler)

        async def startup(self, sockets=None) -> None:
            await super().startup(sockets)
            # said only now: who reads the line may connect at once
            emit(
                {
                    "url": url,
                    "account_sid": config.account_sid,
                    "auth_token": config.auth_token,
                    "speed": speed,
                    "seed": seed,
                },
                [
                    text(
                        f"{url}  模拟运营商，接口与 Twilio 相同；不会真的拨打任何人",
                        f"{url}  a simulated carrier that speaks Twilio's API; nobody is rung",
                    ),
                    f"account SID  {config.account_sid}",
                    f"auth token   {config.auth_token}",
                ],
            )

    settings = uvicorn.Config(
        app, log_level="critical", access_log=False, timeout_keep_alive=60, timeout_graceful_shutdown=2, backlog=2048
    )
    Server(settings).run(sockets=[listener])
