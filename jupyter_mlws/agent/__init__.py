"""The agent stands beside the script on any machine, watches it and ends it; standard library, light imports."""
