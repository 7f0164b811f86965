internal import ArgumentParser
internal import ContainerEngine
internal import LinuxSys

/// The options of `run` and `create` that say what a container's process sees, and whom it is.
struct IsolationOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "no-new-privileges, seccomp=unconfined, seccomp=FILE, mask=PATH:PATH, unmask=ALL or unmask=PATH:PATH.",
            valueName: "option"))
    var securityOpt: [String] = []

    @Option(name: .long, help: ArgumentHelp("Device of the host: /dev/x[:/dev/y][:rwm].", valueName: "device"))
    var device: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("What may be done with devices: \"c 1:3 rw\", \"b *:* m\".", valueName: "rule"))
    var deviceCgroupRule: [String] = []

    @Option(name: .long, help: ArgumentHelp("One more group of the process.", valueName: "group"))
    var groupAdd: [String] = []

    @Option(name: .long, help: ArgumentHelp("Kernel parameter of the container's namespaces.", valueName: "key=value"))
    var sysctl: [String] = []

    @Option(name: .long, help: ArgumentHelp("Process ids: host, private or container:NAME.", valueName: "mode"))
    var pid: String?

    @Option(name: .long, help: ArgumentHelp("IPC: host or private.", valueName: "mode"))
    var ipc: String?

    @Option(name: .long, help: ArgumentHelp("Host name: host, private or container:NAME.", valueName: "mode"))
    var uts: String?

    @Option(name: .long, help: ArgumentHelp("Control groups: host, private or container:NAME.", valueName: "mode"))
    var cgroupns: String?

    @Option(name: .long, help: ArgumentHelp("Mask of new files' permissions, in octal digits.", valueName: "mask"))
    var umask: String?

    @Option(name: .long, help: ArgumentHelp("Time zone, such as Europe/Berlin, or local.", valueName: "zone"))
    var tz: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What kernel programs take it for: LINUX or LINUX32 (crun, or runc from 1.2 on).", valueName: "domain"))
    var personality: String?

    @Flag(name: .long, inversion: .prefixedNo, help: "Add a user that is a number to the files of users and groups.")
    var passwd = true

    @Option(
        name: .long,
        help: ArgumentHelp("The line for that user, with $USERNAME, $UID, $GID, $NAME and $HOME.", valueName: "line"))
    var passwdEntry: String?

    @Flag(name: .customLong("init"), help: "Run a small init as process 1, which reaps and passes signals on.")
    var usesInit = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Prepare for systemd as process 1: true (the default: if it is the command), false, always.",
            valueName: "mode"))
    var systemd: String?

    @Option(name: .long, help: ArgumentHelp("The init to run (default: catatonit).", valueName: "program"))
    var initPath: String?

    @Flag(
        name: .long, inversion: .prefixedNo, help: "With --read-only: memory file systems on /run, /tmp and /var/tmp.")
    var readOnlyTmpfs = true

    /// Writes what was asked for into a request.
    ///
    /// - Throws: `EngineError`, in Podman's words, for a value that makes no sense.
    func apply(to request: inout CreateRequest) throws {
        var security = SecurityOptions()
        for option in securityOpt { try security.set(option) }
        request.settings.security = security == SecurityOptions() ? nil : security
        request.settings.devices = try device.isEmpty ? nil : device.map(DeviceRequest.init)
        request.settings.deviceRules = deviceCgroupRule.isEmpty ? nil : deviceCgroupRule
        if groupAdd.contains("keep-groups") { throw EngineError("--group-add keep-groups is not there yet") }
        request.settings.groups =
            groupAdd.isEmpty ? nil : groupAdd.flatMap { $0.split(separator: ",").map(String.init) }
        for text in sysctl {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else {
                throw EngineError("\(text) is invalid, sysctl values must be in the form of KEY=VALUE")
            }
            request.settings.sysctl = (request.settings.sysctl ?? [:]).merging([parts[0]: parts[1]]) { $1 }
        }
        for (kind, mode) in [("pid", pid), ("ipc", ipc), ("uts", uts), ("cgroup", cgroupns)] {
            request.namespaces[kind] = mode
        }
        if let umask {
            guard umask.count <= 4, let mask = UInt32(umask, radix: 8) else {
                throw EngineError("running container create option: invalid umask string \(umask): invalid argument")
            }
            request.settings.umask = mask
        }
        if let tz, !tz.isEmpty {
            // A zone is a file below this directory, and nothing else.
            guard !tz.split(separator: "/").contains(".."), !tz.hasPrefix("/") else {
                throw EngineError("running container create option: invalid timezone \(tz)")
            }
            request.settings.timeZoneFile = tz == "local" ? "/etc/localtime" : "/usr/share/zoneinfo/\(tz)"
        }
        request.systemd = systemd ?? "true"
        request.settings.hasNoReadOnlyTmpfs = readOnlyTmpfs ? nil : true
        if let personality, !personality.isEmpty {
            guard ["LINUX", "LINUX32"].contains(personality.uppercased()) else {
                throw EngineError("invalid personality \(personality): it is LINUX or LINUX32")
            }
            request.settings.personality = personality.uppercased()
        }
        request.settings.addsNoAccount = passwd ? nil : true
        request.settings.accountLine = passwdEntry.flatMap { $0.isEmpty ? nil : $0 }
        if usesInit || initPath != nil { request.settings.initProgram = try initProgram() }
    }

    private func initProgram() throws -> String {
        guard let program = Program.find(initPath ?? "catatonit") else {
            throw EngineError(
                "\(initPath ?? "catatonit") for --init was not found: install the Debian package catatonit")
        }
        return try File.resolve(program)
    }
}
