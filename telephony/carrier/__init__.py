"""A Twilio-compatible carrier on loopback with simulated customers. A simulation, and it says so."""
