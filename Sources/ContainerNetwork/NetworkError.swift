public import LinuxSys
internal import Netlink

/// What went wrong with a network: the kind for programs, the message for people.
public struct NetworkError: Error, Hashable, CustomStringConvertible {
    /// What a caller may act on.
    public enum Kind: Hashable, Sendable {
        /// The named thing is not there.
        case notFound
        /// A short form of an id stands for more than one network.
        case ambiguous
        /// What was asked makes no sense, or this program cannot do it.
        case invalid
        /// A name, address or port is taken.
        case conflict
        /// A subnet has no free address left.
        case exhausted
        /// A program that is needed is not installed.
        case missingProgram
        /// The kernel, or a program that speaks to it, refused.
        case refused
    }

    /// What a caller may act on.
    public var kind: Kind
    /// What is wrong with which thing, and what to do about it if that is known.
    public var message: String
    /// The kernel's code, if it was the kernel that refused.
    public var errno: Errno?

    /// An error of `kind`.
    public init(_ kind: Kind, _ message: String, errno: Errno? = nil) {
        self.kind = kind
        self.message = message
        self.errno = errno
    }

    /// The kernel's refusal of `operation`: `OPERATION: File exists (os error 17)`.
    public init(_ operation: String, _ errno: Errno) {
        self.init(.refused, "\(operation): \(errno) (os error \(errno.rawValue))", errno: errno)
    }

    init(_ error: NetlinkError, on object: String? = nil) {
        var error = error
        if let object { error.operation += " \(object)" }
        self.init(.refused, error.description, errno: error.errno)
    }

    /// Any error of a lower layer, as one of ours.
    init(_ operation: String, any error: any Error) {
        switch error {
        case let error as NetworkError: self = error
        case let error as NetlinkError: self.init(error)
        case let error as Errno: self.init(operation, error)
        default: self.init(.refused, "\(operation): \(error)")
        }
    }

    /// The message.
    public var description: String { message }
}

/// Everything that went wrong in work that goes on after an error, as undoing does.
public struct NetworkErrors: Error, CustomStringConvertible {
    /// At least one error, in the order they came.
    public var errors: [NetworkError]

    /// The one message, or a list of them.
    public var description: String {
        if errors.count == 1 { return errors[0].message }
        return "several errors:" + errors.map { "\n\t- \($0)" }.joined()
    }
}
