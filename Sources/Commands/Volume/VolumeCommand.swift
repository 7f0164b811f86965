internal import ArgumentParser
internal import ContainerEngine
internal import GoTemplate
internal import LinuxSys

/// `volume`: directories that outlive containers.
struct VolumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volume", abstract: "Manage volumes.",
        subcommands: [
            VolumeCreate.self, VolumeList.self, VolumeInspect.self, VolumeRemove.self, VolumePrune.self,
            VolumeExists.self,
        ])
}

/// `volume create`.
struct VolumeCreate: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a volume.")

    @Option(
        name: [.customShort("l", allowingJoined: true), .long],
        help: ArgumentHelp("Add a label: key=value.", valueName: "label"))
    var label: [String] = []

    @Option(
        name: [.customShort("d", allowingJoined: true), .long],
        help: ArgumentHelp("Only local.", valueName: "driver"))
    var driver = "local"

    @Argument(help: "Its name (made up if missing).")
    var name: String?

    func run() throws {
        guard driver == "local" else { throw EngineError("volume driver \(driver) is not there: local is") }
        Output.line(
            try Invocation.engine().createVolume(name, labels: try KeyValue.parse(label, what: "label")))
    }
}

/// `volume ls`.
struct VolumeList: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List volumes.", aliases: ["list"])

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("name=, label=, driver=, dangling= or until=.", valueName: "filter"))
    var filter: [String] = []

    @Option(name: .long, help: ArgumentHelp("table, json, or a Go template.", valueName: "format"))
    var format: String?

    @Flag(name: [.long, .customLong("no-heading")], help: "Leave out the header.")
    var noheading = false

    @Flag(name: .shortAndLong, help: "Print names only.")
    var quiet = false

    func run() throws {
        if quiet && format != nil { throw EngineError("quiet and format cannot be used together") }
        let filter = try VolumeFilter(filter)
        let volumes = try Invocation.engine(repairing: false).volumes().filter(filter.matches)
        if quiet {
            for volume in volumes { Output.line(volume.name) }
            return
        }
        try Rendering.list(
            volumes.map(VolumeDocument.value), format: Rendering.Format(format),
            columns: [("DRIVER", "{{.Driver}}"), ("VOLUME NAME", "{{.Name}}")],
            headings: ["Name": "VOLUME NAME"], heading: !noheading)
    }
}

/// `volume inspect`.
struct VolumeInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show everything about volumes.")

    @Flag(name: .shortAndLong, help: "All volumes.")
    var all = false

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("json, or a Go template.", valueName: "format"))
    var format: String?

    @Argument(help: ArgumentHelp("Names.", valueName: "volume"))
    var volumes: [String] = []

    func run() throws {
        guard all == volumes.isEmpty else {
            throw EngineError(
                all ? "no arguments are needed with --all" : "provide one or more volume names or use --all")
        }
        let engine = try Invocation.engine(repairing: false)
        var documents: [Value] = []
        var errors: [any Error] = []
        for name in try all ? engine.volumes().map(\.name) : volumes {
            do { documents.append(VolumeDocument.value(try engine.volume(name))) } catch let error as EngineError
                where error.kind == .noSuchVolume
            {
                errors.append(EngineError("inspecting object: no such volume \(name)"))
            }
        }
        // Podman prints what it found, `[]` for nothing, before it fails.
        if format == nil || format == "json" || !documents.isEmpty {
            try Rendering.documents(documents, format: format)
        }
        if !errors.isEmpty { throw ErrorList(errors: errors, exitCode: 125) }
    }
}

