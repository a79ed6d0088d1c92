"""Keeping a store in order: its size, its damage, what nobody needs any more, and what is missing."""
