internal import CLinux
internal import Glibc

/// A file descriptor with one owner, closed when the owner goes.
///
/// `close` is not retried on EINTR: Linux has closed the descriptor by then (close(2)).
public struct OwnedFD: ~Copyable, Sendable {
    /// The kernel's number, valid as long as this value lives.
    public let raw: Int32

    /// Takes over `raw`, which nobody else may close.
    public init(adopting raw: Int32) {
        self.raw = raw
    }

    deinit {
        close(raw)
    }

    /// Gives the number away; the receiver closes it.
    public consuming func release() -> Int32 {
        let number = raw
        discard self
        return number
    }

    /// A second descriptor for the same open file, close-on-exec (`F_DUPFD_CLOEXEC`, fcntl(2)).
    public func duplicate() throws(Errno) -> OwnedFD {
        OwnedFD(adopting: try syscall { clinux_dup(raw, 3) })
    }
}

/// The two ends of a pipe(2), both close-on-exec.
public struct Pipe: ~Copyable, Sendable {
    /// The end to read from.
    public var readEnd: OwnedFD
    /// The end to write to.
    public var writeEnd: OwnedFD

    /// Makes a new pipe.
    public init() throws(Errno) {
        var ends: [Int32] = [-1, -1]
        // SAFETY: pipe2 writes the two numbers that the array has room for.
        try syscall {
            unsafe ends.withUnsafeMutableBufferPointer { unsafe clinux_pipe($0.baseAddress.unsafelyUnwrapped) }
        }
        readEnd = OwnedFD(adopting: ends[0])
        writeEnd = OwnedFD(adopting: ends[1])
    }
}
