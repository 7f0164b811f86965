internal import ArgumentParser
internal import ContainerEngine
internal import LinuxSys

/// Which containers a command is about: names and ids, all of them, the latest, or those in id files.
struct ContainerSelection: ParsableArguments {
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

    /// The containers, as typed, or by id where none was typed; `ifAll` says which of all containers `--all` means.
    func references(_ engine: Engine, ifAll: (ContainerRecord) -> Bool = { _ in true }) throws -> [String] {
        if all {
            if !containers.isEmpty || latest { throw EngineError("--all and container names cannot be used together") }
            return try engine.containers().filter(ifAll).map(\.id)
        }
        if latest {
            guard containers.isEmpty else { throw EngineError("--latest and containers cannot be used together") }
            guard let last = try engine.containers().last else {
                throw EngineError("no containers: there is no latest one", kind: .noSuchContainer)
            }
            return [last.id]
        }
        var references = containers
        for file in cidfile {
            do {
                let lines = try File.readText(file, limit: 4096).split(whereSeparator: \.isNewline)
                references += lines.prefix(1).map(String.init)
            } catch .noSuchFileOrDirectory where ignore {
                continue
            } catch {
                throw EngineError("reading CIDFile \(file): \(error)")
            }
        }
        guard !references.isEmpty || (ignore && !cidfile.isEmpty) else {
            throw EngineError("you must provide at least one name or id")
        }
        guard ignore else { return references }
        return try references.filter { reference in
            do {
                _ = try engine.container(reference)
                return true
            } catch let error as EngineError where error.kind == .noSuchContainer {
                return false
            }
        }
    }
}
