"""Pure: a ``Resolution`` → text. Equal inputs give equal bytes."""
