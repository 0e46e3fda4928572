"""Who made a call: nobody hears, checks or overrides his own."""

# The log-in of the person who spoke in the call `a`, NULL where a robot did. Read from the whole row, since a database
# of robot calls alone has no such column.
CALLER = "to_jsonb(a) ->> 'agent_login'"
