"""One lock with torch for CUDA from an index or a URL of its own, and from the main one elsewhere."""
