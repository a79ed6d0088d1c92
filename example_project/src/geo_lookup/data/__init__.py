"""Simplified outlines of a few countries, made by hand for this example."""
