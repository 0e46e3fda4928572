"""How PostgreSQL and the recording archive are reached."""
