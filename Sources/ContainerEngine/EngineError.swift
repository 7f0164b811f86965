internal import ContainerRuntime

/// An error that a person reads: one line that names the thing, says what is wrong and what to do.
public struct EngineError: Error, Sendable, CustomStringConvertible {
    /// What kind of error, where a caller acts on it.
    public enum Kind: Sendable {
        /// No container has that name or id.
        case noSuchContainer
        /// No image has that name or id.
        case noSuchImage
        /// No volume has that name.
        case noSuchVolume
        /// No network has that name or id.
        case noSuchNetwork
        /// No pod has that name: there are none.
        case noSuchPod
        /// The name is taken.
        case nameInUse
        /// The thing is in use, or in a state that does not allow this.
        case inUse
        /// Anything else.
        case other
    }

    /// What kind of error.
    public var kind: Kind
    /// The line, without `Error: `.
    public var message: String
    /// What the program should exit with: 125 engine, 126 cannot execute, 127 not found, 128 + n signal.
    public var exitCode: Int32

    /// Makes an error.
    public init(_ message: String, kind: Kind = .other, exitCode: Int32 = 125) {
        self.message = message
        self.kind = kind
        self.exitCode = exitCode
    }

    /// Of a container that has a process still.
    static func refusesCleanUp(_ id: String) -> EngineError {
        EngineError("container \(id) is running or paused, refusing to clean up: container state improper")
    }

    /// Of a container that is set up already.
    static func isInRuntime(_ id: String) -> EngineError {
        EngineError(
            "container \(id) has already been created in runtime: container state improper", kind: .inUse)
    }

    /// What a command should exit with that ends with this error.
    public static func exitCode(of error: any Error) -> Int32 {
        switch error {
        case let error as EngineError: error.exitCode
        case let failure as RuntimeFailure: failure.exitCode
        default: 125
        }
    }

    /// The line.
    public var description: String { message }
}
