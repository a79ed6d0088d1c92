"""What the files of a cell's environment, or of a zip, really are: as an item of the session, and as a command."""
