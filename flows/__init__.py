"""The story, top to bottom: Prefect flows that call tasks and nothing else."""
