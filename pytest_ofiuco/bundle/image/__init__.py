"""What ships → an OCI image layout: https://github.com/opencontainers/image-spec."""
