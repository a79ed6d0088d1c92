"""What a platform is called in images: Go's names of systems and machines, and the variants that the spec lists.

https://github.com/opencontainers/image-spec/blob/main/image-index.md
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.errors import UsageError

_ARCHITECTURES = {
    "x86_64": ("amd64", ""),
    "aarch64": ("arm64", "v8"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "i686": ("386", ""),
    "ppc64le": ("ppc64le", ""),
    "ppc64": ("ppc64", ""),
    "s390x": ("s390x", ""),
    "riscv64": ("riscv64", ""),
    "loongarch64": ("loong64", ""),
}
_ONLY_VARIANT = {"arm64": "v8"}
"""What a machine is of where its image does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlatform:
    """As ``linux/arm64/v8``; an image may leave its variant out."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os or "unknown", self.architecture or "unknown", self.variant)))

    def takes(self, base: ImagePlatform) -> bool:
        """Whether what is in the image ``base`` runs here: that of an older variant, too."""
        if (self.os, self.architecture) != (base.os, base.architecture):
            return False
        variant = base.variant or _ONLY_VARIANT.get(base.architecture, "")
        return not variant or not self.variant or variant <= self.variant


def image_platform(platform: Platform, name: str) -> ImagePlatform:
    """The platform of an image.

    Raises:
        UsageError: there are no such images.
    """
    if platform.os != "linux" or platform.architecture not in _ARCHITECTURES:
        raise UsageError(f"platform {name}: there are no images of {platform}", "name a platform that is Linux")
    architecture, variant = _ARCHITECTURES[platform.architecture]
    return ImagePlatform(os="linux", architecture=architecture, variant=variant)
