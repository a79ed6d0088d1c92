"""Cells on other machines, over ssh: the connection, what is carried over it, and what answers at its other end."""
