public import struct LinuxSys.Errno

/// A request that the kernel refused, or an answer that cannot be trusted.
public struct NetlinkError: Error, Hashable, CustomStringConvertible {
    /// What was asked, as a person would say it: `add address 10.88.0.1/16`.
    public var operation: String
    /// The kernel's code, or ours for an answer that is cut off (EMSGSIZE) or malformed (EBADMSG).
    public var errno: Errno
    /// The kernel's own words, from the extended acknowledgement.
    public var detail: String?

    /// An error of `operation`.
    public init(_ operation: String, _ errno: Errno, detail: String? = nil) {
        self.operation = operation
        self.errno = errno
        self.detail = detail
    }

    /// `add address 10.88.0.1/16: File exists (os error 17): detail`.
    public var description: String {
        "\(operation): \(errno) (os error \(errno.rawValue))" + (detail.map { ": \($0)" } ?? "")
    }
}

extension Errno {
    /// ENODEV: what the kernel answers for a link that is not there.
    public static let noSuchDevice = Errno(rawValue: 19)
}
