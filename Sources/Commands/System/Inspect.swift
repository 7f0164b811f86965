internal import ArgumentParser
internal import ContainerEngine
internal import ContainerNetwork
internal import GoTemplate

/// `inspect`: everything about containers, images, volumes and networks.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show everything about containers, images, volumes and networks.")

    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("json, or a Go template.", valueName: "format"))
    var format: String?

    @Option(
        name: [.customShort("t", allowingJoined: true), .long],
        help: "container, image, volume, network, pod or all, in that order.")
    var type = InspectType.all

    @Flag(name: .shortAndLong, help: "The container created last.")
    var latest = false

    @Flag(name: .shortAndLong, help: "Also what a container takes of the disk.")
    var size = false

    @Argument(help: "Names or ids.")
    var names: [String] = []

    func run() throws {
        if latest && !names.isEmpty { throw EngineError("--latest and arguments cannot be used together") }
        if latest && ![.all, .container, .pod].contains(type) {
            throw EngineError("latest is not supported for type \"\(type.rawValue)\"")
        }
        if size && type == .image { throw EngineError("size is not supported for type \"image\"") }
        let engine = try Invocation.engine(repairing: false)
        let last = latest ? try engine.containers().last.map { [$0.id] } : nil
        let names = last ?? self.names
        guard !names.isEmpty else { throw EngineError("no names or ids specified") }
        try type.show(names, engine, size: size, format: format)
    }
}

/// `inspect --type`.
enum InspectType: String, ExpressibleByArgument, CaseIterable {
    case all, container, image, volume, network, pod

    /// Prints the documents of all that are found, and then says what was not.
    func show(_ names: [String], _ engine: Engine, size: Bool = false, format: String?) throws {
        var documents: [Value] = []
        var errors: [any Error] = []
        for name in names {
            do { documents.append(try document(name, engine, size)) } catch let error as EngineError {
                errors.append(EngineError("inspecting object: \(error.message)", kind: error.kind))
            } catch {
                errors.append(error)
            }
        }
        try Rendering.documents(documents, format: format)
        if !errors.isEmpty { throw ErrorList(errors: errors, exitCode: 125) }
    }

    private func document(_ name: String, _ engine: Engine, _ size: Bool) throws -> Value {
        switch self {
        case .container:
            do {
                return ContainerDocument(try engine.inspect(name, size: size)).value
            } catch let error as EngineError where error.kind == .noSuchContainer {
                throw EngineError("no such container \(name)", kind: error.kind)
            }
        case .image: return ImageDocument.value(try engine.imageDetails(name))
        case .volume:
            do {
                return VolumeDocument.value(try engine.volume(name))
            } catch let error as EngineError where error.kind == .noSuchVolume {
                throw EngineError("no such volume \(name)", kind: error.kind)
            }
        case .network:
            do {
                let network = try engine.network(name)
                return NetworkDocument.value(network, members: try engine.members(ofNetwork: network.name))
            } catch let error as NetworkError where error.kind == .notFound {
                throw EngineError("network \(name): \(error)", kind: .noSuchNetwork)
            }
        case .pod: throw EngineError("no such pod \(name)", kind: .noSuchPod)
        case .all:
            for type in [Self.container, .image, .volume, .network] {
                do { return try type.document(name, engine, size) } catch let error as EngineError where error.isAbsence
                {
                    continue
                }
            }
            throw EngineError("no such object: \"\(name)\"")
        }
    }
}

extension EngineError {
    /// Whether there is no thing of that name.
    fileprivate var isAbsence: Bool {
        switch kind {
        case .noSuchContainer, .noSuchImage, .noSuchVolume, .noSuchNetwork, .noSuchPod: true
        case .nameInUse, .inUse, .other: false
        }
    }
}

/// `container …`: the container commands under their noun.
struct ContainerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "container", abstract: "Manage containers.",
        subcommands: [
            Run.self, Create.self, Initialize.self, Start.self, Stop.self, Kill.self, Remove.self, List.self,
            ContainerList.self, Exec.self, Logs.self, Wait.self, Attach.self, Restart.self, Pause.self, Unpause.self,
            Rename.self, Top.self, Stats.self, Export.self,
            ContainerPrune.self, Commit.self, ContainerDiff.self,
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

    @Flag(name: .shortAndLong, help: "The container created last.")
    var latest = false

    @Flag(name: .shortAndLong, help: "Also what it takes of the disk.")
    var size = false

    @Argument(help: "Names or ids.")
    var names: [String] = []

    func run() throws {
        var inspect = Inspect()
        inspect.format = format
        inspect.type = .container
        inspect.latest = latest
        inspect.size = size
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
            do { try engine.cleanUp(container.id) } catch let error as EngineError where error.kind == .noSuchContainer
            {
                // It was removed meanwhile: then somebody else has cleaned up.
            }
            Output.line(container.shown)
        }
    }
}
