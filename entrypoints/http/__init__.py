"""The service as REST, with FastAPI. Statuses, headers and JSON live here and nowhere else."""
