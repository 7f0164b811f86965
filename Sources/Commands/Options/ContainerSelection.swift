internal import ArgumentParser
internal import ContainerEngine
internal import LinuxSys

/// Which containers a command is about: names and ids, all of them, the latest, or those in id files.
struct ContainerSelection: ParsableArguments {
    /// One container that was chosen.
    struct Chosen {
        /// The full id.
        var id: String
        /// What the command prints for it: what was typed, or the id where nothing was.
        var shown: String
    }

    @Flag(name: .shortAndLong, help: "All containers.")
    var all = false

    @Flag(name: .shortAndLong, help: "The container created last.")
    var latest = false

    @Flag(name: .shortAndLong, help: "Do not fail for a container that does not exist.")
    var ignore = false

    @Option(name: .long, help: ArgumentHelp("Read an id from a file.", valueName: "file"))
    var cidfile: [String] = []

    @Argument(help: "Names or ids.")
    var containers: [String] = []

    /// For the argument parser.
    init() {}

    /// What a command has chosen that takes only these of the options.
    init(all: Bool, latest: Bool, containers: [String]) {
        (self.all, self.latest, ignore) = (all, latest, false)
        (cidfile, self.containers) = ([], containers)
    }

    /// The containers. Every name is looked up before anything is done to any of them, as in Podman.
    ///
    /// - Parameters:
    ///   - engine: where they are looked up.
    ///   - filters: `--filter`, which chooses among all of them.
    ///   - ignoring: whether one that does not exist is passed over, as with `--ignore`.
    ///   - ifAll: which of all containers `--all` means.
    /// - Returns: them, in the order given.
    /// - Throws: `EngineError` for one that does not exist, or options that contradict each other.
    func chosen(
        _ engine: Engine, filters: [String] = [], ignoring: Bool = false,
        ifAll: (ContainerRecord) -> Bool = { _ in true }
    ) throws -> [Chosen] {
        try check(filters)
        if all || !filters.isEmpty {
            let records = try engine.containers().filter { all ? ifAll($0) : true }
            return try ContainerFilter(filters, engine).apply(to: records.map(engine.refreshed)).map {
                Chosen(id: $0.id, shown: $0.id)
            }
        }
        if latest {
            guard let last = try engine.containers().last else {
                throw EngineError("no containers: there is no latest one", kind: .noSuchContainer)
            }
            return [Chosen(id: last.id, shown: last.id)]
        }
        return try (containers + idFiles()).compactMap { reference in
            do {
                return Chosen(id: try engine.container(reference).id, shown: reference)
            } catch let error as EngineError where (ignore || ignoring) && error.kind == .noSuchContainer {
                return nil
            }
        }
    }

    private func check(_ filters: [String]) throws {
        if all && latest { throw EngineError("--all and --latest cannot be used together") }
        if !containers.isEmpty {
            if all { throw EngineError("no arguments are needed with --all") }
            if latest { throw EngineError("no arguments are needed with --latest") }
            if !filters.isEmpty { throw EngineError("no arguments are needed with --filter") }
        }
        if (all || latest) && !cidfile.isEmpty {
            throw EngineError("--all, --latest, and --cidfile cannot be used together")
        }
        guard !containers.isEmpty || all || latest || !cidfile.isEmpty || !filters.isEmpty else {
            throw EngineError("you must provide at least one name or id")
        }
    }

    private func idFiles() throws -> [String] {
        var ids: [String] = []
        for file in cidfile {
            do {
                let lines = try File.readText(file, limit: 4096).split(whereSeparator: \.isNewline)
                ids += lines.prefix(1).map(String.init)
            } catch .noSuchFileOrDirectory where ignore {
                continue
            } catch {
                throw EngineError("reading CIDFile \(file): \(error)")
            }
        }
        return ids
    }
}

/// The same, with `--filter` for those that match.
struct FilteredSelection: ParsableArguments {
    @Option(
        name: [.customShort("f", allowingJoined: true), .long],
        help: ArgumentHelp("Those that match, as ps has it: key=value.", valueName: "filter"))
    var filter: [String] = []

    @OptionGroup var base: ContainerSelection

    /// The containers; see `ContainerSelection.chosen`.
    func chosen(_ engine: Engine, ifAll: (ContainerRecord) -> Bool) throws -> [ContainerSelection.Chosen] {
        try base.chosen(engine, filters: filter, ifAll: ifAll)
    }
}
