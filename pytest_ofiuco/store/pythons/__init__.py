"""Where Pythons may be, and what they say of themselves."""
