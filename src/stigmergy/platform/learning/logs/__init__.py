"""What the store holds, as something to learn from: whole episodes, decisions at nodes, a log of attempts."""
