"""ps, inspect, images: what is shown, and its forms."""
import json
import os

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
def ps_filters_by_what_no_container_can_have_find_none(host):
    host.swiftlet.ok("create", "--name", "made", "-v", "/etc:/mnt", IMAGE)
    for filters, wanted in (("health=healthy", ""), ("pod=x", ""), ("restart-policy=no", ""), ("", "made"), ("volume=/mnt", "made"),
                            ("volume=/etc:/mnt", "made"), ("volume=/etc:/other", "")):
        equal(host.swiftlet.ok("ps", "-a", "--filter", filters, "--format", "{{.Names}}"), wanted, f"ps --filter '{filters}'")
    matches(host.swiftlet.fails(125, "ps", "--filter", "restart-policy=nosuch"), "nosuch invalid restart policy", "stderr")
    equal(host.swiftlet.ok("ps", "--filter", "before=made"), host.swiftlet.ok("ps"), "a filter by age does not show what is not running")
    host.remove("made")


@test
def ps_keeps_the_order_of_creation_among_equals(host):
    for name in ("made2", "made1", "made3"):
        host.swiftlet.ok("create", "--name", name, IMAGE)
    host.swiftlet.ok("run", "--name", "ended", IMAGE, "true")
    for order, wanted in (("created", "made2 made1 made3 ended"), ("image", "made2 made1 made3 ended"), ("status", "made2 made1 made3 ended"),
                          ("size", "made2 made1 made3 ended"), ("runningfor", "made2 made1 made3 ended"), ("names", "ended made1 made2 made3")):
        equal(host.swiftlet.ok("ps", "-a", "--sort", order, "--format", "{{.Names}}").split(), wanted.split(), f"--sort {order}")
    equal(host.swiftlet.ok("ps", "-n", "2", "--format", "{{.Names}}").split(), ["made3", "ended"], "-n 2")
    equal(host.swiftlet.ok("ps", "-n", "0", "--format", "{{.Names}}"), "", "-n 0 is as if it were not there")
    equal(host.swiftlet.ok("ps", "-a", "-q", "--format", "{{.Names}}").split(), ["made2", "made1", "made3", "ended"], "-q --format")
    host.remove("made1", "made2", "made3", "ended")


@test
def ps_shows_size_and_namespaces_to_who_asks(host):
    host.swiftlet.ok("run", "--name", "ended", IMAGE, "sh", "-c", "head -c 100000 /dev/zero >/z; ln /z /y")
    matches(host.swiftlet.ok("ps", "-a", "-s").splitlines()[-1], r"  100kB \(virtual \d+\.\dMB\)$", "ps -s")
    row = json.loads(host.swiftlet.ok("ps", "-a", "-s", "--format", "json"))[0]
    holds(100000 <= row["Size"]["rwSize"] < 101000 and row["Size"]["rootFsSize"] > 1000000, f"size in json: {row['Size']}")
    matches(host.swiftlet.ok("ps", "-a", "--format", "table {{.Names}} {{.Size}}"), r"^NAMES       SIZE\nended       100kB \(virtual ", "table")
    host.remove("ended")
    with host.container("--name", "up", command=SLEEP):
        pid = host.swiftlet.ok("inspect", "-f", "{{.State.Pid}}", "up")
        number = os.readlink(f"/proc/{pid}/ns/net")[5:-1]
        equal(host.swiftlet.ok("ps", "--format", "{{.NET}} {{.Namespaces.NET}}"), f"{number} {number}", "network namespace")
        matches(host.swiftlet.ok("ps", "--ns"), rf"^CONTAINER ID  NAMES       PID .*\n.* {number} ", "ps --ns")
        equal(json.loads(host.swiftlet.ok("ps", "--ns", "--format", "json"))[0]["Namespaces"]["Net"], number, "namespaces in json")
        for flags, message in ((("-q", "-s"), "quiet conflicts"), (("-s", "--ns"), "conflict"), (("-n", "2", "-l"), "mutually exclusive"),
                               (("-w", "1", "-l"), "cannot be used together")):
            matches(host.swiftlet.fails(125, "ps", *flags), message, f"ps {' '.join(flags)}")


