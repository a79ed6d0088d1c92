"""Cells of other machines, run in an emulator."""
