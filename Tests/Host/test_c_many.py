"""Many commands at once: all succeed, and of those that want the same thing, one."""
from check import equal, holds, one_line, test
from program import IMAGE


def _run_many(host, count):
    done = host.at_once([("run", "-d", "--name", f"c{n}", IMAGE) for n in range(count)], timeout=240)
    bad = [d for d in done if d.status != 0]
    holds(not bad, f"{len(bad)} of {count} failed, the first: {bad and bad[0]}")
    addresses = {}
    listed = host.swiftlet.ok("inspect", "--format", "{{.Name}} {{.NetworkSettings.Networks.podman.IPAddress}} {{.State.Status}}",
                              *(f"c{n}" for n in range(count)))
    for line in listed.splitlines():
        name, address, state = line.split()
        equal(state, "running", f"state of {name}")
        addresses[name] = address
    equal(len(set(addresses.values())), count, "distinct addresses")
    for name in sorted(addresses)[:: max(1, count // 10)]:
        holds("Hostname: " in host.curl(f"http://{addresses[name]}"), f"{name} does not answer at {addresses[name]}")
    host.remove(*addresses)


@test
def twenty_runs_at_once_all_succeed(host):
    _run_many(host, 20)


@test
def a_hundred_runs_at_once_all_succeed(host):
    _run_many(host, 100)


@test
def ten_that_want_one_name_have_one_winner(host):
    before = host.census()
    done = host.at_once([("run", "-d", "--name", "c", IMAGE) for _ in range(10)])
    winners = [d for d in done if d.status == 0]
    equal(len(winners), 1, "winners")
    for d in done:
        if d.status != 0:
            equal(d.status, 125, f"exit status of a loser: {d}")
            holds('the container name "c" is already in use' in one_line(d.err, "stderr of a loser"), str(d))
    equal(host.swiftlet.ok("ps", "-aq", "--no-trunc"), winners[0].out.strip(), "containers")
    host.remove("c")
    equal(host.settled(before), [], "after the winner's removal")


@test
def ten_that_want_one_port_have_one_winner(host):
    before = host.census()
    done = host.at_once([("run", "-d", "--rm", "--name", f"c{n}", "-p", "8080:80", IMAGE) for n in range(10)])
    equal(sum(d.status == 0 for d in done), 1, f"winners; the others said {[d.err for d in done]}")
    for d in done:
        if d.status != 0:
            equal(d.status, 126, f"exit status of a loser: {d}")
            holds(":8080" in one_line(d.err, "stderr of a loser"), str(d))
    holds("Hostname: " in host.curl("http://127.0.0.1:8080"), "the winner does not answer")
    taken = host.census()
    equal([x for x in before.difference(taken) if "+ row: run.sqlite leases" in x and not x.endswith(": 1")], [], "leases")
    equal(sum("veth" in x for x in taken.sections["link"]) - sum("veth" in x for x in before.sections["link"]), 1, "veths")
    host.remove("-a")
    equal(host.settled(before), [], "after the winner's removal")


@test
def ten_that_start_and_remove_one_container_leave_it_whole(host):
    host.swiftlet.ok("create", "--name", "c", "-p", "8080:80", IMAGE)
    for done in host.at_once([("start", "c")] * 5):
        equal(done.status, 0, f"exit status of start: {done}")
    equal(host.state("c"), "running", "state")
    done = host.at_once([("rm", "-f", "-t", "0", "c")] * 5)
    holds(all(d.status in (0, 1) for d in done) and any(d.status == 0 for d in done), str([str(d) for d in done]))


@test
def readers_are_not_held_up_by_writers(host):
    done = host.at_once([("run", "--rm", IMAGE, "true") if n % 2 else ("ps", "-a") for n in range(20)])
    equal([str(d) for d in done if d.status != 0], [], "failures")
