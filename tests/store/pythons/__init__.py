"""Pythons of other platforms: read, started, installed."""
