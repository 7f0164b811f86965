internal import ArgumentParser
internal import ContainerEngine
internal import GoTemplate

/// `inspect`: everything about containers and images.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show everything about containers and images.")

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("json, or a Go template.", valueName: "format"))
    var format: String?

    @Option(name: .long, help: "container, image or all.")
    var type = InspectType.all

    @Flag(name: .shortAndLong, help: "The container created last.")
    var latest = false

    @Argument(help: "Names or ids.")
    var names: [String] = []

    func run() throws {
        let engine = try Invocation.engine(repairing: false)
        var names = names
        if latest, let last = try engine.containers().last { names = [last.id] }
        guard !names.isEmpty else { throw EngineError("no names or ids specified") }
        var documents: [Value] = []
        var errors: [any Error] = []
        for name in names {
            do { documents.append(try type.document(name, engine)) } catch { errors.append(error) }
        }
        // Podman prints what it found, `[]` for nothing, before it fails.
        if format == nil || format == "json" || !documents.isEmpty {
            try Rendering.documents(documents, format: format)
        }
        if !errors.isEmpty { throw ErrorList(errors: errors, exitCode: 125) }
    }
}

/// `inspect --type`.
enum InspectType: String, ExpressibleByArgument, CaseIterable {
    case all, container, image

    func document(_ name: String, _ engine: Engine) throws -> Value {
        do {
            switch self {
            case .image: return ImageDocument.value(try engine.image(name))
            case .container, .all: return ContainerDocument(try engine.inspect(name)).value
            }
        } catch let error as EngineError where self == .all && error.kind == .noSuchContainer {
            do {
                return ImageDocument.value(try engine.image(name))
            } catch let error as EngineError where error.kind == .noSuchImage {
                throw EngineError("inspecting object: no such object: \"\(name)\"")
            }
        } catch let error as EngineError where error.kind == .noSuchContainer {
            throw EngineError("inspecting object: no such container \(name)")
        }
    }
}

/// `container …`: the container commands under their noun.
struct ContainerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "container", abstract: "Manage containers.",
        subcommands: [
            Run.self, Create.self, Start.self, Stop.self, Kill.self, Remove.self, List.self, ContainerList.self,
            Exec.self, Logs.self, Wait.self, Attach.self, Restart.self,
            Port.self, InspectContainer.self, Exists.self, Cleanup.self,
        ])
}

/// `container inspect`.
struct InspectContainer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show everything about containers.")

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("json, or a Go template.", valueName: "format"))
    var format: String?

    @Argument(help: "Names or ids.")
    var names: [String]

    func run() throws {
        var inspect = Inspect()
        inspect.format = format
        inspect.type = .container
        inspect.latest = false
        inspect.names = names
        try inspect.run()
    }
}

/// `container exists`: 0 if it does, 1 if not.
struct Exists: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exists", abstract: "Exit with 0 if the container exists, with 1 if not.")

    @Argument(help: "Name or id.")
    var container: String

    func run() throws {
        do {
            _ = try Invocation.engine(repairing: false).container(container)
        } catch let error as EngineError where error.kind == .noSuchContainer {
            throw ExitStatus(code: 1)
        }
    }
}

/// `container cleanup`: what conmon runs when a container has ended.
struct Cleanup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup", abstract: "Take down the network and mounts of containers that have ended.")

    @OptionGroup var selection: ContainerSelection

    func run() throws {
        let engine = try Invocation.engine(repairing: selection.all)
        try Failure.forEach(try selection.chosen(engine, ifAll: { $0.run != nil })) { container in
            do { try engine.cleanUp(container.id) } catch let error as EngineError where error.kind == .noSuchContainer {
                // It was removed meanwhile: then somebody else has cleaned up.
            }
            Output.line(container.shown)
        }
    }
}
