"""What `./dev` does: install, build, test, lint, serve. Python's standard library only."""
