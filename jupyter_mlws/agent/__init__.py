"""The agent: stands beside the script on any machine, watches it and ends it. Standard library only, light imports."""
