"""What pages about recordings share: who asks, from where, and how a refusal looks."""

from fastapi import HTTPException, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.auth import User
from desk.errors import problem, wants_json
from desk.pages import render
from rules.retrieval import Decision, Person
from storage import retrieval


async def person_of(connection: AsyncConnection, user: User) -> Person:
    """403 for somebody whose branch is not in the tree."""
    found = await retrieval.person(connection, user.login)
    if found is None:
        raise HTTPException(403)
    return found


def refusal(request: Request, decision: Decision, *, back: str = "/retrievals") -> Response:
    """Why not, in words; nothing is left out for whoever is refused."""
    if wants_json(request):
        return problem(403, decision.en, code=decision.code)
    return render(request, "access_refused.html", status=403, place="retrievals", decision=decision, back=back)
