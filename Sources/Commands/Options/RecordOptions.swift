internal import ArgumentParser
internal import ContainerEngine
internal import LinuxSys

/// The options of `run` and `create` about variables, labels, logs and more mounts.
struct RecordOptions: ParsableArguments {
    @Flag(name: .long, help: "Pass on every variable that is set here.")
    var envHost = false

    @Flag(name: .long, inversion: .prefixedNo, help: "Pass on http_proxy and the like, if they are set here.")
    var httpProxy = true

    @Option(name: .long, help: ArgumentHelp("Take a variable of the image away.", valueName: "name"))
    var unsetenv: [String] = []

    @Flag(name: .long, help: "Take every variable of the image away, and the defaults.")
    var unsetenvAll = false

    @Option(
        name: .long,
        help: ArgumentHelp("Set a variable from the image's own: NAME=$NAME-more.", valueName: "variable"))
    var envMerge: [String] = []

    @Option(name: .long, help: ArgumentHelp("Read labels from a file, one a line.", valueName: "file"))
    var labelFile: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("Add an annotation to the runtime's configuration.", valueName: "key=value"))
    var annotation: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("type=bind|volume|tmpfs,source=…,target=…[,options].", valueName: "mount"))
    var mount: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What the image's volumes are: bind (the default: a new volume each), tmpfs or ignore.", valueName: "mode"))
    var imageVolume: String?

    @Option(name: .long, help: ArgumentHelp("Mount what another container has: NAME[:ro].", valueName: "container"))
    var volumesFrom: [String] = []

    @Option(name: .long, help: ArgumentHelp("k8s-file, json-file (the same) or none.", valueName: "driver"))
    var logDriver: String?

    @Option(name: .long, help: ArgumentHelp("max-size=SIZE: where the log begins anew.", valueName: "option"))
    var logOpt: [String] = []

    @Option(name: .long, help: ArgumentHelp("Write the first process's id to this file.", valueName: "file"))
    var pidfile: String?

    @Option(name: .long, help: ArgumentHelp("Write the id of its conmon to this file.", valueName: "file"))
    var conmonPidfile: String?

    @Flag(name: .long, help: "Do without the image's health check (none is run yet).")
    var noHealthcheck = false

    /// Writes what was asked for into a request.
    ///
    /// - Throws: `EngineError`, in Podman's words, for a value that makes no sense.
    func apply(to request: inout CreateRequest) throws {
        if envHost { request.defaultEnvironment += try EnvironmentWords.own() }
        if httpProxy {
            let names = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy"]
            request.defaultEnvironment += (names + names.map { $0.uppercased() }).compactMap { name in
                StandardStream.environment(name).flatMap { $0.isEmpty ? nil : "\(name)=\($0)" }
            }
        }
        let unset = unsetenv + (unsetenvAll ? ["*"] : [])
        request.settings.unsetVariables = unset.isEmpty ? nil : unset
        request.mergedEnvironment = envMerge
        request.imageVolumes = try Self.imageVolumes(imageVolume ?? "bind")
        for file in labelFile { request.labels.merge(try Self.labels(file)) { old, _ in old } }
        for text in annotation {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw EngineError("annotations must be formatted KEY=VALUE") }
            request.settings.annotations = (request.settings.annotations ?? [:]).merging([parts[0]: parts[1]]) { $1 }
        }
        request.mounts += try mount.map(MountRequest.init(mount:))
        request.volumesFrom = volumesFrom.flatMap { $0.split(separator: ",").map(String.init) }
        request.settings.pidFile = try pidfile.map(Self.absolute)
        request.settings.monitorPIDFile = try conmonPidfile.map(Self.absolute)
        try applyLog(to: &request)
    }

    private static func imageVolumes(_ text: String) throws -> ImageVolumes {
        switch text {
        case "bind", "": .anonymous
        case "tmpfs": .memory
        case "ignore": .ignored
        default:
            throw EngineError("invalid image volume mode \"\(text)\" required value: bind, tmpfs, ignore")
        }
    }

    private static func absolute(_ path: String) throws -> String {
        path.hasPrefix("/") ? path : "\(try File.resolve("."))/\(path)"
    }

    private func applyLog(to request: inout CreateRequest) throws {
        switch logDriver {
        case nil, "", "k8s-file", "json-file": break
        case "none": request.settings.keepsNoLog = true
        case "journald", "passthrough":
            throw EngineError("--log-driver \(logDriver ?? "") is not there yet: use k8s-file or none")
        default: throw EngineError("running container create option: invalid log driver: invalid argument")
        }
        for option in logOpt {
            guard option.hasPrefix("max-size=") else {
                throw EngineError("--log-opt \(option) is not there yet: max-size is")
            }
            request.settings.logSizeMax = try ByteSize.parse(String(option.dropFirst(9)))
        }
    }

    private static func labels(_ path: String) throws -> [String: String] {
        let text: String
        do { text = try File.readText(path, limit: 1 << 20) } catch {
            throw EngineError("unable to process labels: open \(path): \(Failure.goText(error))")
        }
        let lines = text.split(whereSeparator: \.isNewline).map { String($0.drop(while: \.isWhitespace)) }
        return try KeyValue.parse(lines.filter { !$0.isEmpty && !$0.hasPrefix("#") }, what: "label")
    }
}
