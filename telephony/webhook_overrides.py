"""What is asked of the carrier for its requests to us, in the fragment of an address. The fragment is not part of the
signature (twilio.com/docs/usage/webhooks/webhooks-connection-overrides)."""

# By default a callback that is answered with an error or too late is lost: ask for retries of every kind.
INSIST = "#rc=3&rp=all"
# The same turn asked for again gets the same document, so a desk that was killed in mid-turn costs a moment and not the call.
# Not on a 4xx: that is our own word. The whole of it must stay below the 15 s after which the carrier gives up.
ASK_AGAIN = "#rc=2&rp=ct,rt,5xx&rt=6000"
