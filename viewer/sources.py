"""Where an archive lies, what it wants to hear before it answers, and which machines are never asked. No Django."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

# Networks in which no archive lies: this link, the machines' own services in clouds, many at once, nobody.
KEPT_OUT = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "224.0.0.0/4", "240.0.0.0/4",
            "::/128", "fe80::/10", "fec0::/10", "fd00:ec2::/32", "ff00::/8",
        ),
    )
)  # fmt: skip
# Addresses of IPv6 that carry one of IPv4 in their last 32 bits: translated (RFC 6052, RFC 8215) and compatible ones.
CARRIERS = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))


@dataclass(frozen=True)
class Source:
    """One archive: a folder or a DICOMweb root, with what it wants to hear before it answers."""

    location: str
    auth: str | None = field(default=None, repr=False)

    @property
    def is_folder(self) -> bool:
        return not self.location.startswith(("http://", "https://"))

    @property
    def is_near(self) -> bool:
        """Say whether asking it never leaves this machine."""
        return self.is_folder or is_loopback(urlsplit(self.location).hostname)

    @property
    def tells_credentials(self) -> bool:
        """Say whether its credentials would travel over a network for everybody to read."""
        return bool(self.auth) and self.location.startswith("http://") and not self.is_near


def is_loopback(host: str | None) -> bool:
    """Say whether `host` (a name or an address, brackets allowed) never leaves this machine."""
    name = (host or "").strip("[]")
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def is_kept_out(address: str) -> bool:
    """Say whether an IP address is one that no archive has; raises ValueError for anything but an address."""
    found = _inner(ip_address(address.partition("%")[0]))
    return any(found.version == network.version and found in network for network in KEPT_OUT)


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the address of IPv4 that one of IPv6 stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if (inner := address.ipv4_mapped or address.sixtofour) is not None:
        return inner
    carried = IPv4Address(int(address) & 0xFFFFFFFF)
    is_carrier = any(address in network for network in CARRIERS) and int(address) > 1  # not :: and ::1 themselves
    return carried if is_carrier else address
