"""The engine that makes containers on this machine, and the registries of images that it is sent to."""
