"""A call as the API shows it."""


def resource_of(call) -> dict:
    exchange = call.exchange
    path = f"/2010-04-01/Accounts/{exchange.account_sid}/Calls/{call.sid}"
    return {
        "account_sid": exchange.account_sid,
        "answered_by": call.answered_by,
        "api_version": "2010-04-01",
        "caller_name": None,
        "date_created": exchange.rfc2822(call.created),
        "date_updated": exchange.rfc2822(call.updated),
        "direction": call.direction,
        "duration": str(call.duration) if call.status == "completed" else None,
        "end_time": exchange.rfc2822(call.ended),
        "forwarded_from": None,
        "from": call.from_,
        "from_formatted": call.from_,
        "group_sid": None,
        "parent_call_sid": call.parent.sid if call.parent else None,
        "phone_number_sid": exchange.phone_number_sid(call.from_),
        "price": call.price,
        "price_unit": "USD",
        "queue_time": call.queue_time,
        "sid": call.sid,
        "start_time": exchange.rfc2822(call.started),
        "status": call.status,
        "subresource_uris": {
            name: f"{path}/{child}.json"
            for name, child in (
                ("events", "Events"),
                ("notifications", "Notifications"),
                ("payments", "Payments"),
                ("recordings", "Recordings"),
                ("siprec", "Siprec"),
                ("streams", "Streams"),
                ("transcriptions", "Transcriptions"),
                ("user_defined_message_subscriptions", "UserDefinedMessageSubscriptions"),
                ("user_defined_messages", "UserDefinedMessages"),
            )
        },
        "to": call.to,
        "to_formatted": call.to,
        "trunk_sid": None,
        "uri": f"{path}.json",
    }