@test
def ps_templates_see_gos_values(host):
    host.swiftlet.ok("create", "--name", "made1", "--label", "x=y", "-v", "/etc:/mnt", IMAGE)
    host.swiftlet.ok("create", "--name", "made2", IMAGE)
    for template, wanted in (('{{index .Labels "x"}}', "y\n"), ("{{.Labels}} {{.Mounts}}", "map[x:y] [/mnt]\nmap[] []"), ("{{.Names}}\\n", "made1\nmade2"),
                             ("{{range .}}{{.Names}} {{end}}", "made1 made2 "), ("{{.Names -}}", "made1made2"),
                             ("table {{.Names}} {{.ExitCode}}", "NAMES       EXIT CODE\nmade1       0\nmade2       0")):
        equal(host.swiftlet.ok("ps", "-a", "--format", template), wanted, f"ps --format '{template}'")
    matches(host.swiftlet.ok("ps", "-l", "--format", "{{.Created}} {{.CreatedAt}} {{.Created.Year}}"),
            r"^(\d{4})(-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC) \1\2 \1$", "times")
    host.remove("made1", "made2")


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
def inspect_tells_what_the_process_was_given(host):
    flags = ("--read-only", "-u", "1:2", "--cap-add", "net_admin", "--cap-drop", "kill", "-v", "/tmp:/mnt:ro", "-v", "/v", "--dns", "9.9.9.9",
             "--dns-search", "x.y", "--dns-option", "ndots:3", "--add-host", "foo:1.2.3.4", "--cidfile", host.scratch / "id")
    with host.container("--name", "up", *flags, command=SLEEP) as identifier:
        document = json.loads(host.swiftlet.ok("inspect", "up"))[0]
        equal((document["Path"], document["Args"]), ("sleep", ["1000"]), "program and its arguments")
        environment = document["Config"]["Env"]
        holds("container=podman" in environment and f"HOSTNAME={identifier[:12]}" in environment, f"environment: {environment}")
        equal((document["EffectiveCaps"], "CAP_KILL" in document["BoundingCaps"]), (["CAP_NET_ADMIN"], False), "capabilities")
        asked = document["HostConfig"]
        equal((asked["CapAdd"], asked["CapDrop"]), (["CAP_NET_ADMIN"], ["CAP_KILL"]), "what was added and dropped")
        equal((asked["Dns"], asked["DnsSearch"], asked["DnsOptions"], asked["ExtraHosts"]), (["9.9.9.9"], ["x.y"], ["ndots:3"], ["foo:1.2.3.4"]), "names")
        volume = document["Mounts"][0]["Name"]
        equal(asked["Binds"], [f"{volume}:/v:rw,rprivate,nosuid,nodev,rbind", "/tmp:/mnt:ro,rprivate,rbind"], "Binds, volumes first")
        equal(sorted(asked["Tmpfs"]), ["/run", "/tmp", "/var/tmp"], "memory file systems")
        equal((asked["ContainerIDFile"], document["Config"]["Annotations"]["io.podman.annotations.cid-file"]), (str(host.scratch / "id"),) * 2, "--cidfile")
        equal([limit["Name"] for limit in asked["Ulimits"]], ["RLIMIT_NOFILE", "RLIMIT_NPROC"], "Ulimits")
        limits = host.swiftlet.ok("exec", "up", "cat", "/proc/1/limits")
        matches(limits, rf"Max open files +{asked['Ulimits'][0]['Soft']} ", "the limit that the process has")
    host.swiftlet.ok("create", "--name", "made", "--network", "none", "-u", "7", "--cap-drop", "all", IMAGE)
    document = json.loads(host.swiftlet.ok("inspect", "made"))[0]
    equal((document["EffectiveCaps"], document["HostConfig"]["CapAdd"], document["HostConfig"]["PortBindings"]), (None, [], {}), "one that never ran")
    host.remove("made")
    os.remove(host.scratch / "id")


@test
def inspect_prints_times_and_maps_as_go_does(host):
    host.swiftlet.ok("run", "--name", "ended", "--network", "none", IMAGE, "sh", "-c", "head -c 1000 /dev/zero >/z")
    matches(host.swiftlet.ok("inspect", "-f", "{{.Created}}|{{.State.StartedAt}}", "ended"),
            r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC\|?){2}$", "times")
    matches(host.swiftlet.ok("inspect", "-f", '{{json .Created}} {{.Created.Format "2006-01-02"}}', "ended"), r'^"(\d{4}-\d\d-\d\d)T[\d:.]+Z" \1$', "time in JSON")
    for template, wanted in (("{{.State.Healthcheck.Status}}", ""), ("{{.GraphDriver.Data.Nope}}", "<no value>"), ("table {{.Name}} {{.State.Status}}", "ended       exited"),
                             ("{{range .}}{{.Name}}{{end}}", "ended"), ("{{.SizeRw}} {{.SizeRootFs}}", "<nil> 0"), ("{{.State.Health}}", "{ 0 []}")):
        equal(host.swiftlet.ok("inspect", "-f", template, "ended"), wanted, f"inspect -f '{template}'")
    written, image = host.swiftlet.ok("inspect", "-s", "-f", "{{.SizeRw}} {{.SizeRootFs}}", "ended").split()
    holds(1000 <= int(written) < 1100 and int(image) > 1000000, f"inspect -s: {written} {image}")
    host.remove("ended")


