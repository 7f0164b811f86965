import LinuxSys
import OCISpec
import Testing

@testable import ContainerRuntime

@Suite("The runtime configuration of a container")
struct ConfigurationTests {
    private func host(_ change: (inout HostFacts) -> Void = { _ in }) throws -> HostFacts {
        var host = try HostFacts(devices: false)
        host.capabilities = Capability.set(mask: 0x1ff_ffff_ffff)
        host.canRaiseLimits = true
        host.maximumOpenFiles = 1_073_741_816
        host.thermalThrottles = []
        change(&host)
        return host
    }

    private func blueprint(_ change: (inout ContainerBlueprint) -> Void = { _ in }) -> ContainerBlueprint {
        var blueprint = ContainerBlueprint(
            id: String(repeating: "a", count: 64), rootfs: "/root/fs", args: ["whoami"],
            network: .namespace("/run/netns/n"))
        blueprint.hostname = "web1"
        change(&blueprint)
        return blueprint
    }

    private func make(
        _ change: (inout ContainerBlueprint) -> Void = { _ in }, host facts: HostFacts? = nil
    ) throws -> RuntimeConfiguration {
        try RuntimeConfiguration(of: blueprint(change), on: facts ?? host())
    }

    @Test("Root has Podman's eleven capabilities, none inheritable or ambient")
    func defaultCapabilities() throws {
        let set = try #require(try make().process.capabilities)
        let expected = [
            "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP",
            "SETUID", "SYS_CHROOT",
        ].map { "CAP_\($0)" }
        #expect(set == RuntimeCapabilities(bounding: expected, effective: expected, permitted: expected))
    }

    @Test("A user that is not root has none, and what was added by name is ambient")
    func userCapabilities() throws {
        let plain = try make { $0.user = RuntimeUser(uid: 1000, gid: 1000) }
        #expect(plain.process.capabilities?.effective == nil)
        #expect(plain.process.capabilities?.permitted == nil)
        #expect(plain.process.capabilities?.bounding?.count == 11)
        let added = try make {
            $0.user = RuntimeUser(uid: 1000, gid: 1000)
            $0.capabilitiesToAdd = ["net_raw"]
        }
        #expect(added.process.capabilities?.ambient == ["CAP_NET_RAW"])
        #expect(added.process.capabilities?.effective == ["CAP_NET_RAW"])
    }

    @Test(
        "Capabilities are added and dropped",
        arguments: [
            ([], ["all"], []), (["NET_ADMIN"], ["ALL"], ["CAP_NET_ADMIN"]), (["cap_chown"], ["All"], ["CAP_CHOWN"]),
            (
                ["CAP_SYS_ADMIN", "chown"], ["cap_kill", "SETUID", "SETGID", "SETPCAP", "SETFCAP", "FSETID", "FOWNER"],
                ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_NET_BIND_SERVICE", "CAP_SYS_ADMIN", "CAP_SYS_CHROOT"]
            ),
        ] as [([String], [String], [String])])
    func choice(add: [String], drop: [String], expected: [String]) throws {
        let configuration = try make {
            $0.capabilitiesToAdd = add
            $0.capabilitiesToDrop = drop
        }
        #expect(configuration.process.capabilities?.bounding == expected)
    }

    @Test("ALL is what the host can give, and what it cannot give is left out")
    func allCapabilities() throws {
        let small = try host { $0.capabilities = Capability.set(mask: 0b11) }
        let all = try make({ $0.capabilitiesToAdd = ["ALL"] }, host: small)
        #expect(all.process.capabilities?.bounding == ["CAP_CHOWN", "CAP_DAC_OVERRIDE"])
        let one = try make({ $0.capabilitiesToAdd = ["SYS_ADMIN"] }, host: small)
        #expect(one.process.capabilities?.bounding == ["CAP_CHOWN", "CAP_DAC_OVERRIDE"])
    }

