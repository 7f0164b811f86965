internal import ArgumentParser
internal import ContainerEngine
internal import GoTemplate

/// What the three forms of `diff` have in common.
struct DiffFlags: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("json, or nothing for lines.", valueName: "format"))
    var format: String?

    @Argument(help: "Names or ids: what has changed in the first since the second, or since what it was made of.")
    var names: [String] = []

    func show(_ subject: Engine.Subject, latest: Bool = false) throws {
        guard format == nil || format == "" || format == "json" else {
            throw EngineError("only supported value for '--format' is 'json'")
        }
        guard names.count <= 2 else {
            throw EngineError("accepts between 1 and 2 arg(s), received \(names.count)")
        }
        let engine = try Invocation.engine(repairing: false)
        var names = names
        if latest {
            guard names.isEmpty else { throw EngineError("no arguments are needed with --latest") }
            guard let last = try engine.containers().last else {
                throw EngineError("no containers: there is no latest one", kind: .noSuchContainer)
            }
            names = [last.id]
        }
        guard let name = names.first else { throw EngineError("diff requires a name or an id") }
        let changes = try engine.changes(name, since: names.dropFirst().first, subject)
        guard format == "json" else {
            return Output.text(changes.map { "\($0.kind) \($0.path)\n" }.joined())
        }
        let fields = [("changed", "C"), ("added", "A"), ("deleted", "D")].compactMap { name, kind -> Object.Field? in
            let paths = changes.filter { $0.kind == kind }.map(\.path)
            return paths.isEmpty ? nil : .init(name, .strings(paths))
        }
        Output.line(Value.structure(fields).json(indent: "     "))
    }
}

/// `--latest` of `diff`.
struct LatestContainerFlag: ParsableArguments {
    @Flag(name: .shortAndLong, help: "The container created last.")
    var latest = false
}

/// `diff`: what a container or an image has changed.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what a container or an image has changed.")

    @OptionGroup var flags: DiffFlags
    @OptionGroup var last: LatestContainerFlag

    func run() throws { try flags.show(.any, latest: last.latest) }
}

/// `container diff`: what a container has changed.
struct ContainerDiff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what a container has changed.")

    @OptionGroup var flags: DiffFlags
    @OptionGroup var last: LatestContainerFlag

    func run() throws { try flags.show(.container, latest: last.latest) }
}

/// `image diff`: what an image has changed.
struct ImageDiff: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "diff", abstract: "Show what an image has changed.")

    @OptionGroup var flags: DiffFlags

    func run() throws { try flags.show(.image) }
}
