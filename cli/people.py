"""Who gives an order at the command line: somebody of the desk, with his password, so that two orders are two people."""

import sys

import click

from cli.output import fail

BY = click.option("--by", required=True, metavar="LOGIN", help="Your log-in at the desk; the password is asked for.")


def password_of(login: str) -> str:
    """Asked for on the terminal without showing it; the first line of the input where there is none."""
    if sys.stdin is not None and sys.stdin.isatty():
        return click.prompt(f"{login}", hide_input=True, prompt_suffix=": ", err=True)
    return (sys.stdin.readline() if sys.stdin is not None else "").rstrip("\r\n")


async def signed_in(connection, login: str, password: str):
    """That person as the rules know him (rules.retrieval.Person). Ends the command where log-in or password is wrong."""
    from desk.passwords import nobodys_hash, password_fits
    from storage import retrieval
    from storage.views import organisation

    found = await organisation.user(connection, login)
    # as slow for a log-in that nobody has
    fits = password_fits(password, found["password_hash"] if found else nobodys_hash())
    if not (found and fits):
        fail("用户名或密码不正确。", "Wrong log-in or password.")
    return await retrieval.person(connection, login)
