"""Which region a point or an address lies in."""
