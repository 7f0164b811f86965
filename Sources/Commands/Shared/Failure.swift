internal import ContainerEngine
internal import GoTemplate
internal import LinuxSys

/// Ends the command with a code and without a message: what ran in the container has said what there was to say.
struct ExitStatus: Error {
    var code: Int32
}

/// What failed for several containers or images, while the others were done.
struct ErrorList: Error {
    var errors: [any Error]
    /// The code of the first error decides, as in Podman.
    var exitCode: Int32
}

/// How errors become a line and an exit code.
enum Failure {
    static func message(_ error: any Error) -> String {
        switch error {
        case let errno as Errno: "\(errno)"
        default: String(describing: error)
        }
    }

    /// The kernel's error as Go, and so Podman, prints it.
    static func goText(_ errno: Errno) -> String { "\(errno)".lowercased() }

    static func exitCode(_ error: any Error) -> Int32 {
        EngineError.exitCode(of: error)
    }

    /// Runs `body` for each item, goes on after errors, and throws them all at the end.
    static func forEach<Item>(
        _ items: [Item], exitCode: (any Error) -> Int32 = Failure.exitCode, _ body: (Item) throws -> Void
    ) throws {
        var errors: [any Error] = []
        for item in items {
            do { try body(item) } catch { errors.append(error) }
        }
        guard let first = errors.first else { return }
        if let status = first as? ExitStatus { throw status }
        throw ErrorList(errors: errors, exitCode: exitCode(first))
    }
}
