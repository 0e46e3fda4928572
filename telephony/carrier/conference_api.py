"""Conferences and their participants over REST, as Twilio serves them."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from telephony.carrier import amd, conferences, orders, recordings
from telephony.carrier.access import ROOT, base_url, read_form, signed_in
from telephony.carrier.calls import Call
from telephony.carrier.conferences import Conference, Participant
from telephony.carrier.documents import Source
from telephony.carrier.errors import ApiError, invalid, not_found
from telephony.carrier.paging import page, within
from telephony.carrier.recordings_api import list_recordings, one_recording

_STATUSES = ("init", "in-progress", "completed")


def _conference(request: Request, exchange) -> Conference:
    conference = exchange.conferences.by_sid.get(request.path_params["conference"])
    if conference is None:
        raise not_found(request.url.path)
    return conference


def _resource(exchange, conference: Conference) -> dict:
    path = f"{ROOT}/{exchange.account_sid}/Conferences/{conference.sid}"
    return {
        "account_sid": exchange.account_sid,
        "api_version": "2010-04-01",
        "call_sid_ending_conference": conference.ended_by,
        "date_created": exchange.rfc2822(conference.created),
        "date_updated": exchange.rfc2822(conference.updated),
        "friendly_name": conference.friendly_name,
        "reason_conference_ended": conference.reason,
        "region": "us1",
        "sid": conference.sid,
        "status": conference.status,
        "subresource_uris": {
            "participants": f"{path}/Participants.json",
            "recordings": f"{path}/Recordings.json",
        },
        "uri": f"{path}.json",
    }


def _participant_resource(exchange, conference: Conference, participant: Participant) -> dict:
    path = f"{ROOT}/{exchange.account_sid}/Conferences/{conference.sid}/Participants/{participant.call.sid}"
    return {
        "account_sid": exchange.account_sid,
        "call_sid": participant.call.sid,
        "call_sid_to_coach": participant.coached,
        "coaching": participant.coached is not None,
        "conference_sid": conference.sid,
        "date_created": exchange.rfc2822(participant.created),
        "date_updated": exchange.rfc2822(participant.updated),
        "end_conference_on_exit": participant.ends,
        "hold": participant.hold,
        "label": participant.entry.label,
        "muted": participant.muted,
        "queue_time": None,
        "start_conference_on_enter": participant.entry.starts,
        "status": participant.status,
        "uri": f"{path}.json",
    }


@signed_in
async def all_conferences(request, exchange):
    query = request.query_params
    created, updated = within(query, "DateCreated"), within(query, "DateUpdated")
    if (wanted := query.get("Status")) and wanted not in _STATUSES:
        raise invalid("Status", wanted)
    found = [
        conference
        for conference in reversed(exchange.conferences.by_sid.values())
        if (not query.get("Status") or conference.status == query["Status"])
        and (not query.get("FriendlyName") or conference.friendly_name == query["FriendlyName"])
        and created(conference.created)
        and updated(conference.updated)
    ]
    return JSONResponse(page(request, "conferences", found, lambda c: _resource(exchange, c)))


@signed_in
async def conference(request, exchange):
    found = _conference(request, exchange)
    if request.method == "POST":
        form = await read_form(request)
        status = form.get("Status")
        if status not in (None, "", "completed"):
            raise invalid("Status", status)
        announcement = form.url("AnnounceUrl")
        if announcement and found.status != "completed":
            found.announce(Source(announcement, form.method("AnnounceMethod")))
        if status:
            found.end("conference-ended-via-api")
    return JSONResponse(_resource(exchange, found))


# -- participants


def _wanted(query, name: str, value: bool) -> bool:
    text = query.get(name, "").lower()
    return not text or (text == "true") == value


@signed_in
async def participants(request, exchange):
    if request.method == "POST":
        return await _add(request, exchange)
    found, query = _conference(request, exchange), request.query_params
    # those of ended conferences are not returned
    present = [] if found.status == "completed" else [p for p in found.participants.values() if not p.gone]
    shown = [
        participant
        for participant in reversed(present)
        if _wanted(query, "Muted", participant.muted)
        and _wanted(query, "Hold", participant.hold)
        and _wanted(query, "Coaching", participant.coached is not None)
    ]
    return JSONResponse(
        page(request, "participants", shown, lambda p: _participant_resource(exchange, found, p))
    )  # fmt: skip


async def _add(request: Request, exchange) -> Response:
    """Dial somebody who goes into the conference when he answers; the path names it by its sid or its name."""
    name = request.path_params["conference"]
    form = await read_form(request)
    config = exchange.config
    known = exchange.conferences.by_sid.get(name)
    if known is not None and known.status == "completed":
        raise ApiError(400, 16022, "The conference has ended")
    to, from_ = orders.numbers(form, config.refuse_prefixes, config.own_numbers)
    exchange.admit(to)
    entry = _entry(form, known.friendly_name if known else name)
    order = _order(form, entry)
    order.conference = entry
    found = known or exchange.conferences.named(name, base_url(request, exchange))
    call = Call(exchange, exchange.new_sid("CA"), to, from_, order, base_url(request, exchange))
    participant = found.expect(call, entry)
    answer = _participant_resource(exchange, found, participant) | {"queue_time": call.queue_time}
    exchange.place(call)
    return JSONResponse(answer, 201)


def _entry(form: orders.Form, name: str) -> conferences.Entry:
    wait = form.get("WaitUrl")
    coached = form.get("CallSidToCoach") or None
    if form.flag("Coaching") and not coached:
        raise invalid("CallSidToCoach", "")
    return conferences.Entry(
        name=name,
        label=form.get("Label") or None,
        muted=form.flag("Muted"),
        beep=form.choice("Beep", "true", *conferences.BEEPS),
        starts=form.flag("StartConferenceOnEnter", True),
        ends=form.flag("EndConferenceOnExit"),
        wait=Source(form.url("WaitUrl"), form.method("WaitMethod")) if wait else None,
        silent=wait == "",
        limit=form.number("MaxParticipants", conferences.MAX_PARTICIPANTS, 2, conferences.MAX_PARTICIPANTS),
        record=form.choice("ConferenceRecord", "do-not-record", "true", "false", "record-from-start", "do-not-record")
        in ("true", "record-from-start"),
        trim=form.choice("ConferenceTrim", "trim-silence", "trim-silence", "do-not-trim") == "trim-silence",
        coached=coached if form.flag("Coaching", coached is not None) else None,
        callback=form.url("ConferenceStatusCallback", orders.INVALID_CALLBACK),
        callback_method=form.method("ConferenceStatusCallbackMethod"),
        callback_events=_events(form, "ConferenceStatusCallbackEvent", conferences.EVENT_WORDS, {"start", "end"}),
        recording_callback=form.url("ConferenceRecordingStatusCallback", orders.INVALID_CALLBACK),
        recording_method=form.method("ConferenceRecordingStatusCallbackMethod"),
        recording_events=form.events(
            "ConferenceRecordingStatusCallbackEvent", ("in-progress", "completed", "absent", "failed")
        ),
    )


def _events(form: orders.Form, name: str, allowed: tuple[str, ...], default: set[str]) -> frozenset[str]:
    return form.events(name, allowed) if form.get(name) else frozenset(default)


def _order(form: orders.Form, entry: conferences.Entry):
    detection = None
    if form.get("MachineDetection"):
        # a participant is never held back until the verdict
        detection = amd.Detection(
            form.choice("MachineDetection", "Enable", "Enable", "DetectMessageEnd"),
            True,
            form.url("AmdStatusCallback"),
            form.method("AmdStatusCallbackMethod"),
            form.number("MachineDetectionTimeout", 30, 3, 59),
            form.number("MachineDetectionSilenceTimeout", 5000, 2000, 10000) / 1000,
            form.number("MachineDetectionSpeechEndThreshold", 1200, 500, 5000) / 1000,
        )
    return orders.placing(
        form,
        Source(inline="<Response/>"),
        None,
        detection,
        timeout=form.number("Timeout", 60, 5, 600),
        recording_events=_events(
            form,
            "RecordingStatusCallbackEvent",
            ("started", "in-progress", "paused", "resumed", "stopped", "completed", "failed", "absent"),
            {"completed"},
        ),
    )


def _participant(request: Request, exchange) -> tuple[Conference, Participant]:
    """By the sid of its call or by its label."""
    found, wanted = _conference(request, exchange), request.path_params["call"]
    if found.status != "completed":
        for participant in reversed(found.participants.values()):
            if wanted in (participant.call.sid, participant.entry.label) and not participant.left.done():
                return found, participant
    raise not_found(request.url.path)


@signed_in
async def participant(request, exchange):
    found, who = _participant(request, exchange)
    if request.method == "DELETE":
        if who.joined is None:
            who.call.hang_up()
        else:
            found.leave(who, kicked=True)
        return Response(status_code=204)
    if request.method == "POST":
        _change(await read_form(request), found, who)
    return JSONResponse(_participant_resource(exchange, found, who))


def _change(form: orders.Form, found: Conference, who: Participant) -> None:
    changed = {}
    if form.get("EndConferenceOnExit"):
        changed["ends"] = form.flag("EndConferenceOnExit")
    if form.get("BeepOnExit"):
        enters = who.beep in ("true", "onEnter")
        exits = form.flag("BeepOnExit")
        changed["beep"] = {(1, 1): "true", (1, 0): "onEnter", (0, 1): "onExit", (0, 0): "false"}[enters, exits]
    if form.get("Coaching") or form.get("CallSidToCoach"):
        coached = form.get("CallSidToCoach") or who.coached
        if not form.flag("Coaching", True):
            coached = None
        elif not coached or coached not in found.members:
            raise ApiError(400, conferences.BAD_COACH, f"Invalid call sid to coach: {coached}")
        changed["coached"] = coached
    announcement, hold_url = form.url("AnnounceUrl"), form.url("HoldUrl")
    if form.get("Hold"):
        music = Source(hold_url, form.method("HoldMethod", "GET")) if hold_url else None
        found.hold(who, form.flag("Hold"), music)
    if form.get("Muted"):
        found.mute(who, form.flag("Muted"))
    if changed:
        found.modify(who, **changed)
    if announcement:
        found.announce(Source(announcement, form.method("AnnounceMethod")), who)


# -- recordings


@signed_in
async def conference_recordings(request, exchange):
    found = _conference(request, exchange)
    return list_recordings(request, reversed(found.recordings), recordings.conference_resource)


@signed_in
async def conference_recording(request, exchange):
    return await one_recording(request, exchange, _conference(request, exchange), recordings.conference_resource)


_A = ROOT + "/{account}/Conferences"
_C = _A + "/{conference}"
ROUTES = [
    Route(_A, all_conferences),
    Route(_C, conference, methods=["GET", "POST"]),
    Route(_C + "/Participants", participants, methods=["GET", "POST"]),
    Route(_C + "/Participants/{call}", participant, methods=["GET", "POST", "DELETE"]),
    Route(_C + "/Recordings", conference_recordings),
    Route(_C + "/Recordings/{recording}", conference_recording, methods=["GET", "POST", "DELETE"]),
]