/// `volume rm`.
struct VolumeRemove: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove volumes.")

    @Flag(name: .shortAndLong, help: "All volumes.")
    var all = false

    @Flag(name: .shortAndLong, help: "Remove the containers that have it, too, even if they run.")
    var force = false

    @Option(
        name: [.customShort("t", allowingJoined: true), .long],
        help: ArgumentHelp("Seconds that --force waits before killing.", valueName: "seconds"))
    var time: Int64?

    @Argument(help: ArgumentHelp("Names.", valueName: "volume"))
    var volumes: [String] = []

    func run() throws {
        guard all == volumes.isEmpty else {
            throw EngineError(
                all ? "no arguments are needed with --all" : "choose either one or more volumes or all")
        }
        if time != nil && !force { throw EngineError("--force option must be specified to use the --time option") }
        let engine = try Invocation.engine()
        let names = try all ? engine.volumes().map(\.name) : volumes
        try Failure.forEach(names, exitCode: Self.exitCode) { name in
            try engine.removeVolume(name, force: force, timeout: time)
            Output.line(name)
        }
    }

    /// Podman's: 1 for one that does not exist, 2 for one that is used.
    static func exitCode(_ error: any Error) -> Int32 {
        switch (error as? EngineError)?.kind {
        case .noSuchVolume: 1
        case .inUse: 2
        default: Failure.exitCode(error)
        }
    }
}

/// `volume prune`.
struct VolumePrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove volumes that no container has.")

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var force = false

    @Option(name: .long, help: ArgumentHelp("label=KEY[=VALUE] or until=TIME.", valueName: "filter"))
    var filter: [String] = []

    func run() throws {
        let filter = try VolumeFilter(filter)
        let engine = try Invocation.engine()
        let unused = try engine.volumes().filter { $0.containers.isEmpty && filter.matches($0) }
        if !force {
            guard !unused.isEmpty else { return Output.line("No dangling volumes found") }
            let names = unused.map { "\($0.name)\n" }.joined()
            guard
                Output.confirm(
                    "WARNING! This will remove all volumes not used by at least one container. The following volumes will "
                        + "be removed:\n\(names)Are you sure you want to continue? [y/N] ")
            else { return }
        }
        for volume in unused {
            do { try engine.removeVolume(volume.name, force: false) } catch let error as EngineError
                where [.noSuchVolume, .inUse].contains(error.kind)
            {
                // Somebody else was first, to remove it or to use it.
                continue
            }
            Output.line(volume.name)
        }
    }
}

/// `volume exists`: 0 if it does, 1 if not.
struct VolumeExists: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exists", abstract: "Exit with 0 if the volume exists, with 1 if not.")

    @Argument(help: "Its name.")
    var volume: String

    func run() throws {
        guard try Invocation.engine(repairing: false).volumes().contains(where: { $0.name == volume }) else {
            throw ExitStatus(code: 1)
        }
    }
}

/// `--filter` of the volume commands: values of one key are alternatives, keys must all hold.
struct VolumeFilter {
    private var conditions: [String: [(VolumeRecord) -> Bool]] = [:]

    init(_ texts: [String]) throws {
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else {
                throw EngineError("invalid filter \"\(text)\": must be in the form key=value")
            }
            conditions[parts[0], default: []].append(try Self.condition(parts[0], parts[1]))
        }
    }

    func matches(_ volume: VolumeRecord) -> Bool {
        conditions.values.allSatisfy { $0.contains { $0(volume) } }
    }

    private static func condition(_ key: String, _ value: String) throws -> (VolumeRecord) -> Bool {
        switch key {
        case "name":
            let pattern = try NamePattern(value)
            return { pattern.matches($0.name) }
        case "driver": return { _ in value == "local" }
        case "label":
            let parts = value.split(separator: "=", maxSplits: 1).map(String.init)
            return { volume in
                guard let found = volume.labels[parts.first ?? ""] else { return false }
                return parts.count < 2 || found == parts[1]
            }
        case "dangling":
            guard let isUnused = Bool(value) else {
                throw EngineError(
                    "\"\(value)\" is not a valid value for the \"dangling\" filter - must be true or false")
            }
            return { $0.containers.isEmpty == isUnused }
        case "until":
            guard let limit = Engine.time(value) else { throw EngineError("invalid time \"\(value)\" in filter until") }
            return { $0.created < limit }
        default: throw EngineError("\"\(key)\" is an invalid volume filter")
        }
    }
}
