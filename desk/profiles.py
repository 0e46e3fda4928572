"""The rule profiles as they hold here: which layers for which branch, each parameter with whose it is, layers on file."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from desk.auth import User, at_head_office, csrf_checked
from desk.pages import render, today
from rules.branches import jurisdiction_of
from rules.list_columns import CHANNEL, PRODUCT_TYPE
from rules.parameters import PARAMETERS, Profile
from rules.profiles import LayerKind, entries, label, shown
from scripts.filing import FilingRefused, must_hold
from scripts.house import House
from scripts.rule_profiles import profile_names, profile_versions
from storage.db import transaction
from storage.house import file_layer, filings, read_house, withdraw_layer

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(at_head_office("profiles"))]
Filer = Annotated[User, Depends(at_head_office("file_profile"))]
Text = Annotated[str, Query(max_length=100)]
GivenText = Annotated[str, Form(max_length=100)]


class Asked:
    """Of which contracts the values are shown; the address bar has it."""

    def __init__(
        self, branch: Text = "", channel: Text = "", product_type: Text = "", q: Text = "", differing: bool = False
    ):
        self.branch = branch
        self.channel = channel if channel in CHANNEL.codes else CHANNEL.codes[0]
        self.product_type = product_type if product_type in PRODUCT_TYPE.codes else PRODUCT_TYPE.codes[0]
        self.q, self.differing = q.strip(), differing

    @property
    def values(self) -> dict[str, Any]:
        return {
            "branch": self.branch,
            "channel": self.channel,
            "product_type": self.product_type,
            "q": self.q,
            "differing": "1" if self.differing else "",
        }


@router.get("/profiles")
async def page(request: Request, user: Viewer, asked: Annotated[Asked, Depends()]) -> Response:
    return await _page(request, user, asked)


async def _page(request: Request, user: User, asked: Asked, status: int = 200, **more: Any) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        house = await read_house(connection)
        on_file = await filings(connection)
    tree = house.tree
    if asked.branch and asked.branch not in tree.policy_codes:
        raise HTTPException(404)
    chosen = asked.branch or (tree.head_office.code if tree.branches else None)
    profile = house.profile_of(chosen, asked.channel, asked.product_type, moment.day)
    national = house.profile_of(None, asked.channel, asked.product_type, moment.day)
    return render(
        request,
        "profiles.html",
        status=status,
        place="profiles",
        moment=moment,
        company=house.company,
        profile=profile,
        branches=[
            {
                "code": branch.code,
                "name": branch.name,
                "jurisdiction": jurisdiction_of(branch.code, tree),
                "own_jurisdiction": branch.jurisdiction,
                "filed": house.layers_of(branch.code, moment.day),
                "profiles": house.profiles_of_branch(branch.code, moment.day),
            }
            for branch in tree.branches
        ],
        rows=_values(profile, national, asked),
        chosen=chosen,
        asked=asked.values,
        channels=CHANNEL.codes,
        product_types=PRODUCT_TYPE.codes,
        on_file=on_file,
        layers=_branch_layers(house),
        may_file=user.may("file_profile"),
        **{"refused": None, "given": None, **more},
    )


def _values(profile: Profile, plain: Profile, asked: Asked) -> list[dict[str, Any]]:
    """Every parameter, tables entry by entry, with its value in both languages and whose it is."""
    found = []
    usual = {label(key): value for key, value in entries(plain.values)}
    for key, value in entries(profile.values):
        row, name = PARAMETERS[key[0]], label(key)
        words = f"{name} {row.meaning_zh} {row.meaning_en} {row.source}".lower()
        if asked.q.lower() not in words or (asked.differing and usual.get(name) == value):
            continue
        found.append(
            {
                "name": name,
                "value": {lang: shown(row, value, lang) for lang in ("zh", "en")},
                "meaning": {"zh": row.meaning_zh, "en": row.meaning_en},
                "source": row.source,
                "by": dict(zip(("zh", "en"), profile.set_by.get(name, ("–", "–")), strict=True)),
                "differs": usual.get(name) != value,
            }
        )
    return found


def _branch_layers(house: House) -> list[str]:
    return [
        name
        for name in profile_names(house.folder)
        if profile_versions(name, house.folder)[0].layer.kind == LayerKind.BRANCH
    ]


@router.post("/profiles/file", dependencies=[Depends(csrf_checked)])
async def file(request: Request, user: Filer, branch: GivenText, name: GivenText) -> Response:
    """Stricter only, in force from today (R127); a refusal names both values."""
    try:
        async with transaction() as connection:
            moment = await today(connection)
            must_hold(await read_house(connection), branch, name, moment.day)
            await file_layer(connection, branch, name, moment.now, user.login)
    except FilingRefused as refused:
        return await _page(request, user, Asked(), 422, refused=refused, given={"branch": branch, "name": name})
    return RedirectResponse(f"/profiles?branch={branch}", 303)


@router.post("/profiles/withdraw", dependencies=[Depends(csrf_checked)])
async def withdraw(user: Filer, branch: GivenText) -> Response:
    """Contracts concluded before keep it."""
    async with transaction() as connection:
        moment = await today(connection)
        await withdraw_layer(connection, branch, moment.now, user.login)
    return RedirectResponse("/profiles", 303)
