"""How a session's failures are told once for all cells: in the terminal, and to GitHub Actions.

Imported at a session's end, where there is a failure or GitHub listens.
"""