    @Test(
        "Wrong capabilities are refused in Podman's words",
        arguments: [
            (["nosuch"], [], "\"CAP_NOSUCH\": unknown capability"),
            (["chown"], ["CHOWN"], "capability \"CAP_CHOWN\" cannot be dropped and added"),
            (["all"], ["ALL"], "adding all caps and removing all caps not allowed"),
        ] as [([String], [String], String)])
    func wrongCapabilities(add: [String], drop: [String], message: String) throws {
        let failure = #expect(throws: RuntimeFailure.self) {
            try make {
                $0.capabilitiesToAdd = add
                $0.capabilitiesToDrop = drop
            }
        }
        #expect(failure?.message == message)
        #expect(failure?.exitCode == 125)
    }

    @Test("Limits are Podman's where they can be raised, else the caller's own")
    func limits() throws {
        let able = try make().process.rlimits
        #expect(
            able == [
                RuntimeLimit(type: "RLIMIT_NOFILE", hard: 1_048_576, soft: 1_048_576),
                RuntimeLimit(type: "RLIMIT_NPROC", hard: 1_048_576, soft: 1_048_576),
            ])
        let unable = try host {
            $0.canRaiseLimits = false
            $0.openFiles.hard = 20000
            $0.processes.hard = 300
        }
        #expect(try make(host: unable).process.rlimits?.map(\.hard) == [20000, 300])
        let asked = try make { $0.limits = [RuntimeLimit(type: "RLIMIT_NOFILE", hard: 5, soft: 4)] }
        #expect(asked.process.rlimits?.map(\.type) == ["RLIMIT_NPROC", "RLIMIT_NOFILE"])
    }

    @Test("Ping works without a capability in a network of its own, and the host's sysctl stays")
    func sysctl() throws {
        #expect(try make().linux.sysctl == ["net.ipv4.ping_group_range": "0 0"])
        #expect(try make { $0.network = .host }.linux.sysctl == nil)
        let mine = try make { $0.sysctl = ["net.ipv4.ping_group_range": "1 0"] }
        #expect(mine.linux.sysctl == ["net.ipv4.ping_group_range": "1 0"])
    }

    @Test("Every namespace but the user's is the container's own, and the cgroup's too")
    func namespaces() throws {
        #expect(try make().linux.namespaces.map(\.type) == [.pid, .network, .ipc, .uts, .mount, .cgroup])
        #expect(try make().linux.namespaces[1].path == "/run/netns/n")
        #expect(try make { $0.network = .host }.linux.namespaces.map(\.type) == [.pid, .ipc, .uts, .mount, .cgroup])
    }

    @Test("A privileged container sees everything of the host")
    func privileged() throws {
        let configuration = try make { $0.privileged = true }
        #expect(configuration.linux.maskedPaths.isEmpty && configuration.linux.readonlyPaths.isEmpty)
        #expect(configuration.linux.resources.devices == [.init(allow: true, access: "rwm")])
        #expect(configuration.process.capabilities?.bounding?.count == 41)
        #expect(configuration.mounts.first { $0.destination == "/sys" }?.options.last == "rw")
    }

    @Test("Nothing of an image gets into the annotations")
    func annotations() throws {
        #expect(
            try make().annotations
                == ["io.container.manager": "swiftlet", "org.opencontainers.image.stopSignal": "15"])
    }

    @Test("Parents are mounted before what lies in them, and what was asked for replaces a default")
    func mountOrder() throws {
        let mounts = try make {
            $0.hostFiles = .init(hosts: "/h", resolvConf: "/r")
            $0.mounts = [
                ContainerMount(.volume("/v"), at: "/etc"), ContainerMount(.bind("/mine", []), at: "/etc/hosts"),
                ContainerMount(.tmpfs, at: "/dev/shm/", options: ["size=1m"]),
            ]
        }.mounts
        let places = mounts.map(\.destination)
        #expect(places.firstIndex(of: "/etc") ?? 99 < places.firstIndex(of: "/etc/resolv.conf") ?? 0)
        #expect(mounts.filter { $0.destination == "/etc/hosts" }.map(\.source) == ["/mine"])
        #expect(mounts.filter { $0.destination.hasPrefix("/dev/shm") }.map(\.options.first) == ["size=1m"])
        #expect(!places.contains("/run/.containerenv"))
    }

    @Test(
        "Mounts have Podman's options",
        arguments: [
            (ContainerMount(.volume("/v"), at: "/d"), ["rw", "rprivate", "nosuid", "nodev", "rbind"]),
            (ContainerMount(.bind("/v", []), at: "/d", options: ["ro"]), ["ro", "rprivate", "rbind"]),
            (ContainerMount(.bind("/v", []), at: "/d", options: ["z"]), ["rw", "rprivate", "rbind"]),
            (
                ContainerMount(.bind("/v", [.noExecution, .noSetID]), at: "/d", options: ["suid", "rslave", "bind"]),
                ["suid", "rslave", "rw", "noexec", "bind"]
            ),
            (ContainerMount(.volume("/v"), at: "/d", options: ["dev"]), ["dev", "rw", "rprivate", "nosuid", "rbind"]),
            (
                ContainerMount(.tmpfs, at: "/d", options: ["size=1m"]),
                ["size=1m", "rw", "rprivate", "nosuid", "nodev", "tmpcopyup"]
            ),
        ] as [(ContainerMount, [String])])
    func mountOptions(mount: ContainerMount, expected: [String]) {
        #expect(mount.runtimeMount.options == expected)
    }

    @Test("A read-only root has memory file systems where programs must write")
    func readOnly() throws {
        let configuration = try make {
            $0.readOnlyRoot = true
            $0.hostFiles.hosts = "/h"
        }
        #expect(configuration.root.readonly == true)
        #expect(
            configuration.mounts.filter { $0.source == "tmpfs" }.map(\.destination).sorted() == [
                "/dev", "/run", "/tmp", "/var/tmp",
            ])
        #expect(configuration.mounts.first { $0.source == "/h" }?.options.contains("ro") == true)
        let bare = try make {
            $0.readOnlyRoot = true
            $0.readOnlyTmpfs = false
        }
        #expect(!bare.mounts.contains { $0.destination == "/tmp" })
    }

    @Test(
        "The root is private unless a mount is to spread",
        arguments: [([], "private"), (["rslave"], "slave"), (["shared"], "shared"), (["rprivate"], "private")])
    func propagation(options: [String], expected: String) throws {
        let configuration = try make { $0.mounts = [ContainerMount(.volume("/v"), at: "/d", options: options)] }
        #expect(configuration.linux.rootfsPropagation == expected)
    }

    @Test("Namespaces of the host are left out, and those at a path are joined")
    func sharedNamespaces() throws {
        let host = try make {
            $0.processes = .host
            $0.communication = .host
            $0.uts = .host
        }
        #expect(host.linux.namespaces.map(\.type) == [.network, .mount, .cgroup])
        #expect(host.hostname == nil)
        let joined = try make { $0.processes = .path("/proc/7/ns/pid") }
        #expect(joined.linux.namespaces.first == RuntimeNamespace(.pid, path: "/proc/7/ns/pid"))
    }

    @Test("Devices are made and allowed, and paths are masked and shown as asked for")
    func devicesAndPaths() throws {
        let device = RuntimeDevice(path: "/dev/xx", type: "c", major: 1, minor: 3)
        let configuration = try make {
            $0.devices = [(device, "r")]
            $0.maskedPaths = ["/etc/passwd"]
            $0.unmaskedPaths = ["/proc/kcore", "/proc/bus"]
        }
        #expect(configuration.linux.devices == [device])
        #expect(
            configuration.linux.resources.devices.last
                == RuntimeResources.DeviceRule(allow: true, type: "c", major: 1, minor: 3, access: "r"))
        let masked = configuration.linux.maskedPaths
        #expect(masked.contains("/etc/passwd") && masked.contains("/proc/keys") && !masked.contains("/proc/kcore"))
        #expect(!configuration.linux.readonlyPaths.contains("/proc/bus"))
        let open = try make { $0.unmaskedPaths = ["ALL"] }
        #expect(open.linux.maskedPaths.isEmpty && open.linux.readonlyPaths.isEmpty)
    }

    @Test("An init stands before the program, and is mounted")
    func initProgram() throws {
        let configuration = try make { $0.initProgram = "/usr/bin/catatonit" }
        #expect(configuration.process.args == ["/run/podman-init", "--", "whoami"])
        #expect(configuration.mounts.contains { $0.destination == "/run/podman-init" && $0.options.contains("ro") })
    }

    @Test("Defaults of the environment can be left out")
    func unsetDefaults() {
        #expect(
            ContainerEnvironment.complete([], hostname: nil, home: "/", unset: ["TERM"])
                == [ContainerEnvironment.path, "container=podman", "HOME=/"])
        #expect(ContainerEnvironment.complete(["A=1"], hostname: nil, home: "/", unset: ["*"]) == ["A=1", "HOME=/"])
    }

    @Test("The environment is Podman's, in its order, and of two with one name the last counts")
    func environment() {
        let variables = ContainerEnvironment.complete(
            ["A=1", "PATH=/x", "A=2", "=", "B"], hostname: "h", home: "/root")
        #expect(
            variables == ["PATH=/x", "TERM=xterm", "container=podman", "A=2", "=", "B", "HOSTNAME=h", "HOME=/root"])
        let mine = ContainerEnvironment.complete(["HOME=/h", "HOSTNAME=x"], hostname: "h", home: "/")
        #expect(mine == [ContainerEnvironment.path, "TERM=xterm", "container=podman", "HOME=/h", "HOSTNAME=x"])
    }

    @Test("exec has the container's environment and limits, and its own user's capabilities")
    func exec() throws {
        var request = ExecBlueprint(args: ["id"])
        request.user = RuntimeUser(uid: 5, gid: 5)
        request.home = "/home/five"
        request.env = ["A=2"]
        request.terminal = true
        let process = try RuntimeProcess(
            executing: request, in: blueprint { $0.env = ["A=1"] }, on: try host())
        #expect(process.env.contains("A=2") && process.env.contains("TERM=xterm"))
        #expect(process.env.last == "HOME=/home/five")
        #expect(process.capabilities?.effective == nil)
        #expect(process.user.umask == 0o022)
        var privileged = ExecBlueprint(args: ["id"])
        privileged.privileged = true
        let all = try RuntimeProcess(executing: privileged, in: blueprint(), on: try host())
        #expect(all.capabilities?.effective?.count == 41)
    }
}
