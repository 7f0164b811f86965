#!/usr/bin/env python3
"""Records what Podman makes of 'network create', for the tests of definitions.

    sudo Tests/Host/record_networks.py [PODMAN]

Each case is run on a private host without other networks. Those that succeed go to
Tests/ContainerNetworkTests/Golden/definitions/written.txt, with the file that Podman wrote; the others go to
refused.txt, with its error. A case is 'NAME | BEFORE; BEFORE | ARGUMENTS', where BEFORE are the arguments of
networks that are made first.
"""
import shlex
import shutil
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import host  # noqa: E402
import program  # noqa: E402

GOLDEN = program.TOP / "Tests/ContainerNetworkTests/Golden/definitions"
FILES = Path(host.CONFIGURATION)
CASES = r"""
named | | mynetwork
empty-name | | ""
unnamed | |
second | one |
next-subnet | --subnet 10.89.0.0/25 low;--subnet 10.89.1.0/28 next | third
ipv6 | | --ipv6 --subnet fd10:1::/64 --subnet 10.60.0.0/24 six
ipv6-adds-ipv4 | | --ipv6 --subnet fd10:1::/64 six
ipv6-only | | --subnet fd10:1::/64 six
ipv6-host-bits | | --subnet fd10:1::17/64 six
two-subnets | | --subnet 10.60.0.0/24 --gateway 10.60.0.9 --subnet 10.61.0.0/24 two
host-bits | | --subnet 10.53.0.7/24 bits
lease-range | | --subnet 10.50.0.0/24 --gateway 10.50.0.254 --ip-range 10.50.0.0/29 --label a=b -o mtu=1400 -o isolate=1 opts
lease-range-high | | --subnet 10.50.0.0/24 --ip-range 10.50.0.128/25 high
lease-range-one | | --subnet 10.50.0.0/24 --ip-range 10.50.0.77/32 one
lease-range-ipv6 | | --subnet fd10::/64 --ip-range fd10::100/120 high
internal | | --internal closed
internal-no-dns | | --internal --disable-dns closed
no-dns | | --disable-dns quiet
slash-29 | | --subnet 10.70.0.0/29 small
slash-30 | | --subnet 10.70.0.0/30 small
slash-31 | | --subnet 10.70.0.0/31 small
slash-32 | | --subnet 10.70.0.1/32 small
slash-127 | | --subnet fd10::/127 small
labels | | --label z=1 --label a=2 --label empty --label "html=<&>" labels
options | | -o vlan=10 -o isolate=false -o mtu=0 opts
option-list | | -o vlan=10,mtu=1280 opts
ipam-none | | --ipam-driver none bare
macvlan | | -d macvlan -o parent=eth0 --subnet 10.60.0.0/24 --gateway 10.60.0.1 wire
macvlan-mode | | -d macvlan -o parent=eth0 -o mode=private -o mtu=1400 --subnet 10.60.0.0/24 wire
macvlan-no-parent | | -d macvlan --subnet 10.60.0.0/24 wire
macvlan-same-subnet | --subnet 10.60.0.0/24 other | -d macvlan --subnet 10.60.0.0/24 wire
taken | taken | taken
name-space | | "bad name"
name-dash | | -- -bad
name-dot | | .bad
subnet-default | | --subnet 10.88.5.0/24 x
subnet-host | | --subnet 192.168.121.128/25 x
subnet-wide | | --subnet 192.168.0.0/16 x
subnet-other | --subnet 10.60.0.0/16 other | --subnet 10.60.7.0/24 x
subnet-address | | --subnet 10.60.0.0 x
subnet-text | | --subnet nonsense x
subnet-length | | --subnet 10.60.0.0/33 x
gateway-outside | | --subnet 10.60.0.0/24 --gateway 10.61.0.1 x
gateway-family | | --subnet 10.60.0.0/24 --gateway fd10::1 x
gateway-alone | | --gateway 10.60.0.1 x
gateways | | --subnet 10.60.0.0/24 --gateway 10.60.0.1 --gateway 10.60.0.2 x
range-outside | | --subnet 10.60.0.0/24 --ip-range 10.61.0.0/29 x
range-end | | --subnet 10.60.0.0/24 --ip-range 10.60.0.0/16 x
range-text | | --subnet 10.60.0.0/24 --ip-range nonsense x
range-alone | | --ip-range 10.60.0.0/29 x
ranges | | --subnet 10.60.0.0/24 --ip-range 10.60.0.0/29 --ip-range 10.60.0.8/29 x
driver | | -d nosuch x
option | | -o foo=bar x
option-macvlan | | -d macvlan -o foo=bar --subnet 10.60.0.0/24 x
mtu-text | | -o mtu=abc x
mtu-negative | | -o mtu=-1 x
vlan | | -o vlan=5000 x
vlan-text | | -o vlan=abc x
isolate | | -o isolate=maybe x
parent | | -d macvlan -o parent=nosuch0 --subnet 10.60.0.0/24 x
macvlan-mode-unknown | | -d macvlan -o mode=foo --subnet 10.60.0.0/24 x
macvlan-subnet | | -d macvlan x
macvlan-dhcp | | -d macvlan --ipam-driver dhcp x
ipam | | --ipam-driver foo x
ipam-none-subnet | | --ipam-driver none --subnet 10.60.0.0/24 x
label | | --label =x y
option-form | | -o novalue x
range-address | | --subnet 10.60.0.0/24 --ip-range 10.60.0.0/24 all
gateway-in-range | | --subnet 10.60.0.0/28 --gateway 10.60.0.4 --ip-range 10.60.0.0/29 mid
gateway-network | | --subnet 10.60.0.0/24 --gateway 10.60.0.0 odd
isolate-on | | -o isolate=T on
unnamed-subnet | | --subnet 10.60.0.0/24
unnamed-after-name | podman1 |
label-twice | | --label a=1 --label a=2 twice
label-equals | | --label a=b=c eq
label-quote | | --label "q=a\"b\\c" quote
label-unicode | | --label "u=äö " uni
long-name | | abcdefghijklmnopqrstuvwxyz0123456789
macvlan-default-unnamed | | -d macvlan --subnet 10.60.0.0/24
macvlan-range | | -d macvlan --subnet 10.60.0.0/24 --ip-range 10.60.0.128/25 wire
macvlan-ipv6 | | -d macvlan --ipv6 --subnet 10.60.0.0/24 wire
macvlan-no-dns | | -d macvlan --disable-dns --subnet 10.60.0.0/24 wire
ipam-host-local | | --ipam-driver host-local local
no-dns-ipam-none-internal | | --internal --disable-dns --ipam-driver none bare
"""


def main():
    scratch = host.enter()
    podman = program.prepare((sys.argv[1:] or [shutil.which("podman")])[0], scratch)
    recorded = {"written": [], "refused": []}
    for name, before, arguments in cases():
        result, text = record(podman, before, arguments)
        lines = [f"## {name}", *(f"before: {b}" for b in before), f"create: {arguments}"]
        recorded[result].append("\n".join(lines) + "\n" + text)
    for result, texts in recorded.items():
        (GOLDEN / f"{result}.txt").write_text("".join(texts))
        print(f"{len(texts)} {result}")


def cases():
    for line in filter(None, CASES.splitlines()):
        name, before, arguments = (part.strip() for part in line.split("|"))
        yield name, [b.strip() for b in before.split(";") if b.strip()], arguments


def record(podman, before, arguments):
    """What became of one case: the file, or the error."""
    for file in FILES.glob("*.json"):
        file.unlink()
    for words in before:
        podman.ok("network", "create", *shlex.split(words))
    old = set(FILES.glob("*.json"))
    done = podman.run("network", "create", *shlex.split(arguments))
    if done.status:
        return "refused", done.err
    return "written", next(f for f in FILES.glob("*.json") if f not in old).read_text()


if __name__ == "__main__":
    main()
