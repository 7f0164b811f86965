"""ps, inspect, images: what is shown, and its forms."""
import json

from check import equal, holds, matches, test
from program import IMAGE

SLEEP = ("sleep", "1000")


@test
def ps_has_podmans_columns(host):
    with host.container("--name", "web1", "-p", "8080:80") as identifier:
        header, row = host.swiftlet.ok("ps").splitlines()
        matches(header, r"^CONTAINER ID  IMAGE                         COMMAND     CREATED\s+STATUS\s+PORTS                 NAMES$", "header")
        matches(row, rf"^{identifier[:12]}  {IMAGE}  whoami      .+ ago\s+Up .+\s+0\.0\.0\.0:8080->80/tcp  web1$", "row")


@test
def ps_shows_what_runs_and_all_with_a(host):
    host.swiftlet.ok("create", "--name", "made", IMAGE)
    host.swiftlet.ok("run", "--name", "ended", IMAGE, "true")
    with host.container("--name", "up", command=SLEEP):
        equal(host.swiftlet.ok("ps", "--format", "{{.Names}}"), "up", "ps")
        equal(sorted(host.swiftlet.ok("ps", "-a", "--format", "{{.Names}}").split()), ["ended", "made", "up"], "ps -a")
        status = dict(line.split(" ", 1) for line in host.swiftlet.ok("ps", "-a", "--format", "{{.Names}} {{.Status}}").splitlines())
        matches(status["ended"], r"^Exited \(0\) .* ago$", "status of one that has ended")
        matches(status["up"], "^Up ", "status of one that runs")
        equal(status["made"].strip(), "Created", "status of one that was made")
    host.remove("made", "ended")


@test
def ps_filters(host):
    host.swiftlet.ok("create", "--name", "made", "--label", "a=1", IMAGE)
    with host.container("--name", "up1", "--label", "a=1", command=SLEEP) as identifier, \
            host.container("--name", "up2", "--label", "a=2", command=SLEEP):
        for filters, wanted in ((("name=up",), "up1 up2"), (("name=up1",), "up1"), (("label=a=1",), "made up1"), (("label=a",), "made up1 up2"),
                                (("status=created",), "made"), (("status=running",), "up1 up2"), ((f"id={identifier[:12]}",), "up1"),
                                (("label=a=1", "status=running"), "up1"), (("status=created", "status=running"), "made up1 up2"),
                                ((f"ancestor={IMAGE}",), "made up1 up2")):
            arguments = [x for f in filters for x in ("--filter", f)]
            seen = host.swiftlet.ok("ps", "-a", "--format", "{{.Names}}", *arguments)
            equal(" ".join(sorted(seen.split())), wanted, f"ps {' '.join(arguments)}")
        matches(host.swiftlet.fails(125, "ps", "--filter", "nosuch=1"), "nosuch is an invalid filter", "stderr")
    host.remove("made")


@test
def ps_prints_templates_tables_json_and_ids(host):
    with host.container("--name", "up", "-p", "8080:80", command=SLEEP) as identifier:
        equal(host.swiftlet.ok("ps", "-q"), identifier[:12], "-q")
        equal(host.swiftlet.ok("ps", "-q", "--no-trunc"), identifier, "-q --no-trunc")
        row = json.loads(host.swiftlet.ok("ps", "--format", "json"))[0]
        equal((row["Id"], row["Names"], row["State"], row["ExitCode"], row["Image"]), (identifier, ["up"], "running", 0, IMAGE), "json")
        equal(row["Ports"], [{"host_ip": "", "container_port": 80, "host_port": 8080, "range": 1, "protocol": "tcp"}], "ports in json")
        matches(host.swiftlet.ok("ps", "--format", "table {{.ID}} {{.Names}}"),
                rf"\ACONTAINER ID\s+NAMES\n{identifier[:12]}\s+up\Z", "table")
        equal(host.swiftlet.ok("ps", "--noheading").count("\n"), 0, "--noheading")
        equal(host.swiftlet.ok("ps", "--format", "{{.Image}}|{{.Command}}|{{.Ports}}"), f"{IMAGE}|sleep 1000|0.0.0.0:8080->80/tcp", "template")
    equal(json.loads(host.swiftlet.ok("ps", "--format", "json") or "[]"), [], "json of nothing")


@test
def inspect_prints_podmans_document(host):
    with host.container("--name", "web1", "--hostname", "web1", "-p", "8080:80", "-e", "A=B", "-v", "/etc:/mnt:ro") as identifier:
        document = json.loads(host.swiftlet.ok("inspect", "web1"))[0]
        equal((document["Id"], document["Name"], document["ImageName"], document["State"]["Status"]),
              (identifier, "web1", IMAGE, "running"), "who it is")
        network = document["NetworkSettings"]
        equal(network["Ports"], {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}, "ports")
        equal(network["IPAddress"] or network["Networks"]["podman"]["IPAddress"], host.address("web1"), "address")
        equal(network["Networks"]["podman"]["Gateway"], "10.88.0.1", "gateway")
        holds("A=B" in document["Config"]["Env"] and document["Config"]["Hostname"] == "web1", "configuration")
        mount = document["Mounts"][0]
        equal((mount["Type"], mount["Source"], mount["Destination"], mount["RW"]), ("bind", "/etc", "/mnt", False), "mount")


@test
def inspect_takes_templates(host):
    with host.container("--name", "web1", "-p", "8080:80", "-p", "8081:81") as identifier:
        for template, wanted in (("{{.Id}}", identifier), ("{{.ID}}", identifier), ("{{.State.Running}}", "true"), ("{{.Name | printf \"%s!\"}}", "web1!"),
                                 ("{{range $p, $b := .NetworkSettings.Ports}}{{$p}}={{(index $b 0).HostPort}} {{end}}", "80/tcp=8080 81/tcp=8081 "),
                                 ("{{json .Config.Cmd}}", '["whoami"]'), ("{{if .State.Running}}up{{else}}down{{end}}", "up"),
                                 ("{{len .Mounts}}", "0"), ("{{join .Config.Cmd \",\"}}", "whoami")):
            for option in ("-f", "--format"):
                equal(host.swiftlet.ok("inspect", option, template, "web1"), wanted, f"inspect {option} '{template}'")
        for bad in ("{{.Nope}}", "{{.State", "{{nosuch .Id}}"):
            done = host.swiftlet.run("inspect", "-f", bad, "web1")
            holds(done.status == 125 and done.err.startswith("Error: "), f"template {bad}: {done}")


@test
def inspect_finds_images_too(host):
    identifier = host.swiftlet.ok("images", "-q", "--no-trunc").removeprefix("sha256:")
    equal(host.swiftlet.ok("inspect", "-f", "{{.Id}}", IMAGE), identifier, "inspect of an image")
    equal(json.loads(host.swiftlet.ok("inspect", IMAGE))[0]["RepoTags"], [IMAGE], "RepoTags")


@test
def images_has_podmans_columns(host):
    header, row = host.swiftlet.ok("images").splitlines()
    matches(header, r"^REPOSITORY\s+TAG\s+IMAGE ID\s+CREATED\s+SIZE$", "header")
    matches(row, r"^ghcr\.io/larsks/whoami\s+latest\s+[0-9a-f]{12}\s+.+ ago\s+[\d.]+ MB$", "row")


@test
def version_and_info_answer(host):
    matches(host.swiftlet.ok("--version"), r"^\S+ version \d+\.\d+", "--version")
    matches(host.swiftlet.ok("version"), r"(?i)^version:", "version")
    json.loads(host.swiftlet.ok("info", "--format", "json"))
