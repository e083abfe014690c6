"""Budget-aware routing policies trained on RLlib's new API stack, from logs and in logs that can be acted in again."""
