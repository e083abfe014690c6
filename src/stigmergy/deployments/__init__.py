"""The only room that speaks Ray Serve and HTTP."""
