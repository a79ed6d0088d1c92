"""What is asked of indexes beside files: which files hashes are of, where a file is, what was withdrawn."""
