internal import ArgumentParser
internal import ContainerEngine
internal import FoundationEssentials
internal import LinuxSys

/// What `run` and `create` have in common: everything that describes a container.
struct ContainerOptions: ParsableArguments {
    @Option(name: .long, help: "Name of the container (made up if missing).")
    var name: String?

    @Flag(name: .long, help: "Remove a container of that name first.")
    var replace = false

    @Flag(name: .long, help: "Remove the container when it ends.")
    var rm = false

    @Option(
        name: [.customShort("h", allowingJoined: true), .long],
        help: "Host name inside (default: the id's first 12 digits).")
    var hostname: String?

    @Option(
        name: [.customShort("p", allowingJoined: true), .long],
        help: ArgumentHelp(
            "Publish a port on the host, as [[ip:][hostPort]:]containerPort[/protocol].", valueName: "port"))
    var publish: [String] = []

    @Flag(name: [.customShort("P"), .long], help: "Publish every exposed port on a random port of the host.")
    var publishAll = false

    @Option(name: .long, help: ArgumentHelp("Expose a port, for --publish-all.", valueName: "port"))
    var expose: [String] = []

    @OptionGroup(title: "Network") var network: NetworkOptions

    @Flag(name: .shortAndLong, help: "Keep standard input open.")
    var interactive = false

    @Flag(name: .shortAndLong, help: "Give the process a terminal.")
    var tty = false

    @Option(
        name: [.customShort("e", allowingJoined: true), .long],
        help: ArgumentHelp("Set a variable: NAME=value, or NAME to pass on its value here.", valueName: "variable"))
    var env: [String] = []

    @Option(name: .long, help: ArgumentHelp("Read variables from a file, one a line.", valueName: "file"))
    var envFile: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Program that gets the arguments: a path, or a JSON array.", valueName: "program"))
    var entrypoint: String?

    @Option(
        name: [.customShort("w", allowingJoined: true), .long],
        help: ArgumentHelp("Working directory inside.", valueName: "dir"))
    var workdir: String?

    @Option(
        name: [.customShort("u", allowingJoined: true), .long],
        help: ArgumentHelp("User inside: name or uid, and :group.", valueName: "user"))
    var user: String?

    @Option(
        name: [.customShort("v", allowingJoined: true), .long],
        help: ArgumentHelp("Mount a directory or a volume: [source:]destination[:options].", valueName: "volume"))
    var volume: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("Mount an empty memory file system: destination[:options].", valueName: "mount")
    )
    var tmpfs: [String] = []

    @Option(
        name: [.customShort("l", allowingJoined: true), .long],
        help: ArgumentHelp("Add a label: key=value.", valueName: "label"))
    var label: [String] = []

    @Flag(name: .long, help: "Give the container every capability and device of the host.")
    var privileged = false

    @Option(name: .long, help: ArgumentHelp("Add a capability, or ALL.", valueName: "capability"))
    var capAdd: [String] = []

    @Option(name: .long, help: ArgumentHelp("Drop a capability, or ALL.", valueName: "capability"))
    var capDrop: [String] = []

    @Flag(name: .long, help: "Make the root file system read-only (/run, /tmp and /var/tmp stay writable).")
    var readOnly = false

    @Option(name: .long, help: ArgumentHelp("Signal that stop sends first.", valueName: "signal"))
    var stopSignal: String?

    @Option(name: .long, help: ArgumentHelp("Seconds that stop waits before it kills.", valueName: "seconds"))
    var stopTimeout: Int64?

    @Option(name: .long, help: ArgumentHelp("Write the id to this file, which must not exist.", valueName: "file"))
    var cidfile: String?

    @Option(
        name: .long, help: ArgumentHelp("When to pull the image: always, missing, newer or never.", valueName: "policy")
    )
    var pull = PullPolicyWord(.missing)

    @Option(
        name: .long,
        help: ArgumentHelp("When it is started again: no, on-failure[:n], always, unless-stopped.", valueName: "policy")
    )
    var restart: String?

    @OptionGroup(title: "Resources") var resources: ResourceOptions

    @OptionGroup(title: "Isolation") var isolation: IsolationOptions

    @OptionGroup(title: "Variables, labels, logs and mounts") var records: RecordOptions

    @OptionGroup var platform: PlatformFlags

    @OptionGroup var registry: RegistryFlags

    @Flag(name: .shortAndLong, help: "Print nothing about pulling the image.")
    var quiet = false

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The image, then the command and its arguments.", valueName: "image"))
    var imageAndCommand: [String] = []

    /// What the engine is asked for.
    ///
    /// - Throws: `EngineError` that names the option at fault.
    func request(_ type: any ParsableCommand.Type) throws -> CreateRequest {
        var words = imageAndCommand[...]
        try Passthrough.check(words.first, type)
        guard let image = words.popFirst() else { throw EngineError("requires at least 1 arg(s), only received 0") }
        var request = CreateRequest(image: image)
        request.pull.policy = pull.value
        request.pull.platform = try platform.value()
        request.pull.registry = try registry.options()
        let progress = TransferProgress(shown: !quiet)
        request.pull.observer = { progress.show($0) }
        request.pull.choose = ImageChoice.onTerminal
        request.command = Array(words)
        request.name = name
        if replace && name?.isEmpty ?? true { throw EngineError("cannot replace container without --name being set") }
        request.replace = replace
        request.onReplaced = { Output.line($0) }
        request.hostname = hostname
        request.entrypoint = entrypoint.map(Self.program)
        request.environment = try EnvironmentWords.variables(files: envFile, words: env)
        request.workingDirectory = workdir
        request.user = user
        request.terminal = tty
        request.openStandardInput = interactive
        request.labels = try KeyValue.parse(label, what: "label")
        request.privileged = privileged
        request.capabilitiesToAdd = Self.words(capAdd)
        request.capabilitiesToDrop = Self.words(capDrop)
        request.readOnly = readOnly
        request.stopSignal = stopSignal
        request.stopTimeout = stopTimeout
        request.autoRemove = rm
        request.mounts = try volume.map(MountRequest.init(volume:)) + tmpfs.map(MountRequest.init(tmpfs:))
        network.apply(to: &request)
        try resources.apply(to: &request)
        try isolation.apply(to: &request)
        try records.apply(to: &request)
        request.settings.restart = try restart.flatMap(RestartPolicy.parse)
        request.publish = Self.words(publish)
        request.publishAll = publishAll
        request.expose = Self.words(expose)
        request.idFile = cidfile
        request.createCommand = CommandLine.arguments
        request.runtime = Invocation.options.runtime
        return request
    }

    /// Podman takes some options' values for lists with commas between.
    private static func words(_ values: [String]) -> [String] {
        values.flatMap { $0.split(separator: ",").map(String.init) }
    }

    /// `--entrypoint`: a JSON array of words, or one word, as which what is no such array counts; an empty one means
    /// none.
    private static func program(_ text: String) -> [String] {
        // What is wrong with the array does not matter: it is a program's name then, as in Podman.
        if text.hasPrefix("["), let words = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) {
            return words
        }
        return text.isEmpty ? [] : [text]
    }
}

/// Arguments that belong to the program in the container.
enum Passthrough {
    /// The parser takes everything from the first word that it does not know; one that looks like an option is to be
    /// read once more.
    static func check(_ word: String?, _ type: any ParsableCommand.Type) throws {
        guard let word, word.hasPrefix("-"), word != "-" else { return }
        if word == "--help" { throw CleanExit.helpRequest(type) }
        throw UnreadFlag(word: word)
    }
}
