"""What is killed while tasks run, and what must hold all the same: real processes, a real client, PostgreSQL."""
