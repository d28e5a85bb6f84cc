"""The extension of Jupyter Server: handlers made from the declarations of the API, and the feed of events."""
