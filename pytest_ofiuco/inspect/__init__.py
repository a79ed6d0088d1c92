"""What an environment or a zip really holds: machines, libraries, symbol versions, imports, sizes."""
