"""The episode as a pure state machine: events in, state and commands out. No I/O, no clock."""
