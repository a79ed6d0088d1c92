"""Our resolution of real locks beside what the tools that know them best say: uv, Poetry, pdm and ``packaging``."""
