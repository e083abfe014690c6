"""The ant colony on the workbench: its constants swept by fast replay, and a thousand tasks at once."""
