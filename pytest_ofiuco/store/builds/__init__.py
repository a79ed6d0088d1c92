"""What it takes to build a wheel: sources, build requirements, isolation, and the backend's process."""
