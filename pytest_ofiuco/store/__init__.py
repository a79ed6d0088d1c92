"""Every effect on disk, network and builds: interpreters, downloads, unpacked wheels, builds, environments."""
