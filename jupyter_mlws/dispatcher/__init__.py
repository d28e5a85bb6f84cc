"""Queue → target → ingest: ``python -m jupyter_mlws.dispatcher <workspace folder>``."""
