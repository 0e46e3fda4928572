"""Who made a call: nobody hears, checks or overrides his own."""

# The log-in of the person who spoke in the call `a`, NULL where a robot did.
CALLER = "a.agent_login"
