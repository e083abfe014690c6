"""What needs torch to be trained; nothing that serves does."""
