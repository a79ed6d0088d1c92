"""Pure: lock + target → pinned artifacts. Reads no host, file, clock or environment variable."""
