"""POST /api/v1/contracts: the core system pushes contracts. The same objects and the same code as a list.

Answers that are no success are problem documents with these types: /problems/push-disabled, not-authorised,
key-missing, key-reused, body-unreadable, too-many-contracts.
"""

import hmac
import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from clock import system
from desk.errors import problem
from settings import settings
from storage.contract_lists import KeyTaken, basis, take_push

MOST_CONTRACTS = 5000
MOST_BYTES = 64 * 2**20
LONGEST_KEY = 255

router = APIRouter(prefix="/api/v1", tags=["contracts"])


def _problem(status: int, slug: str, title: str, detail: str | None = None, **headers: str) -> JSONResponse:
    return problem(status, detail, headers or None, type=f"/problems/{slug}", title=title)


@router.post(
    "/contracts",
    status_code=201,
    summary="Push contracts",
    openapi_extra={
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "schema": {"type": "string", "maxLength": 255},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["contracts"],
                        "properties": {
                            "contracts": {"type": "array", "maxItems": MOST_CONTRACTS, "items": {"type": "object"}}
                        },
                    }
                }
            },
        },
    },
)
async def push(request: Request) -> Response:
    """Take up to 5,000 contracts, columns by their English names. The same key with the same body gets the answer that
    was given first, and changes nothing."""
    expected = settings().push_token
    if expected is None:
        return _problem(503, "push-disabled", "Pushing is not set up", "HUIFANG_PUSH_TOKEN is not set.")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    allowed = hmac.compare_digest(token.strip().encode(), expected.get_secret_value().encode())
    if scheme.lower() != "bearer" or not allowed:
        return _problem(401, "not-authorised", "The bearer token is not right", **{"WWW-Authenticate": "Bearer"})
    key = request.headers.get("idempotency-key", "").strip()
    if not 0 < len(key) <= LONGEST_KEY:
        return _problem(400, "key-missing", "An Idempotency-Key is needed", "1 to 255 characters, one for each push.")
    body = await _body(request)
    if body is None:
        return _problem(413, "too-many-contracts", "Too much at once", f"At most {MOST_BYTES} bytes in one push.")
    contracts = _contracts(body)
    if contracts is None:
        return _problem(
            400, "body-unreadable", "The body cannot be read", 'A JSON object is expected: {"contracts": [{…}, …]}.'
        )
    if len(contracts) > MOST_CONTRACTS:
        return _problem(
            413,
            "too-many-contracts",
            "Too much at once",
            f"{len(contracts)} contracts; at most {MOST_CONTRACTS} in one push.",
        )
    try:
        answer, _repeated = await take_push(key, body, contracts, source="push", basis=await basis(system().now()))
    except KeyTaken:
        return _problem(
            409, "key-reused", "This Idempotency-Key came with another body", "Send a new key for another push."
        )
    chinese = request.headers.get("accept-language", "").lower().startswith("zh")
    return JSONResponse({**answer, "problems": [_told(one, chinese) for one in answer["problems"]]}, 201)


def _told(found: dict[str, Any], chinese: bool) -> dict[str, Any]:
    told = {name: found[name] for name in ("row", "field", "code", "severity")}
    return {**told, "message": found["message_zh" if chinese else "message_en"]}


async def _body(request: Request) -> bytes | None:
    """None where it is larger than it may be."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def _contracts(body: bytes) -> list[dict[str, Any]] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    contracts = document.get("contracts") if isinstance(document, dict) else None
    if not isinstance(contracts, list) or not all(isinstance(one, dict) for one in contracts):
        return None
    return contracts
