"""One lock file, every platform you ship to, one pytest session."""

__version__ = "0.1.0"