@test
def inspect_finds_each_type_and_all_in_podmans_order(host):
    host.swiftlet.ok("create", "--name", "podman", "-v", "/v", IMAGE)
    volume = host.swiftlet.ok("inspect", "-f", "{{(index .Mounts 0).Name}}", "podman")
    equal(host.swiftlet.ok("inspect", "-f", "{{.Name}} {{.Driver}} {{.CreatedAt.IsZero}}", volume), f"{volume} local false", "volume")
    equal(host.swiftlet.ok("inspect", "-f", "{{.ImageName}}", "podman"), IMAGE, "a container comes before a network of its name")
    equal(host.swiftlet.ok("inspect", "-t", "network", "-f", "{{.Driver}}", "podman"), "bridge", "--type network")
    host.remove("podman")
    equal(host.swiftlet.ok("inspect", "-f", "{{.Driver}}", "podman"), "bridge", "network")
    for kind, message in (("all", 'no such object: "nosuch"'), ("container", "no such container nosuch"), ("image", "nosuch: image not known"),
                          ("volume", "no such volume nosuch"), ("network", "network nosuch: unable to find network with name or ID nosuch: network not found"),
                          ("pod", "no such pod nosuch")):
        done = host.swiftlet.run("inspect", "--type", kind, "nosuch")
        equal((done.status, done.out.strip(), done.err.strip()), (125, "[]", f"Error: inspecting object: {message}"), f"--type {kind}")
    for flags, message in ((("-l", "x"), "--latest and arguments"), (("-l", "--type", "image"), "latest is not supported"), (("-s", "--type", "image", IMAGE), "size is not supported")):
        matches(host.swiftlet.fails(125, "inspect", *flags), message, f"inspect {' '.join(flags)}")
    equal(host.swiftlet.run("image", "inspect", "nosuch").out.strip(), "[]", "image inspect")


@test
def images_templates_have_podmans_fields(host):
    for field, wanted in (("RepoTags", f"[{IMAGE}]"), ("History", IMAGE), ("Dangling", "false"), ("ReadOnly", "false"), ("SharedSize", "0"), ("ParentId", "")):
        equal(host.swiftlet.ok("images", "--format", f"{{{{.{field}}}}}", IMAGE), wanted, f"images --format {field}")
    matches(host.swiftlet.ok("images", "--format", "{{.VirtualSize}} {{.CreatedTime}}"), r"^\d{7,} \d{4}-.* UTC$", "size in bytes and time")
    matches(host.swiftlet.ok("image", "inspect", "-f", "{{.Created.Year}} {{(index .History 0).CreatedBy}}", IMAGE), r"^\d{4} \S", "image inspect")


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


@test
def version_answers_for_client_and_server(host):
    ours = host.swiftlet.ok("--version").split()[-1]
    for template in ("{{.Version}}", "{{.Client.Version}}", "{{.Server.Version}}"):
        equal(host.swiftlet.ok("version", "--format", template), ours, f"version --format {template}")
    matches(host.swiftlet.ok("version", "--format", "{{.Server.APIVersion}} {{.Client.OsArch}}"), r"^4\.\d+\.\d+ linux/\w+$", "API version")
    printed = host.swiftlet.ok("version", "--format", "json")
    equal((printed.count("\n"), list(json.loads(printed))), (0, ["Client"]), "json on one line")


@test
def info_has_podmans_document(host):
    document = json.loads(host.swiftlet.ok("info", "--format", "json"))
    wanted = {"host": "arch cgroupManager cgroupVersion cgroupControllers conmon cpus cpuUtilization distribution eventLogger hostname idMappings kernel "
                      "logDriver memFree memTotal networkBackend ociRuntime os remoteSocket serviceIsRemote security slirp4netns swapFree swapTotal "
                      "uptime linkmode",
              "store": "configFile containerStore graphDriverName graphOptions graphRoot graphRootAllocated graphRootUsed graphStatus imageCopyTmpDir "
                       "imageStore runRoot volumePath",
              "version": "APIVersion Version GoVersion GitCommit BuiltTime Built OsArch Os"}
    for part, names in wanted.items():
        equal(list(document[part]), names.split(), f"info: {part}")
    for template, pattern in (("{{.Host.CgroupsVersion}}", "^v[12]$"), ("{{.Host.Distribution.Distribution}}", "^[a-z]+$"), ("{{.Host.SwapTotal}}", r"^\d+$"),
                              ("{{.Host.Uptime}}", r"^\d+h \d+m \d+\.00s"), ("{{.Host.Security.AppArmorEnabled}}", "^(true|false)$"),
                              ("{{index .Host.CgroupControllers 0}}", r"^\w+$"), ("{{.Store.GraphRootUsed}}", r"^[1-9]\d+$"),
                              ("{{.Host.Conmon.Package}}", r"^(\S+_\S+|Unknown)$"), ("{{.Host.OCIRuntime.Version}}", "version")):
        matches(host.swiftlet.ok("info", "--format", template), pattern, f"info --format {template}")
    text = host.swiftlet.ok("info", "--debug")
    matches(text, r"^host:\n  arch: \w+\n  cgroupControllers:\n  - \w+\n", "YAML")
    matches(text, r"^registries: {}\nstore:\n", "YAML")
    holds("\n    version: |-\n      " in text or "\n    version: runc" in text, f"text of several lines: {text}")
