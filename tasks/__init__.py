"""One outside step each, as Prefect tasks. No business decisions."""
