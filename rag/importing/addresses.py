"""Which network addresses a URL may lead to, so that a URL cannot be used to read a private network."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Awaitable[list[Address]]]
"""Host name and port to addresses, in the order to try them; raises OSError when there are none."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


async def resolve(host: str, port: int) -> list[Address]:
    """What the system's resolver says of `host`; it reads decimal, octal and hex forms of IPv4 too."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A zone ("fe80::1%eth0") names an interface of this machine; is_public judges the address without it.
    return list(dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def is_public(address: Address) -> bool:
    """Whether the address, or the IPv4 address wrapped in it, belongs to the public internet.

    False for private, loopback, link-local (169.254.169.254 too), shared, multicast, reserved and unspecified
    addresses of IPv4 and IPv6.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        # Tunnels that nobody needs any more; what they wrap may be anywhere.
        if address.sixtofour or address.teredo or address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
