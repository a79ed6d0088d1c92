"""File names and hashes, as the formats write them."""

from pytest_ofiuco.core.source import direct_file, filename_of, fragment_hash, hash_of, is_sdist

__all__ = ["direct_file", "filename_of", "fragment_hash", "hash_of", "is_sdist"]
